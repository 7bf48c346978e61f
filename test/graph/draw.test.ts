import assert from 'node:assert/strict';
import {drawGraph} from '../../pipeline/graph/draw.js';
import {CHAIN, graphOf} from './rig.js';

const run = (id: string, needs: string) => `  ${id}: {uses: exec, needs: [${needs}], params: {command: x}}\n`;

describe('A graph drawn as text', () => {
  it('has a rail for each result that is still needed', () => {
    assert.equal(
      drawGraph(graphOf(CHAIN), 'text'),
      `●          data        synthesize
├─●        split       split       ← data
├─│─●      preprocess  preprocess  ← data
└─┼─┴─●    train       train       ← data, split, preprocess
  └───┴─●  report      report      ← train, split
`,
    );
  });

  it('uses rails again that have become free, so that a long pipeline stays narrow', () => {
    const stages = [
      run('a', ''),
      run('b', 'a'),
      run('c', ''),
      run('d', 'b'),
      run('e', 'c'),
      run('f', 'd, e'),
      run('g', 'f'),
      run('h', ''),
    ];
    assert.equal(
      drawGraph(graphOf(stages.join('')), 'text'),
      `●          a  exec
└─●        b  exec  ← a
● │        c  exec
│ └─●      d  exec  ← b
└─● │      e  exec  ← c
  └─┴─●    f  exec  ← d, e
      └─●  g  exec  ← f
●          h  exec
`,
    );
  });

  it('of one stage is one line', () => {
    assert.equal(drawGraph(graphOf('  data: {uses: synthesize}\n'), 'text'), '●  data  synthesize\n');
  });
});

describe('A graph drawn in Mermaid', () => {
  it('names what flows along each edge, and avoids the words of the language', () => {
    assert.equal(
      drawGraph(
        graphOf(`  data: {uses: synthesize}\n  split: {uses: split}\n${run('end', 'split, data')}`),
        'mermaid',
      ),
      `flowchart TD
  data["data<br>(synthesize)"]
  split["split"]
  data -->|dataset| split
  _end["end<br>(exec)"]
  split -->|folds| _end
  data -->|dataset| _end
`,
    );
  });
});
