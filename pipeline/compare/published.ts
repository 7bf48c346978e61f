/** A figure that somebody published. It was not measured here, and is never set against one that was. */
export type Published = Readonly<{
  device: string;
  seconds: number;
  of: string;
  source: string;
}>;

const ORIGIN = {
  of: 'about 15,000 images, ten crops each, batches of 4 in fp32, decoding and metrics included',
  source: 'github.com/taneishi/CheXNet_ddp, README',
} as const;

/** The comparison that this one repeats: "no significant difference in loss" between the two. */
export const PUBLISHED: readonly Published[] = [
  {device: 'Habana Gaudi', seconds: 860, ...ORIGIN},
  {device: 'NVIDIA V100', seconds: 1045, ...ORIGIN},
];
