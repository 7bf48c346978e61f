import {z} from 'zod';
import type {JsonObject} from '../model/json.js';

/** Parameters that training and prediction share. */
export const DEVICE = z
  .enum(['auto', 'cpu', 'cuda', 'hpu', 'mps', 'xpu'])
  .default('auto')
  .describe(
    'auto takes the first that is there: Gaudi (hpu), NVIDIA (cuda), Intel GPU (xpu), Apple GPU (mps), the CPU',
  );

export const RANKS = z.int().min(1).max(1024);

export const THREADS = z
  .int()
  .min(1)
  .nullable()
  .default(null)
  .describe('of the host for each rank; left out, the cores are shared out');

export const PRECISION = z
  .enum(['fp32', 'tf32', 'bf16', 'fp16', 'fp64'])
  .default('fp32')
  .describe('of the arithmetic; tf32, bf16 and fp16 need hardware for them, fp64 is for comparing bits');

export const COMPILE = z
  .boolean()
  .default(false)
  .describe('with torch.compile: slow first steps, then faster ones');

/** The ranks' OpenMP threads, where the parameters name their number. */
export function threadEnvironment(params: JsonObject): Readonly<Record<string, string>> {
  const threads = params['threads'];
  return typeof threads === 'number' ? {OMP_NUM_THREADS: String(threads)} : {};
}
