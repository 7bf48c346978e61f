import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';

// npm run bench: names them. npm run bench startup preprocess: runs these. npm run bench all: every one.
const folder = import.meta.dirname;
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.js') && name !== 'run.js')
  .map((name) => name.slice(0, -'.js'.length));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => name !== 'all' && !known.includes(name));
if (asked.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`No benchmark is called ${unknown.join(', ')}.`);
  console.log(`npm run bench <name…>, of: ${known.join(', ')}, all`);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  // One after the other, each in a process of its own: none warms up or slows down the next.
  for (const name of asked.includes('all') ? known : asked) {
    console.log(`\n${name}`);
    const {exitCode} = await execa(process.execPath, [join(folder, `${name}.js`)], {
      stdio: 'inherit',
      reject: false,
    });
    if (exitCode !== 0) process.exitCode = 1;
  }
}
