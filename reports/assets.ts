import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

/** The texts that a page carries inside it. */
export type Assets = Readonly<{style: string; script: string}>;

/**
 * Style sheets from reports/ of the package (this file runs from dist/reports), scripts as compiled, Chart.js as
 * installed. @throws Error - A file is missing: the installation is incomplete.
 */
export function loadAssets(): Assets {
  const source = (name: string): string =>
    readFileSync(new URL(`../../reports/${name}`, import.meta.url), 'utf8');
  const compiled = (name: string): string =>
    readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
  const chartLibrary = createRequire(import.meta.url)
    .resolve('chart.js')
    .replace(/[^/\\]+$/, 'chart.umd.min.js');
  return {
    style: ['style.css', 'data.css', 'media.css'].map(source).join('\n'),
    script: [
      withoutMap(readFileSync(chartLibrary, 'utf8')),
      ';(() => {',
      asPlainScript(compiled('client/notes.js')),
      asPlainScript(compiled('client/live.js')),
      'Chart.register(notesPlugin);',
      'startLive(document, window, Chart);',
      '})();',
    ].join('\n'),
  };
}

/** A module without imports, as part of a script. */
function asPlainScript(module: string): string {
  return withoutMap(module).replace(/^export /gm, '');
}

/** Without the address of a source map: a page with everything in it must not point anywhere else. */
function withoutMap(script: string): string {
  return script.replace(/^\/\/# sourceMappingURL=.*$/gm, '');
}
