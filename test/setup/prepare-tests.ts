import {prepareChromium} from './chromium.js';
import {prepareNetworkTools} from './network-tools.js';
import {prepareTestPython, type TestPython} from './python-tools.js';

/** Gets whatever the tests need beyond what npm installs, and says what it could not get. */
export async function prepareTests(): Promise<TestPython> {
  // apt-get lets one in at a time.
  const withApt = async () => [await prepareChromium(), await prepareNetworkTools()] as const;
  const [python, [chromium, network]] = await Promise.all([prepareTestPython(), withApt()]);
  if (chromium !== null)
    console.error(`Chromium: ${chromium}. The tests that look at pages in it are skipped.`);
  if (network !== null)
    console.error(`iproute2: ${network}. The tests over two network namespaces are skipped.`);
  return python;
}
