import {delimiter, resolve} from 'node:path';
import {execa} from 'execa';
import {addressText, faultOfAgentKeys, parseAddress} from '../dispatch/place.js';
import {programVersion} from '../dispatch/program-version.js';
import {preparePython, pythonCacheFolder} from '../execute/python-environment.js';
import {fault} from '../model/diagnostic.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {placeOf} from './agent-place.js';
import {PYTHON_SOURCES} from './places.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';

export type AgentOptions = Readonly<{listen?: string; stop?: string; keys?: string; makeKeys?: string}>;

/** From the request to save to SIGKILL: what a driver gives its job on the first Ctrl-C. */
const GRACE_SECONDS = 25;

/** Exit statuses of chexnet.runtime.agent that are about this machine, not about a job. */
const EXIT_PORT_TAKEN = 72;
const EXIT_PACKAGE_MISSING = 73;

/** Keys for an agent, the agent itself, or word to one that runs. */
export async function agentCommand(shell: Shell, options: AgentOptions): Promise<ExitCode> {
  if (options.makeKeys !== undefined) return await makeKeys(shell, options.makeKeys);
  if (options.listen !== undefined) return await listen(shell, options.listen, options.keys);
  if (options.stop !== undefined) return await stop(shell, options.stop, options.keys);
  const hint = 'pipeline agent --help tells the options';
  sayFaults(shell, [fault('one of --listen, --stop and --make-keys is needed', null, hint)]);
  return EXIT.usage;
}

async function makeKeys(shell: Shell, name: string): Promise<ExitCode> {
  // Late: it loads a native module.
  const {makeKeyFiles} = await import('../dispatch/keys.js');
  try {
    const {agent, driver} = makeKeyFiles(resolve(shell.folder, name));
    shell.print(`${agent}  for the machine that trains\n${driver}  for those that start runs\n`);
    shell.say('whoever has the second file can run programs as you on the first machine: keep both secret\n');
    return EXIT.ok;
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    const hint = code === 'EEXIST' ? 'choose another name, or remove it first' : 'choose another folder';
    sayFaults(shell, [fault(`cannot make the keys: ${message}`, null, hint)]);
    return EXIT.usage;
  }
}

async function listen(shell: Shell, text: string, keys: string | undefined): Promise<ExitCode> {
  const address = parseAddress(text, '--listen');
  const file = keys === undefined ? null : resolve(shell.folder, keys);
  const wrong = !address.ok ? address.error : file === null ? noKeys('agent') : faultOfAgentKeys(file);
  if (!address.ok || file === null || wrong !== null) {
    sayFaults(shell, wrong === null ? [] : [wrong]);
    return EXIT.usage;
  }
  const {environment} = shell;
  const python = await preparePython({
    ...{configured: null, environment, cacheFolder: pythonCacheFolder(environment)},
    ...{sourceFolder: PYTHON_SOURCES, signal: shell.interrupted},
    onProgress: (progress) => shell.say(`${progress}\n`),
  });
  if (!python.ok) return sayFailure(shell, python.error);
  const options = ['--listen', addressText(address.value), '--keys', file, '--end-with-parent'];
  const version = ['--program', programVersion(shell.version, PYTHON_SOURCES)];
  const agent = execa(python.value.executable, ['-m', 'chexnet.runtime.agent', ...options, ...version], {
    cwd: shell.folder,
    env: {PYTHONPATH: [PYTHON_SOURCES, environment['PYTHONPATH']].filter(Boolean).join(delimiter)},
    ...{stdin: 'ignore', stdout: 'inherit', stderr: 'inherit', reject: false, cleanup: false},
    // A group of its own: Ctrl-C in the terminal is for this process, which passes it on once.
    detached: true,
  });
  shell.interrupted.addEventListener('abort', () => agent.kill('SIGTERM'), {once: true});
  shell.killed.addEventListener('abort', () => agent.kill('SIGKILL'), {once: true});
  if (shell.interrupted.aborted) agent.kill('SIGTERM');
  return exitOf((await agent).exitCode);
}

function exitOf(status: number | undefined): ExitCode {
  if (status === 0) return EXIT.ok;
  // What it was has been said on stderr.
  return status === EXIT_PORT_TAKEN || status === EXIT_PACKAGE_MISSING ? EXIT.environment : EXIT.stageFailed;
}

async function stop(shell: Shell, agent: string, keys: string | undefined): Promise<ExitCode> {
  const place = placeOf(shell, {agent, ...(keys === undefined ? {} : {agentKeys: keys})});
  if (!place.ok || place.value.where === 'here') {
    sayFaults(shell, [place.ok ? noKeys('driver') : place.error]);
    return EXIT.usage;
  }
  const {stopAt} = await import('../dispatch/stop-remote.js');
  const request = {job: null, graceSeconds: GRACE_SECONDS, signal: shell.interrupted};
  const stopped = await stopAt(place.value, request);
  if (!stopped.ok) {
    shell.say(`error: ${stopped.error}\n`);
    return shell.interrupted.aborted ? EXIT.interrupted : EXIT.environment;
  }
  shell.print(stopped.value === null ? `nothing runs at ${agent}\n` : `${stopped.value} is stopped\n`);
  return EXIT.ok;
}

function noKeys(whose: 'agent' | 'driver') {
  const hint = `pipeline agent --make-keys NAME makes NAME.${whose}.json`;
  return fault('--keys is needed: the agent lets nobody in without keys', null, hint);
}
