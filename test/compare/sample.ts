import type {BenchRecord} from '../../pipeline/bench/record.js';

/** A record as bench train writes it; `changes` replaces whole keys. */
export function sampleRecord(changes: Partial<BenchRecord> = {}): BenchRecord {
  return {
    schema: 'chexnet/bench-train/v1',
    finished_at: '2026-01-02T03:04:05.000Z',
    run: 'calm-rib',
    program: {version: '0.1.0', commit: 'c0ffee0123456789', uncommitted: false},
    host: {name: 'one', system: 'linux', processor: 'A processor', cores: 8, memory_bytes: 64e9},
    device: {
      name: 'cuda',
      description: 'A GPU, 16 GiB',
      emulated: false,
      chosen_because: 'auto',
      driver: '570.1',
    },
    software: {torch: '2.13.0', node: '20.19.0', python: null, packages: {}},
    work: {digest: 'a'.repeat(64), parts: {recipe: {seed: 0, optimizer: {lr: 0.01}}, pixels: 'p'}},
    settings: {device: 'auto', ranks: 1, precision: 'fp32', deterministic: false},
    count: {images: 640, crops_per_image: 10, steps: 40, epochs: 1, validated_images: 20},
    seconds: {total: 100, start: 10, training: 80, validation: 6, checkpoints: 3, rest: 1},
    rate: {images_per_second: 8, crops_per_second: 80},
    step_ms: {p50: 1900, p95: 2100, max: 5000},
    loader_stall_share: 0.004,
    peak_memory_bytes: 2_000_000_000,
    losses: sampleLosses(1),
    validation: {loss: 0.2, auroc_macro: 0.7},
    ...changes,
  };
}

/** Forty losses that fall; another factor is another training of the same work. */
export function sampleLosses(factor: number): number[] {
  return Array.from({length: 40}, (_, step) => factor * (0.2 + Math.sin(step * step) / 1000));
}
