import {resolve} from 'node:path';
import {type Command, Option} from 'commander';
import {type Place, parseAddress, REMOTE_SILENT_MS, readDriverKeys} from '../dispatch/place.js';
import {programVersion} from '../dispatch/program-version.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import {PYTHON_SOURCES} from './places.js';
import type {Shell} from './shell.js';

/** Where trainings run. */
export type PlaceOptions = Readonly<{agent?: string; agentKeys?: string; takeOver?: boolean}>;

export function addPlaceOptions(command: Command): Command {
  return command
    .option('--agent <host:port>', 'train under the agent that listens there (or PIPELINE_AGENT)')
    .option('--agent-keys <file>', 'its NAME.driver.json (or PIPELINE_AGENT_KEYS)')
    .addOption(takeOverOption());
}

export function takeOverOption(): Option {
  return new Option('--take-over', 'take a training of that agent over from a driver that still lives');
}

/** The options go before the environment. Nothing is asked of the agent yet. */
export function placeOf(shell: Shell, options: PlaceOptions): Result<Place, Diagnostic> {
  const {environment, folder, version} = shell;
  const {address: agent, keys} = chosenAgent(shell, options);
  if (agent === '') {
    const idle = options.agentKeys === undefined ? options.takeOver && '--take-over' : '--agent-keys';
    if (!idle) return ok({where: 'here'});
    return err(fault(`${idle} is for an agent on another machine`, null, 'name it with --agent host:port'));
  }
  const address = parseAddress(agent, options.agent === undefined ? 'PIPELINE_AGENT' : '--agent');
  if (!address.ok) return address;
  if (keys === '') {
    const hint = 'name its file with --agent-keys NAME.driver.json, or in PIPELINE_AGENT_KEYS';
    return err(fault(`the agent at ${agent} lets nobody in without keys`, null, hint));
  }
  const read = readDriverKeys(resolve(folder, keys));
  if (!read.ok) return read;
  const silentMs = silence(environment['PIPELINE_AGENT_SILENT_SECONDS'] ?? '');
  if (!silentMs.ok) return silentMs;
  return ok({
    ...{where: 'elsewhere', address: address.value, keys: read.value, silentMs: silentMs.value},
    ...{waits: true, takeOver: options.takeOver ?? false},
    version: programVersion(version, PYTHON_SOURCES),
  });
}

/** As it was given, empty where it was not. */
export function chosenAgent(
  {environment}: Pick<Shell, 'environment'>,
  options: PlaceOptions,
): Readonly<{address: string; keys: string}> {
  return {
    address: options.agent ?? environment['PIPELINE_AGENT'] ?? '',
    keys: options.agentKeys ?? environment['PIPELINE_AGENT_KEYS'] ?? '',
  };
}

function silence(text: string): Result<number, Diagnostic> {
  if (text === '') return ok(REMOTE_SILENT_MS);
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 1) return ok(seconds * 1000);
  const hint = `it takes a number of seconds, 1 or more; unset, it is ${REMOTE_SILENT_MS / 1000}`;
  return err(fault(`PIPELINE_AGENT_SILENT_SECONDS=${text}`, null, hint));
}
