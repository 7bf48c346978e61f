import {execa} from 'execa';
import {PYTHON_SOURCE} from './folders.js';
import {prepareTestPython} from './python-tools.js';

// npm run python -- -m pytest -k journal: the pipeline's Python with the tools of the tests, in the folder py/.
const {executable, env} = await prepareTestPython();
const {exitCode} = await execa(executable, process.argv.slice(2), {
  cwd: PYTHON_SOURCE,
  env,
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
