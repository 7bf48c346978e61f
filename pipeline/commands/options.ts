import {type Command, InvalidArgumentError, Option} from 'commander';

/** Options that change the configuration a command works on. */
export type ConfigOptions = Readonly<{set: readonly string[]; config: readonly string[]}>;

/** Options that choose stages. */
export type SelectOptions = Readonly<{
  only: readonly string[];
  from: readonly string[];
  until: readonly string[];
  skip: readonly string[];
  force: readonly string[];
}>;

/** Forces every selected stage: what a bare `--force` stands for. */
export const FORCE_ALL = '*';

export function addConfigOptions(command: Command): Command {
  return command
    .option(
      '-S, --set <path=value>',
      'change one value, e.g. -S train.optimizer.lr=3e-4 (repeatable)',
      collect,
      [],
    )
    .option(
      '-c, --config <overlay.yaml>',
      'lay this file over the configuration (repeatable, in order)',
      collect,
      [],
    );
}

export function addSelectOptions(command: Command): Command {
  return command
    .option(
      '--only <stage>',
      'these stages alone; what they need must be there (repeatable)',
      collectList,
      [],
    )
    .option('--from <stage>', 'these stages and all that depend on them', collectList, [])
    .option('--until <stage>', 'these stages and all that they need', collectList, [])
    .option('--skip <stage>', 'leave out these stages and all that depend on them', collectList, [])
    .option(
      '-f, --force <stage>',
      'run even if nothing changed: --force for all, --force=<stage> for one',
      collectList,
      [],
    );
}

export function addJson(command: Command): Command {
  return command.option('--json', 'one JSON document on stdout');
}

/**
 * commander would take the word after a bare `--force` for its value, so a bare one becomes `--force=*` here.
 * `-f` and `-f=split` are handled alike.
 */
export function spellOutForce(argv: readonly string[]): string[] {
  const verb = argv.find((word) => !word.startsWith('-'));
  if (verb !== 'run' && verb !== 'plan') return [...argv];
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    if (end !== -1 && index > end) return word;
    if (word === '-f' || word === '--force') return `--force=${FORCE_ALL}`;
    return word.startsWith('-f=') ? `--force=${word.slice(3)}` : word;
  });
}

export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

export function collectList(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, ...value.split(',').filter((word) => word !== '')];
}

export function positiveInteger(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return number;
}

export function slotCounts(
  value: string,
  earlier: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const match = /^([a-z][a-z0-9_-]*)=([0-9]+)$/.exec(value);
  if (!match) throw new InvalidArgumentError('Write it as name=count, for example gpu=2.');
  return {...earlier, [match[1]!]: Number(match[2])};
}

export function keyValue(
  value: string,
  earlier: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as key=value.');
  return {...earlier, [value.slice(0, at)]: value.slice(at + 1)};
}

export const eventsOption = (): Option =>
  new Option('--events <format>', 'every event on stdout, one JSON object a line')
    .choices(['ndjson'])
    .conflicts('json');
