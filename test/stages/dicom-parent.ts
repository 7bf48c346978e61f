import {readFileSync} from 'node:fs';
import type {PythonTool} from '../../pipeline/model/stage-kind.js';
import {openDicomDecoder} from '../../pipeline/stages/preprocess/dicom.js';

// A process with a decoder, to be killed: it decodes one file, says so, and waits for its end.
const {tool, file} = JSON.parse(process.argv[2]!) as {tool: PythonTool; file: string};
const decoder = openDicomDecoder({tool, processes: 1, signal: new AbortController().signal});
const decoded = await decoder.decode(readFileSync(file), file);
console.log(decoded.ok ? 'decoded' : decoded.error.reason);
process.stdin.resume();
