import type {Json, JsonObject} from '../model/json.js';

/** What the command line chose of a training that is to be measured; what is undefined stays as it is configured. */
export type BenchChoices = Readonly<{
  images?: number;
  device?: string;
  ranks?: number;
  epochs?: number;
  batchSize?: number;
  precision?: string;
  crop?: number;
  seed?: number;
}>;

/**
 * The same as -S arguments, for the training `stage`. A preset's values are all written out, since what a configuration
 * says itself goes before a preset; how many epochs are measured is no part of it.
 * @param preset - Its name and values, or null.
 */
export function trainSettings(
  stage: string,
  choices: BenchChoices,
  preset: Readonly<{name: string; values: JsonObject}> | null,
): readonly string[] {
  const given: readonly (readonly [string, Json | undefined])[] = [
    ['preset', preset?.name],
    ...Object.entries(preset?.values ?? {}).filter(([name]) => name !== 'epochs'),
    ['images', choices.images],
    ['device', choices.device],
    ['ranks', choices.ranks],
    ['epochs', choices.epochs],
    ['batch_size', choices.batchSize],
    ['precision', choices.precision],
    ['input.crop', choices.crop],
    ['seed', choices.seed],
  ];
  return given.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [`${stage}.${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
}

/** As many synthetic images as a training of `images` needs, with some for the other two folds: whole patients are dealt. */
export function syntheticSettings(images: number): readonly string[] {
  const all = images + Math.ceil(images * 0.04) + 40;
  const train = Number(((images + all) / 2 / all).toFixed(4));
  const other = Number(((1 - train) / 2).toFixed(6));
  return [`dataset.images=${all}`, `split.fractions=[${train}, ${other}, ${other}]`];
}
