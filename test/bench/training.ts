import {delimiter} from 'node:path';
import {execa} from 'execa';
import {PYTHON_SOURCE} from '../setup/folders.js';
import {oraclePython} from '../stages/oracle-python.js';

// Training, measured from within: py/tests/bench does it all, and needs no Node. BENCH_PYTHON names another Python, of a
// machine with a GPU for instance. Paths among the options are those of the shell that was typed into.
const {executable, env} = await oraclePython();
const PYTHONPATH = [PYTHON_SOURCE, env['PYTHONPATH']].filter((path) => path).join(delimiter);
const {exitCode} = await execa(executable, ['-m', 'tests.bench', ...process.argv.slice(2)], {
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  env: {...env, PYTHONPATH},
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
