import {chmodSync, readdirSync, rmSync} from 'node:fs';
import {basename, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build, type Plugin} from 'esbuild';

// Run by `npm run build`: node dist/pipeline/bundle.js
const DIST = fileURLToPath(new URL('..', import.meta.url));
const OUT = resolve(DIST, 'bin');

/**
 * What a command loads at once goes into few files: reading the 400 modules of zod, yaml, commander and our own one by
 * one took as long as everything else that a run does which skips all its stages. What is imported late (stages at work,
 * charts, sockets) stays where tsc put it, beside the workers, kernel and styles that it looks for there.
 */
const lateStaysOutside: Plugin = {
  name: 'late-stays-outside',
  setup({onResolve}) {
    onResolve({filter: /.*/}, ({kind, path, importer, resolveDir}) => {
      if (kind !== 'dynamic-import' || importer.endsWith('/commands/program.js')) return null;
      const target = path.startsWith('.') ? `./${relative(OUT, resolve(resolveDir, path))}` : path;
      return {path: target, external: true};
    });
  },
};

const {metafile} = await build({
  entryPoints: {pipeline: resolve(DIST, 'pipeline/cli.js')},
  outdir: OUT,
  ...{bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning'},
  ...{minifyWhitespace: true, minifySyntax: true},
  metafile: true,
  plugins: [lateStaysOutside],
  // Packages in CommonJS (yaml, commander) call `require` for Node's own modules.
  banner: {js: "import {createRequire} from 'node:module';const require = createRequire(import.meta.url);"},
});
chmodSync(resolve(OUT, 'pipeline.js'), 0o755);
// Old files go last: a command that starts meanwhile finds what it needs.
const made = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of readdirSync(OUT)) if (!made.has(name)) rmSync(resolve(OUT, name));
