import type {Palette} from './charts.js';

/**
 * The colours of the style sheet, so that they are named in one place: the first `:root` block is light, the one for
 * dark screens overrides it. @throws Error - The style sheet has lost one of the blocks.
 */
export function readPalettes(style: string): Readonly<{light: Palette; dark: Palette}> {
  const light = colorsOf(/^:root \{([^}]*)\}/m.exec(style));
  const dark = colorsOf(/prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}/.exec(style));
  return {light, dark: {...light, ...dark}};
}

function colorsOf(block: RegExpExecArray | null): Palette {
  if (block === null) throw new Error('Internal error: the style sheet has no :root block');
  return Object.fromEntries(
    [...block[1]!.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]),
  );
}
