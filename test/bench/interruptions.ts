import {delimiter} from 'node:path';
import {execa} from 'execa';
import {PYTHON_SOURCE} from '../setup/folders.js';
import {oraclePython} from '../stages/oracle-python.js';

// 50 trainings' worth of SIGTERM and SIGKILL at random moments, over 1, 2 and 3 ranks: are the ends bit-equal to those of
// undisturbed trainings? See py/tests/interruptions.py for the options.
const {executable, env} = await oraclePython();
const PYTHONPATH = [PYTHON_SOURCE, env['PYTHONPATH']].filter((path) => path).join(delimiter);
const {exitCode} = await execa(executable, ['-m', 'tests.interruptions', ...process.argv.slice(2)], {
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  env: {...env, PYTHONPATH},
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
