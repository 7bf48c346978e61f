import {prepareChromium} from './chromium.js';
import {prepareTestPython, type TestPython} from './python-tools.js';

/** Gets whatever the tests need beyond what npm installs, and says what it could not get. */
export async function prepareTests(): Promise<TestPython> {
  const [python, chromium] = await Promise.all([prepareTestPython(), prepareChromium()]);
  if (chromium !== null)
    console.error(`Chromium: ${chromium}. The tests that look at pages in it are skipped.`);
  return python;
}
