import {readFileSync, writeFileSync} from 'node:fs';

// Loaded into the command line before its own code: leaves the bytes that the process has read, when it ends.
process.on('exit', () => {
  const file = process.env['BYTES_READ_FILE'];
  const read = /^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1];
  if (file !== undefined && read !== undefined) writeFileSync(file, read);
});
