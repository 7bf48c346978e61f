/** What one look at the machine found. `missing`: something that a run needs; `warning`: something is lesser for it. */
export type Check = Readonly<{
  name: string;
  status: 'ok' | 'warning' | 'missing';
  detail: string;
  /** What to do about it; null when nothing is to be done. */
  hint: string | null;
  /** Of a device that torch sees. */
  supports?: Supports;
}>;

/** Mirrors Capabilities of py/chexnet/accelerators/protocol.py, which says what each means. */
export type Supports = Readonly<{
  precisions: readonly string[];
  channels_last: boolean;
  deterministic: boolean;
  average: boolean;
  sync_batch_norm: boolean;
  compiler: string | null;
}>;

export const good = (name: string, detail: string): Check => ({name, status: 'ok', detail, hint: null});
export const warning = (name: string, detail: string, hint: string): Check => ({
  name,
  status: 'warning',
  detail,
  hint,
});
export const missing = (name: string, detail: string, hint: string): Check => ({
  name,
  status: 'missing',
  detail,
  hint,
});
