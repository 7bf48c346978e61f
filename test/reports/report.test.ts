import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {loadAssets} from '../../reports/assets.js';
import type {ReportFacts} from '../../reports/facts.js';
import {ROOT} from '../rig.js';
import {assertGolden, compactJson, render, renderWords, textOf} from './rig.js';
import {demoFacts, fullFacts, tinyFacts} from './sample.js';

describe('A report', () => {
  it('says what its committed facts say, word for word', () => {
    assertGolden('facts.json', `${compactJson(demoFacts())}\n`);
    const facts = JSON.parse(
      readFileSync(join(ROOT, 'test/reports/golden/facts.json'), 'utf8'),
    ) as ReportFacts;
    assertGolden('report.txt', `${textOf(renderWords(facts))}\n`);
  });

  it('says what was published on the same images, and what was resumed and quarantined', () => {
    assertGolden('full.txt', `${textOf(renderWords(fullFacts()))}\n`);
  });

  it('says what could not be scored', () => {
    assertGolden('tiny.txt', `${textOf(renderWords(tinyFacts()))}\n`);
  });

  it('is the same bytes from the same facts', () => {
    const [first, second] = [render(demoFacts()), render(demoFacts())];
    assert.ok(first === second, 'two renderings differ');
  });

  it('keeps within 2 MB for the whole data set, and carries every image inside', () => {
    const page = render(fullFacts());
    assert.ok(page.length < 2_000_000, `${page.length} bytes`);
    const sources = [...page.matchAll(/(?:src|srcset)="([^"]{0,30})/g)].map(([, address]) => address!);
    assert.ok(sources.length > 80, `${sources.length} images`);
    assert.deepEqual(
      sources.filter((address) => !address.startsWith('data:image/png;base64,')),
      [],
    );
  });

  it('names the digests of its own style and script, and allows nothing else', () => {
    const page = renderWords(demoFacts());
    const {style, script} = loadAssets();
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    assert.equal(
      /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1],
      `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    assert.ok(page.includes(`<style>${style}</style>`));
    assert.ok(page.includes(`<script>${script}</script>`));
    assert.doesNotMatch(page.replace(script, '').replace(style, ''), / (?:style|on[a-z]+)="/);
  });

  it('has a script that cannot end its own element and points at no other file', () => {
    const {script} = loadAssets();
    assert.doesNotMatch(script, /<\/script|<!--|sourceMappingURL/i);
    assert.doesNotMatch(script, /^(?:import|export) /m);
  });

  it('loads nothing: its only addresses are links that a reader may follow', () => {
    for (const facts of [demoFacts(), fullFacts(), tinyFacts()]) {
      const {style, script} = loadAssets();
      const page = renderWords(facts).replace(script, '').replace(style, '');
      const addresses = [...page.matchAll(/[^"\s]*https?:[^"\s<]*/g)].map(([address]) => address);
      const links = facts.data.credit === null ? [] : [facts.data.credit.link];
      assert.deepEqual(addresses, links);
      assert.doesNotMatch(style, /url\(|@import/);
    }
  });

  it('carries a manifest with the digests of all artifacts', () => {
    const page = renderWords(fullFacts());
    const manifest = JSON.parse(/id="manifest">(.*?)<\/script>/.exec(page)![1]!) as {
      artifacts: {stage: string; output: string}[];
    };
    assert.deepEqual(
      manifest.artifacts.map(({stage, output}) => [stage, output]),
      fullFacts().stages.flatMap(({id, artifact}) => (artifact === null ? [] : [[id, artifact.output]])),
    );
  });

  it('has titles, captions and scopes for those who do not see it', () => {
    const page = renderWords(fullFacts());
    const count = (pattern: RegExp): number => [...page.matchAll(pattern)].length;
    assert.equal(count(/<table /g), count(/<caption /g));
    assert.equal(count(/<th\b/g), count(/<th scope="(?:row|col|colgroup)"/g));
    assert.equal(count(/<h1/g), 1);
    assert.equal(count(/<img /g), count(/<img [^>]*alt="/g));
    const numbers = [...page.matchAll(/<b>(Table|Figure) (\d+)\.<\/b>/g)];
    for (const kind of ['Table', 'Figure'])
      assert.deepEqual(
        numbers.filter(([, name]) => name === kind).map(([, , number]) => Number(number)),
        numbers.filter(([, name]) => name === kind).map((_, index) => index + 1),
      );
  });
});
