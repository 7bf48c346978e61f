import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';

// npm run bench: names them. npm run bench startup preprocess: runs these. npm run bench all: every one.
// npm run bench training -- --only step: what begins with a dash, and all after it, is for the one that is named.
const folder = import.meta.dirname;
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.js') && name !== 'run.js')
  .map((name) => name.slice(0, -'.js'.length));
const words = process.argv.slice(2);
const dash = words.findIndex((word) => word.startsWith('-'));
const [asked, options] = dash < 0 ? [words, []] : [words.slice(0, dash), words.slice(dash)];
const unknown = asked.filter((name) => name !== 'all' && !known.includes(name));
if (options.length > 0 && asked.length !== 1) {
  console.error(`${options.join(' ')}: options are for one benchmark, and ${asked.length} are named.`);
  process.exitCode = 2;
} else if (asked.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`No benchmark is called ${unknown.join(', ')}.`);
  console.log(`npm run bench <name…>, of: ${known.join(', ')}, all`);
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  // One after the other, each in a process of its own: none warms up or slows down the next.
  for (const name of asked.includes('all') ? known : asked) {
    console.log(`\n${name}`);
    const {exitCode} = await execa(process.execPath, [join(folder, `${name}.js`), ...options], {
      stdio: 'inherit',
      reject: false,
    });
    if (exitCode !== 0) process.exitCode = exitCode === 2 ? 2 : 1;
  }
}
