import {join} from 'node:path';
import {execa} from 'execa';
import {ROOT} from '../rig.js';
import {PYTHON_SOURCE} from './folders.js';
import {prepareTests} from './prepare-tests.js';
import type {TestPython} from './python-tools.js';

// npm test: both suites, the second also when the first has failed. npm test -- -g words, or a file: those mocha tests alone.
const {executable, env} = await prepareTests();
const chosen = process.argv.slice(2);
const files = chosen.some((word) => word.endsWith('.js')) ? [] : ['dist/test/**/*.test.js'];
const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
const codes = [await exitCodeOf(process.execPath, [mocha, ...files, ...chosen], {cwd: ROOT})];
if (chosen.length === 0)
  codes.push(await exitCodeOf(executable, ['-m', 'pytest'], {cwd: PYTHON_SOURCE, env}));
process.exitCode = codes.find((code) => code !== 0) ?? 0;

type Options = Readonly<{cwd: string; env?: TestPython['env']}>;

async function exitCodeOf(file: string, args: readonly string[], options: Options): Promise<number> {
  const {exitCode} = await execa(file, args, {...options, stdio: 'inherit', reject: false});
  return exitCode ?? 1;
}
