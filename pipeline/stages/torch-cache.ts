import {homedir} from 'node:os';
import {join, resolve} from 'node:path';

/** torchvision's weights of DenseNet-121 for ImageNet; py/chexnet/training/weights.py names the same file. */
export const IMAGENET_FILE = 'densenet121-a639ec97.pth';

/** Where torch keeps that file once it has downloaded it, by torch's own rules. */
export function inTorchCache(environment: Readonly<Record<string, string | undefined>>): string {
  const home = environment['HOME'] || homedir();
  const cache = environment['XDG_CACHE_HOME'] || join(home, '.cache');
  const torch = environment['TORCH_HOME'] || join(cache, 'torch');
  return resolve(torch.replace(/^~(?=\/|$)/, home), 'hub', 'checkpoints', IMAGENET_FILE);
}
