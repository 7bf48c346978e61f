import {preparePython} from '../../pipeline/execute/python-environment.js';

// A pipeline that sets up Python, as a process of its own that a test can kill: progress goes to stdout.
const {environment, cacheFolder, sourceFolder} = JSON.parse(process.argv[2]!);
const result = await preparePython({
  configured: null,
  environment,
  cacheFolder,
  sourceFolder,
  onProgress: (text) => console.log(text),
  signal: new AbortController().signal,
});
console.log(JSON.stringify(result));
