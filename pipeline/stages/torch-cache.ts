import {homedir} from 'node:os';
import {join, resolve} from 'node:path';
import type {JsonObject} from '../model/json.js';

/** torchvision's weights of ImageNet by backbone; py/chexnet/training/backbones.py names the same files. */
export const IMAGENET_FILES = {
  densenet121: 'densenet121-a639ec97.pth',
  densenet169: 'densenet169-b2777c0a.pth',
  densenet201: 'densenet201-c1103571.pth',
  resnet50: 'resnet50-11ad3fa6.pth',
} as const;

/** Where torch keeps the file of a backbone once it has downloaded it, by torch's own rules. */
export function inTorchCache(
  environment: Readonly<Record<string, string | undefined>>,
  {backbone}: JsonObject,
): string {
  const home = environment['HOME'] || homedir();
  const cache = environment['XDG_CACHE_HOME'] || join(home, '.cache');
  const torch = environment['TORCH_HOME'] || join(cache, 'torch');
  const file = Object.entries(IMAGENET_FILES).find(([name]) => name === backbone)?.[1];
  if (file === undefined) throw new Error(`Internal error: no file of ImageNet for ${String(backbone)}`);
  return resolve(torch.replace(/^~(?=\/|$)/, home), 'hub', 'checkpoints', file);
}
