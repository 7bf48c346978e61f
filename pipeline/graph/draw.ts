import {baseOf} from '../model/member.js';
import {unreachable} from '../model/result.js';
import type {Stage, StageGraph, StageId} from '../model/stage.js';

/** Text for people, Mermaid for documents. */
export type GraphFormat = 'mermaid' | 'text';

/** @returns the drawing, ending with a line end. */
export function drawGraph(graph: StageGraph, format: GraphFormat): string {
  switch (format) {
    case 'mermaid':
      return drawMermaid(graph);
    case 'text':
      return drawText(graph);
    default:
      return unreachable(format);
  }
}

/** https://mermaid.js.org/syntax/flowchart.html; edges carry the type of what flows along them. */
function drawMermaid(graph: StageGraph): string {
  const lines = [...graph.values()].flatMap(({id, kind, needs}) => [
    `  ${mermaidId(id)}["${mermaidText(id)}${id === kind.uses ? '' : `<br>(${kind.uses})`}"]`,
    ...needs.map(({stage, type}) => `  ${mermaidId(stage)} -->|${type}| ${mermaidId(id)}`),
  ]);
  return `flowchart TD\n${lines.join('\n')}\n`;
}

/** Mermaid takes some words, of which a stage may have the name, for its own; and members' names hold what it reads. */
function mermaidId(id: StageId): string {
  const plain = id.replace(/[^a-z0-9-]/g, (sign) => `_${sign.codePointAt(0)!.toString(16)}_`);
  return /^(?:end|graph|flowchart|subgraph|default|class|click|style|direction|call|href)$/.test(plain)
    ? `_${plain}`
    : plain;
}

/** Inside quotes; # begins a sign by its number. */
function mermaidText(id: StageId): string {
  return id.replace(/["#&<>]/g, (sign) => `#${sign.codePointAt(0)};`);
}

/**
 * One line a stage, in the order in which they run, with a rail for every result that is still needed further down.
 * `├` and `┼`: taken here and needed again; `└` and `┴`: taken here for the last time; `│`: passes by.
 */
function drawText(graph: StageGraph): string {
  const stages = [...graph.values()];
  const lastUse = new Map<StageId, number>();
  for (const [row, {needs}] of stages.entries()) for (const {stage} of needs) lastUse.set(stage, row);
  /** By rail: whose result runs along it; null when it is free. */
  const rails: (StageId | null)[] = [];
  const rows = stages.map((stage, row) => {
    const taken = new Set(stage.needs.map((need) => need.stage));
    const right = rails.findLastIndex((owner) => owner !== null && taken.has(owner));
    const free = rails.findIndex((owner, rail) => owner === null && rail > right);
    const own = free === -1 ? rails.length : free;
    const picture = drawRow({rails, taken, own, ends: (owner) => lastUse.get(owner) === row});
    for (const [rail, owner] of rails.entries()) {
      if (owner !== null && lastUse.get(owner) === row) rails[rail] = null;
    }
    rails[own] = lastUse.has(stage.id) ? stage.id : null;
    while (rails.length > 0 && rails.at(-1) === null) rails.pop();
    return {picture, stage};
  });
  return joinColumns(rows);
}

function drawRow(row: {
  rails: readonly (StageId | null)[];
  taken: ReadonlySet<StageId>;
  own: number;
  ends(owner: StageId): boolean;
}): string {
  const {rails, taken, own, ends} = row;
  const left = rails.findIndex((owner) => owner !== null && taken.has(owner));
  const width = Math.max(rails.length, own + 1);
  let picture = '';
  for (let rail = 0; rail < width; rail++) {
    const owner = rails[rail] ?? null;
    const within = left !== -1 && rail >= left && rail < own;
    const join = within ? '─' : ' ';
    if (rail === own) picture += '● ';
    else if (owner === null) picture += join + join;
    else if (!taken.has(owner)) picture += `│${join}`;
    else if (rail === left) picture += (ends(owner) ? '└' : '├') + join;
    else picture += (ends(owner) ? '┴' : '┼') + join;
  }
  return picture.trimEnd();
}

function joinColumns(rows: readonly Readonly<{picture: string; stage: Stage}>[]): string {
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const pictures = widest(rows.map(({picture}) => picture));
  const names = widest(rows.map(({stage}) => stage.id));
  const kinds = widest(rows.map(({stage}) => stage.kind.uses));
  return rows
    .map(({picture, stage: {id, kind, needs}}) => {
      const from = needs.length === 0 ? '' : `← ${needsText(needs).join(', ')}`;
      const columns = [picture.padEnd(pictures), id.padEnd(names), kind.uses.padEnd(kinds), from];
      return `${columns.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** All members of a matrix at once are told by how many they are. */
function needsText(needs: Stage['needs']): readonly string[] {
  const stages = needs.map(({stage}) => stage);
  const texts = stages.map((stage) => {
    const count = stages.filter((other) => baseOf(other) === baseOf(stage)).length;
    return count === 1 ? stage : `${count} × ${baseOf(stage)}`;
  });
  return [...new Set(texts)];
}
