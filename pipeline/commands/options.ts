import {type Command, InvalidArgumentError, Option} from 'commander';
import {err, ok, type Result} from '../model/result.js';

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
  const one = 'change one value, e.g. -S train.optimizer.lr=3e-4';
  return command.addOption(repeatable('-S, --set <path=value>', one, {parse: collect, start: []})).addOption(
    repeatable('-c, --config <overlay.yaml>', 'lay this file over it, in order', {
      parse: collect,
      start: [],
    }),
  );
}

export function addSelectOptions(command: Command): Command {
  const list = {parse: collectList, start: []};
  return command
    .addOption(repeatable('--only <stage>', 'these stages alone; what they need must be there', list))
    .addOption(repeatable('--from <stage>', 'these stages and all that depend on them', list))
    .addOption(repeatable('--until <stage>', 'these stages and all that they need', list))
    .addOption(repeatable('--skip <stage>', 'leave out these stages and all that depend on them', list))
    .addOption(
      repeatable('-f, --force [stage]', 'also what is up to date: --force all, --force=train one', list),
    );
}

/** An option that may be given several times; `start` is its value when it is not. */
export function repeatable<T>(
  flags: string,
  description: string,
  {parse, start}: {parse(value: string, earlier: T): T; start: T},
): Option {
  return new Option(flags, `${description} (repeatable)`).argParser(parse).default(start, 'none');
}

export function addJson(command: Command): Command {
  return command.option('--json', 'one JSON document on stdout');
}

/**
 * commander would take the word after a bare `--force` for its value, so a bare one becomes `--force=*` here.
 * @returns a message when such a word is there, for whoever meant `--force=train`.
 */
export function spellOutForce(argv: readonly string[]): Result<string[], string> {
  const verb = verbOf(argv);
  if (verb !== 'run' && verb !== 'plan') return ok([...argv]);
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const spelt: string[] = [];
  for (const [index, word] of argv.entries()) {
    const isBare = index < end && (word === '-f' || word === '--force');
    const next = argv[index + 1];
    if (isBare && next !== undefined && !next.startsWith('-') && namesConfig(argv.slice(0, index))) {
      return err(`write ${word}=${next} to force one stage, or put ${word} last to force all`);
    }
    spelt.push(isBare ? `--force=${FORCE_ALL}` : word.startsWith('-f=') ? `--force=${word.slice(3)}` : word);
  }
  return ok(spelt);
}

const GLOBAL_WITH_VALUE = ['--home', '--color'];

/** The first word that is neither an option nor the value of one that may stand before the verb. */
export function verbOf(argv: readonly string[]): string | undefined {
  return argv.find(
    (word, index) => !word.startsWith('-') && !GLOBAL_WITH_VALUE.includes(argv[index - 1] ?? ''),
  );
}

function namesConfig(words: readonly string[]): boolean {
  return words.some(
    (word, index) => /\.ya?ml$/.test(word) && !['-c', '--config'].includes(words[index - 1] ?? ''),
  );
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function collectList(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, ...(value.match(LISTED) ?? [])];
}

/** What stands between commas; those in the name of a matrix's member are part of it. */
const LISTED = /(?:\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]|[^,])+/g;

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
