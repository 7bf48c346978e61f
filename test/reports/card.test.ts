import assert from 'node:assert/strict';
import {loadAssets} from '../../reports/assets.js';
import {agreementOf} from '../../reports/card/agreement.js';
import {cardVerdict} from '../../reports/card/verdict.js';
import type {DataCardFacts} from '../../reports/card-facts.js';
import type {AuditFact} from '../../reports/data-facts.js';
import {cardDoubts} from '../../reports/doubts/card.js';
import {assertGolden, compactJson, renderCard, renderCardWords, textOf} from './rig.js';
import {demoCard, oddCard, otherCard, partCard, tablesCard, undividedCard} from './sample-card.js';

const CARDS = {
  demo: demoCard,
  odd: oddCard,
  part: partCard,
  other: otherCard,
  tables: tablesCard,
  undivided: undividedCard,
};

describe('A data card', () => {
  for (const [name, facts] of Object.entries(CARDS))
    it(`says what its facts say, word for word: ${name}`, () => {
      assertGolden(`card-${name}.txt`, `${textOf(renderCardWords(facts()))}\n`);
    });

  it('is a function of a document that is nothing but JSON', () => {
    const facts = withoutPictures(oddCard());
    assertGolden('card-facts.json', `${compactJson(facts)}\n`);
    assert.deepEqual(JSON.parse(JSON.stringify(oddCard())), oddCard());
  });

  it('is the same bytes from the same facts', () => {
    const [first, second] = [renderCard(demoCard()), renderCard(demoCard())];
    assert.ok(first === second, 'two renderings differ');
  });

  it('carries every picture inside and points only where a reader may go', () => {
    for (const facts of Object.values(CARDS)) {
      const {style, script} = loadAssets();
      const page = renderCardWords(facts()).replace(script, '').replace(style, '');
      const sources = [...page.matchAll(/(?:src|srcset|href)="([^"#]{0,22})/g)].map(
        ([, address]) => address!,
      );
      const strangers = sources.filter(
        (address) =>
          address !== '' && address !== 'data:image/png;base64,' && !address.startsWith('https://nihcc'),
      );
      assert.deepEqual(strangers, []);
      assert.doesNotMatch(page, / (?:style|on[a-z]+)="/);
    }
  });

  it('has captions, scopes, alternative texts and running numbers', () => {
    for (const facts of Object.values(CARDS)) {
      const page = renderCardWords(facts()).replace(loadAssets().script, '');
      const count = (pattern: RegExp): number => [...page.matchAll(pattern)].length;
      assert.equal(count(/<table /g), count(/<caption /g));
      assert.equal(count(/<th\b/g), count(/<th scope="(?:row|col|colgroup)"/g));
      assert.equal(count(/<h1/g), 1);
      assert.equal(count(/<img /g), count(/<img [^>]*alt="/g));
      const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const kind of ['Table', 'Figure']) {
        const numbers = [...page.matchAll(new RegExp(`<b>${kind} (\\d+)\\.</b>`, 'g'))].map(([, n]) =>
          Number(n),
        );
        assert.deepEqual(
          numbers,
          numbers.map((_, index) => index + 1),
        );
      }
    }
  });

  it('prints no number that is none', () => {
    for (const facts of Object.values(CARDS))
      assert.doesNotMatch(textOf(renderCardWords(facts())), /NaN|Infinity|null|\bundefined\b/);
  });

  it('keeps file names, titles and reasons texts whatever they hold', () => {
    const tags = (page: string): string[] => [...page.matchAll(/<\/?[a-z][^\s>]*/gi)].map(([tag]) => tag);
    const plain = tags(renderCardWords(oddCard()));
    for (const attack of ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; alert(1); '"])
      assert.deepEqual(tags(renderCardWords(poison(oddCard(), attack))), plain, attack);
  });
});

describe('The data card of a part of the data', () => {
  const text = (): string => textOf(renderCardWords(partCard()));

  it('counts images and patients at hand at every step, and says of what the folds are', () => {
    assert.match(text(), /Train112 of 78,466 images at hand · 85 patients/);
    assert.match(text(), /The folds are of 112,118 rows of metadata; 160 images of them are at hand\./);
    assert.match(text(), /Split card\. .* All rows of the tables are counted\./);
    assert.match(text(), /0of 30,805 patients/);
  });

  it('gives no share of a fold of which nothing is there', () => {
    const card = partCard();
    const folds = card.split!.folds.map((one) =>
      one.fold === 'train' ? {...one, here: {...one.here, images: 0}} : one,
    );
    const page = textOf(renderCardWords({...card, split: {...card.split!, folds}}));
    assert.match(page, /Bars: % of all images, validation, test\./);
  });

  it('gives the shares of the images that are there', () => {
    // Atelectasis: 6 of 32 test images in these facts, 2,420 of 22,433 in the whole fold.
    const {images, positives} = partCard().split!.folds.at(-1)!.here;
    const share = ((100 * positives[0]!) / images).toFixed(1);
    const [, test] = /\nAtelectasis \| 6 \| 3\.8 \|\n\| [\d.]+ \| [\d.]+ \| ([\d.]+) \|/.exec(text()) ?? [];
    assert.equal(test, share);
  });
});

describe('The data card of other data', () => {
  it('does not call them ChestX-ray14', () => {
    assert.doesNotMatch(textOf(renderCardWords(otherCard())), /ChestX-ray14|NIH|by text mining/);
    assert.match(cardVerdict(otherCard()).finding, /^160 radiographs of 121 patients are at hand/);
  });
});

describe('The verdict of a data card', () => {
  it('is two sentences, and names how many images are at hand', () => {
    for (const facts of Object.values(CARDS)) {
      const {finding, limit} = cardVerdict(facts());
      for (const sentence of [finding, limit]) assert.match(sentence, /^[A-Z0-9].*\.$/);
    }
    assert.match(cardVerdict(oddCard()).finding, /^160 of the 112,120 images of ChestX-ray14 are at hand/);
    assert.match(cardVerdict(tablesCard()).finding, /^None of the 112,120 images of ChestX-ray14 is at hand/);
    assert.match(cardVerdict(demoCard()).finding, /^600 synthetic images/);
  });

  it('rests on the radiologists’ labels that came with the data, else on the published ones', () => {
    const [label] = tablesCard().adjudicated!.labels;
    const facts = {
      ...tablesCard(),
      adjudicated: {images: 200, labels: [{...label!, both: 10, onlyHere: 30, onlyThere: 10}]},
    };
    assert.match(cardVerdict(facts).limit, /finds 50% of the cases and is right in 25%/);
    assert.match(cardVerdict(undividedCard()).limit, /finds 46% of the cases and is right in 46%/);
  });

  it('measures agreement as it was published: sensitivity, precision, kappa', () => {
    const rounded = (value: number | null): string => value?.toFixed(3) ?? 'undefined';
    const {sensitivity, precision, kappa} = agreementOf(tablesCard().adjudicated!.labels[0]!);
    assert.deepEqual([sensitivity, precision, kappa].map(rounded), ['0.458', '0.458', '0.427']);
    const none = {label: '', findings: [], both: 0, onlyHere: 0, onlyThere: 0, neither: 0};
    assert.deepEqual(agreementOf(none), {sensitivity: null, precision: null, kappa: null});
  });
});

describe('The doubts of a data card', () => {
  const shorts = (facts: DataCardFacts): string[] =>
    cardDoubts(facts).map(({severity, short}) => `${severity}: ${short}`);

  it('begin with what is missing', () => {
    assert.equal(shorts(tablesCard())[0], 'serious: No image is at hand.');
    assert.ok(shorts(tablesCard()).includes('minor: Copies in different folds were not looked for.'));
    assert.equal(shorts(demoCard())[0], 'serious: The radiographs are synthetic.');
  });

  it('name what failed and what the configuration accepts', () => {
    assert.ok(
      shorts(tablesCard()).some((short) =>
        short.endsWith('17,920 of 25,596 images (accepted by the configuration).'),
      ),
    );
    assert.ok(shorts(oddCard()).includes('serious: Equal files in more than one fold: 1 of 160 images.'));
  });

  it('name copies, unreadable files, strange labels, rare findings and oddities', () => {
    const found = shorts(oddCard());
    for (const doubt of [
      'serious: Only 160 of 112,120 images are there.',
      'moderate: Which release the labels are of is not known.',
      'moderate: Every finding has fewer than 30 patients.',
      'moderate: 1 group of files with equal bytes.',
      'moderate: 1 unreadable image.',
      'minor: 2 images without a row in the metadata.',
      'minor: Something in the files that came in is odd.',
      'minor: Race is not recorded.',
    ])
      assert.ok(found.includes(doubt), `${doubt} is not among ${found.join(' ')}`);
  });

  it('ask for look-alikes where only these were not looked for, and never among drawn images', () => {
    const near: AuditFact = {
      ...{name: 'near-duplicates', title: 'Alike', status: 'not-checked'},
      ...{count: 0, of: 0, unit: 'images'},
      ...{detail: 'no preprocess stage gives the images', examples: []},
    };
    const withNear = (facts: DataCardFacts): DataCardFacts => ({
      ...facts,
      split: {...facts.split!, audit: [...facts.split!.audit, near]},
    });
    const doubt = cardDoubts(withNear(oddCard())).find(({short}) => short.startsWith('Look-alikes'));
    assert.equal(doubt?.evidence, 'No preprocess stage gives the images.');
    assert.doesNotMatch(JSON.stringify(cardDoubts(withNear(oddCard()))), /there twice, or look alike/);
    for (const facts of [demoCard(), withNear(demoCard())])
      assert.ok(!shorts(facts).some((short) => /Look-alikes|Copies/.test(short)));
  });

  it('say that the folds are not all there', () => {
    assert.ok(shorts(partCard()).includes('serious: The folds are not all there: test 32 of 22,433 images.'));
    for (const facts of [demoCard(), oddCard(), tablesCard()])
      assert.ok(!shorts(facts).some((short) => short.includes('The folds')));
  });

  it('name files that are no image until the decoder has set them aside', () => {
    const found = shorts({...oddCard(), images: null});
    assert.ok(found.includes('moderate: 1 file could not be read.'));
    assert.ok(!shorts(oddCard()).includes('moderate: 1 file could not be read.'));
  });

  it('say that a test fold is of other people than the train fold', () => {
    const facts = tablesCard();
    const folds = facts.split!.folds.map((fold) =>
      fold.fold === 'test' ? {...fold, here: {...fold.here, apShare: 0.566}} : fold,
    );
    const found = shorts({...facts, split: {...facts.split!, folds}});
    assert.ok(found.includes('moderate: The test fold is another population than the train fold.'));
    assert.ok(!shorts(facts).some((short) => short.includes('another population')));
  });
});

/** Pictures would only make a long file longer. */
function withoutPictures(facts: DataCardFacts): DataCardFacts {
  const {samples} = facts.content;
  const shown = samples!.shown.map((sample) => ({...sample, png: `${sample.png.length} characters`}));
  return {...facts, content: {...facts.content, samples: {...samples!, shown}}};
}

function poison(facts: DataCardFacts, text: string): DataCardFacts {
  const {intake, data, split, content} = facts;
  const list = (one: DataCardFacts['intake']['missing']): typeof one => ({
    ...one,
    examples: one.examples.map(() => text),
  });
  return {
    ...facts,
    title: text,
    data: {
      ...data,
      labels: {...data.labels, state: text, because: text},
      sources: data.sources.map((source) => ({...source, name: text})),
    },
    content: {
      ...content,
      samples: {
        ...content.samples!,
        shown: content.samples!.shown.map((sample) => ({...sample, image: text})),
      },
    },
    split: {
      ...split!,
      description: text,
      audit: split!.audit.map((check) => ({
        ...check,
        title: text,
        detail: text,
        examples: check.examples.map(() => text),
      })),
    },
    images: {...facts.images!, examples: [{image: text, reason: text}]},
    intake: {
      ...intake,
      ...{missing: list(intake.missing), extra: list(intake.extra), unreadable: list(intake.unreadable)},
      ...{refused: list(intake.refused), duplicates: list(intake.duplicates)},
      dropped: intake.dropped.map((one) => ({...one, reason: text})),
      warnings: intake.warnings.map(() => text),
    },
  };
}
