import type {Check} from '../doctor/check.js';
import {examine, isMissingSomething} from '../doctor/doctor.js';
import {pythonCacheFolder} from '../execute/python-environment.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {PYTHON_SOURCES} from './places.js';
import type {Shell} from './shell.js';

/** What this machine has and lacks; exit 4 when a run could not go through. */
export async function doctorCommand(shell: Shell, options: {json?: boolean}): Promise<ExitCode> {
  const checks = await examine({
    configured: null,
    environment: shell.environment,
    cacheFolder: pythonCacheFolder(shell.environment),
    sourceFolder: PYTHON_SOURCES,
    signal: shell.interrupted,
    node: shell.node,
    home: shell.home,
  });
  if (options.json) shell.print(`${JSON.stringify({schema: 'pipeline/doctor/v1', checks}, null, 2)}\n`);
  else for (const check of checks) shell.print(lineOf(check));
  return isMissingSomething(checks) ? EXIT.environment : EXIT.ok;
}

const GLYPHS = {ok: '✓', warning: '!', missing: '✗'} as const;

function lineOf({name, status, detail, hint}: Check): string {
  const advice = hint === null ? '' : `\n${' '.repeat(14)}→ ${hint}`;
  return `${GLYPHS[status]} ${name.padEnd(12)}${detail}${advice}\n`;
}
