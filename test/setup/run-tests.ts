import {join} from 'node:path';
import {execa} from 'execa';
import {ROOT} from '../rig.js';
import {PYTHON_SOURCE} from './folders.js';
import {prepareTests} from './prepare-tests.js';

// npm test: both suites side by side, since each leaves a core idle; what pytest says comes after mocha's lines.
// npm test -- -g words, or a file: those mocha tests alone.
const {executable, env} = await prepareTests();
const chosen = process.argv.slice(2);
const files = chosen.some((word) => word.endsWith('.js')) ? [] : ['dist/test/**/*.test.js'];
const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
const mochaRun = execa(process.execPath, [mocha, ...files, ...chosen], {
  ...{cwd: ROOT, stdio: 'inherit', reject: false},
});
const pytestRun =
  chosen.length === 0
    ? execa(executable, ['-m', 'pytest'], {
        ...{cwd: PYTHON_SOURCE, env, stdin: 'ignore', all: true, reject: false},
      })
    : null;
const codes = [(await mochaRun).exitCode ?? 1];
if (pytestRun !== null) {
  const {exitCode, all} = await pytestRun;
  console.log(all);
  codes.push(exitCode ?? 1);
}
process.exitCode = codes.find((code) => code !== 0) ?? 0;
