import {prepareTestPython, type TestPython} from '../setup/python-tools.js';

/** A Python with Pillow and OpenCV: the one that BENCH_PYTHON names, else that of the tests. */
export async function oraclePython(): Promise<TestPython> {
  const executable = process.env['BENCH_PYTHON'];
  return executable ? {executable, env: process.env} : prepareTestPython();
}
