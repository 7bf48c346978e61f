import {openBridge} from '../../pipeline/execute/bridge.js';

// A driver that prints one JSON document: what a noisy function leaves of it is looked at by the test.
const [python, sourceFolder, log] = process.argv.slice(2) as [string, string, string];
const bridge = openBridge({python, sourceFolder});
const {signal} = new AbortController();
const result = await bridge.call('bridge_probe:noisy', {}, {timeoutMs: 30_000, signal, log});
bridge.close();
process.stdout.write(JSON.stringify(result));
