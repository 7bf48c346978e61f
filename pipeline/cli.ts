#!/usr/bin/env node
import {readFileSync} from 'node:fs';
import {constants, hostname} from 'node:os';
import {join, resolve} from 'node:path';
import {Command, CommanderError} from 'commander';
import {spellOutForce, verbOf} from './commands/options.js';
import {ROOT} from './commands/places.js';
import {addCommands} from './commands/program.js';
import type {Shell} from './commands/shell.js';
import {EXIT} from './model/exit-code.js';

/** argv → command → exit code. The only file that reads argv, hears signals and decides how the process ends. */
async function main(): Promise<number> {
  const program = new Command('pipeline');
  let exitCode: number = EXIT.ok;
  const signals = listenForSignals();
  addCommands(program, {
    version: version(),
    shell: () => createShell(program, signals),
    finish: (code) => {
      exitCode = code;
    },
  });
  const argv = spellOutForce(process.argv.slice(2));
  if (!argv.ok) {
    process.stderr.write(`error: ${argv.error}\n`);
    return EXIT.usage;
  }
  followOutput(['run', 'resume'].includes(verbOf(argv.value) ?? ''));
  try {
    await program.parseAsync(argv.value, {from: 'user'});
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportBug(error);
    exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return signals.exitCode() ?? exitCode;
}

/**
 * A reader that went away (`pipeline ls | head -1`) ends a command that only reads. A run goes on: hours of training
 * are worth more than its output, which is in the journal anyway.
 */
function followOutput(isWorking: boolean): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isWorking) return;
    if (error.code !== 'EPIPE')
      process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.stageFailed);
  });
  // Nobody can be told that nobody can be told.
  process.stderr.on('error', () => {});
}

/** What is thrown up to here is no mistake of the user and no failure of the world. */
function reportBug(error: unknown): number {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`This is a fault of the program, please report it with these lines:\n${text}\n`);
  return EXIT.stageFailed;
}

type Signals = Readonly<{interrupted: AbortSignal; killed: AbortSignal; exitCode(): number | null}>;

/** The first Ctrl-C (or SIGTERM, SIGHUP) asks to checkpoint and stop, the second kills what still runs. */
function listenForSignals(): Signals {
  const interrupted = new AbortController();
  const killed = new AbortController();
  let first: NodeJS.Signals | null = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first !== null) killed.abort();
      first ??= signal;
      interrupted.abort();
    });
  }
  return {
    interrupted: interrupted.signal,
    killed: killed.signal,
    exitCode: () => (first === null ? null : 128 + constants.signals[first]),
  };
}

function createShell(program: Command, signals: Signals): Shell {
  const {home, color, quiet, verbose} = program.opts<GlobalOptions>();
  const environment = process.env;
  const inCi = isSet(environment['CI']);
  return {
    folder: process.cwd(),
    home: resolve(home ?? environment['PIPELINE_HOME'] ?? '.pipeline'),
    environment,
    json: process.argv.includes('--json'),
    argv: process.argv.slice(2),
    host: hostname(),
    pid: process.pid,
    node: process.versions.node,
    version: version(),
    print: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
    terminal: {
      stream: process.stderr,
      live: process.stderr.isTTY === true && !inCi && environment['TERM'] !== 'dumb',
      color: wantsColor(color, process.stderr),
      colorStdout: wantsColor(color, process.stdout),
    },
    stdout: process.stdout,
    verbosity: quiet ? -1 : (Math.min(verbose, 2) as 0 | 1 | 2),
    now: () => new Date(),
    interrupted: signals.interrupted,
    killed: signals.killed,
  };
}

type GlobalOptions = {home?: string; color: 'auto' | 'always' | 'never'; quiet: boolean; verbose: number};

/** https://no-color.org and https://force-color.org: the flag wins, then NO_COLOR, then FORCE_COLOR, then the terminal. */
function wantsColor(flag: GlobalOptions['color'], stream: NodeJS.WriteStream): boolean {
  if (flag !== 'auto') return flag === 'always';
  if (isSet(process.env['NO_COLOR'])) return false;
  const force = process.env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  return stream.isTTY === true && process.env['TERM'] !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

function version(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {version: string}).version;
}

// Exits by itself when the loop is empty: a pipe that is still full would lose its end to process.exit().
process.exitCode = await main();
