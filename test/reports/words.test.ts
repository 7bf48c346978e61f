import assert from 'node:assert/strict';
import {findDoubts} from '../../reports/doubts/find.js';
import type {ReportFacts} from '../../reports/facts.js';
import {html, jsonText} from '../../reports/html.js';
import {interval, metric, metricWithInterval, shortDigest} from '../../reports/numbers.js';
import {publishedBeside} from '../../reports/published.js';
import {verdict} from '../../reports/verdict.js';
import {renderWords, textOf} from './rig.js';
import {demoFacts, fullFacts, partFacts, tinyFacts} from './sample.js';

const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'; alert(1); '",
  '</style><b>',
  '&lt;',
  '`${' + '1}`',
  '\u2028',
];

describe('Mark-up', () => {
  for (const attack of ATTACKS)
    it(`keeps ${JSON.stringify(attack)} a text`, () => {
      const page = html`<p title="${attack}">${attack}</p>`.text;
      assert.match(page, /^<p title="[^"<>'`]*">[^"<>'`]*<\/p>$/);
      assert.equal(textOf(page), attack.replace('\u2028', ''));
      const json = jsonText({attack}).text;
      assert.doesNotMatch(json, /[<>&\u2028]/);
      assert.deepEqual(JSON.parse(json), {attack});
    });

  it('stays whole whatever the facts hold', () => {
    const plain = renderWords(demoFacts());
    const tags = (page: string): string[] => [...page.matchAll(/<\/?[a-z][^\s>]*/gi)].map(([tag]) => tag);
    for (const attack of ATTACKS) {
      const hostile = poison(demoFacts(), attack);
      assert.deepEqual(tags(renderWords(hostile)), tags(plain), attack);
    }
  });

  it('follows no link but to the web', () => {
    const facts = fullFacts();
    const credit = {...facts.data.credit!, link: 'javascript:alert(1)'};
    assert.doesNotMatch(renderWords({...facts, data: {...facts.data, credit}}), /href="javascript/);
  });
});

/** Every free text that comes from files, arguments or names. */
function poison(facts: ReportFacts, text: string): ReportFacts {
  return {
    ...facts,
    title: text,
    run: {...facts.run, name: text, pipeline: text, argv: facts.run.argv.map(() => text)},
    data: {...facts.data, labels: {state: text, known: true, because: text}, remarks: [{name: text, text}]},
    split: {
      ...facts.split,
      description: text,
      audit: facts.split.audit.map((check) => ({
        ...check,
        title: text,
        detail: text,
        examples: check.examples.map(() => text),
      })),
    },
    stages: facts.stages.map((stage) => ({...stage, because: stage.because.map(() => text)})),
    settings: facts.settings.map((setting) => ({
      ...setting,
      value: text,
      origin: setting.origin === 'default' ? 'default' : text,
    })),
    config: {...facts.config, file: text, text},
    environment: {...facts.environment!, rows: facts.environment!.rows.map(() => ({name: text, text}))},
  };
}

describe('Numbers of a report', () => {
  it('have three decimals, a real minus and intervals in words', () => {
    assert.equal(metric(0.84449), '0.844');
    assert.equal(metric(-0.0325), '−0.033');
    assert.equal(
      interval({defined: true, value: 0.8, low: 0.7506, high: 0.85, resamples: 1000}),
      '0.751 to 0.850',
    );
    assert.equal(
      metricWithInterval({defined: true, value: 0.8, low: 0.75, high: 0.85, resamples: 9}, 0.9),
      '0.800 (90% interval 0.750 to 0.850)',
    );
    assert.equal(shortDigest('0123456789abcdef'), '01234567…cdef');
  });

  it('say that they are undefined, and why', () => {
    assert.equal(
      metricWithInterval({defined: false, because: '0 positives'}, 0.95),
      'undefined (0 positives)',
    );
    assert.equal(
      metricWithInterval({defined: true, value: 0.8, low: null, high: null, resamples: 3}, 0.95),
      '0.800 (no interval: too few resamples)',
    );
  });

  it('are never NaN', () => {
    assert.throws(() => metric(Number.NaN), /Internal error/);
    for (const facts of [demoFacts(), fullFacts(), tinyFacts()])
      assert.doesNotMatch(textOf(renderWords(facts)), /NaN|undefined (?!\()|Infinity|null/);
  });
});

describe('A verdict', () => {
  it('is two sentences: what was found, and its limit', () => {
    for (const facts of [demoFacts(), fullFacts(), tinyFacts()]) {
      const {finding, limit} = verdict(facts);
      for (const sentence of [finding, limit]) assert.match(sentence, /^[A-Z].*\.$/);
    }
  });

  it('says that an interval around 0.5 is not distinguishable from chance', () => {
    assert.match(
      verdict(tinyFacts()).finding,
      /that interval holds 0\.5, so it is not distinguishable from chance\.$/,
    );
  });

  it('places published values beside the interval without a claim of better or worse', () => {
    assert.equal(
      publishedBeside(0.838, 0.849),
      'of five published models on the same images four lie inside that interval and one above it',
    );
    assert.equal(
      publishedBeside(0.83, 0.86),
      'all five published models on the same images lie inside that interval',
    );
    assert.equal(publishedBeside(0.7, 0.75), 'all five published models on the same images lie above it');
  });

  it('says so when nothing could be scored', () => {
    const facts = withoutScores(demoFacts());
    assert.match(verdict(facts).finding, /no finding has both positive and negative images/);
    assert.match(textOf(renderWords(facts)), /It cannot be told/);
  });
});

function withoutScores(facts: ReportFacts): ReportFacts {
  const none = {defined: false, because: '0 positives'} as const;
  const average = {macro: none, micro: none, weighted: none};
  const folds = facts.evaluation.folds.map((fold) => ({
    ...fold,
    classes: fold.classes.map((one) => ({
      ...one,
      positives: 0,
      positive_patients: 0,
      auroc: none,
      average_precision: none,
      roc: null,
      precision_recall: null,
    })),
    averages: {
      auroc: average,
      average_precision: average,
      classes: 0,
      prevalence: null,
      incomplete_resamples: 0,
    },
    undefined: facts.evaluation.findings,
  }));
  return {...facts, evaluation: {...facts.evaluation, folds}};
}

describe('Doubts', () => {
  const shorts = (facts: ReportFacts): string[] =>
    findDoubts(facts).map(({severity, short}) => `${severity}: ${short}`);

  it('put synthetic images first', () => {
    assert.equal(shorts(demoFacts())[0], 'serious: The radiographs are synthetic.');
  });

  it('name unscored findings, few patients, a small part of the data and chance', () => {
    const found = shorts(tinyFacts());
    for (const doubt of [
      'serious: Only 160 of 112,120 images are there.',
      'serious: Nine of 14 findings are not scored.',
      'serious: The macro AUROC is not distinguishable from chance.',
      'moderate: Only 24 patients in the test fold.',
    ])
      assert.ok(found.includes(doubt), `${doubt} is not among ${found.join(' ')}`);
  });

  it('name a failed check, a changed input, quarantined images and uncommitted source', () => {
    const facts = fullFacts();
    const broken: ReportFacts = {
      ...facts,
      split: {
        ...facts.split,
        audit: [
          {
            ...{name: 'patient-overlap', title: 'Patients in more than one fold', status: 'failed'},
            ...{count: 3, of: 30805, unit: 'patients', detail: 'train and test: 3', examples: []},
          },
          {
            ...{name: 'trained-on', title: 'Images of test in the list of the weights', status: 'accepted'},
            ...{count: 17920, of: 25596, unit: null, detail: 'of CheXNet', examples: []},
          },
        ],
      },
      stages: facts.stages.map((stage) =>
        stage.id === 'predict' ? {...stage, artifact: {...stage.artifact!, tainted: ['images.npy']}} : stage,
      ),
    };
    const found = shorts(broken);
    for (const doubt of [
      'serious: Patients in more than one fold: 3 of 30,805 patients.',
      'serious: Images of test in the list of the weights: 17,920 of 25,596 (accepted by the configuration).',
      'serious: An input of predict changed while it ran.',
      'minor: 2 unreadable images.',
      'minor: The source had uncommitted changes.',
      'minor: Training was interrupted and resumed.',
    ])
      assert.ok(found.includes(doubt), `${doubt} is not among ${found.join(' ')}`);
    assert.doesNotMatch(textOf(renderWords(broken)), /Checked and found clean: patients/);
  });

  it('say which part of the folds is there, and how many of the scored fold are missing', () => {
    assert.ok(
      shorts(partFacts()).includes('serious: The folds are not all there: test 32 of 22,433 images.'),
    );
    const text = textOf(renderWords(partFacts()));
    assert.match(text, /train 112 of 78,466, validation 16 of 11,219 and test 32 of 22,433 images\./i);
    assert.match(text, /Test32 of 22,433 images at hand · 24 patients/);
    assert.match(text, /scored once: 32 rows, 22,401 missing, 0 twice/);
    assert.match(text, /112 images per epoch, .*; 89,557 images of the folds, not at hand, were left out/);
    assert.match(text, /of 30,805 patients/);
    assert.doesNotMatch(text, /, 0 missing/);
    assert.match(textOf(renderWords(tinyFacts())), /scored once: 32 rows, 0 missing, 0 twice/);
    for (const facts of [demoFacts(), fullFacts(), tinyFacts()])
      assert.ok(!shorts(facts).some((short) => short.includes('The folds')));
  });

  it('name imported weights of which nobody says what they were trained on', () => {
    const doubts = (knowsFindings: boolean, status: 'passed' | 'not-checked' | null): string[] => {
      const facts = demoFacts();
      const check = {
        ...{name: 'trained-on', title: 'Seen before', count: 0, of: 0, unit: 'images'},
        ...{detail: 'trained_on names no list', examples: []},
      };
      const audit = status === null ? [] : [{...check, status}];
      const training = {...facts.training, startedFrom: {name: 'w.pth', knowsFindings}};
      return shorts({...facts, training, split: {...facts.split, audit}});
    };
    const short = 'What the imported weights were trained on was not checked.';
    assert.ok(doubts(true, 'not-checked').includes(`serious: ${short}`));
    assert.ok(doubts(true, null).includes(`serious: ${short}`));
    assert.ok(doubts(false, 'not-checked').includes(`minor: ${short}`));
    for (const found of [doubts(true, 'passed'), shorts(demoFacts())])
      assert.ok(!found.some((doubt) => doubt.endsWith(short)));
  });

  it('come gravest first', () => {
    for (const facts of [demoFacts(), fullFacts(), tinyFacts()]) {
      const order = findDoubts(facts).map(({severity}) => ['serious', 'moderate', 'minor'].indexOf(severity));
      assert.deepEqual(order, [...order].sort());
    }
  });
});

describe('Data of another origin', () => {
  const facts: ReportFacts = {
    ...tinyFacts(),
    title: 'Radiographs of a clinic',
    split: {...tinyFacts().split, audit: []},
    data: {
      ...tinyFacts().data,
      origin: 'other',
      whole: null,
      credit: null,
      sources: [
        {kind: 'folder', name: 'a', images: 100},
        {kind: 'folder', name: 'b', images: 60},
      ],
    },
  };

  it('are not called ChestX-ray14, and credited to nobody', () => {
    const text = textOf(renderWords(facts));
    assert.match(text, /Radiographs whose source is not recorded, read from two folders/);
    assert.doesNotMatch(text, /NIH|ChestX-ray14|by text mining/);
    assert.match(verdict(facts).limit, /^How the labels were made is not recorded/);
  });
});

describe('A table of findings', () => {
  it('keeps the share of AP views where no age is known', () => {
    const facts = tinyFacts();
    const findings = facts.content.findings.map((one) => ({...one, medianAge: null}));
    const text = textOf(renderWords({...facts, content: {...facts.content, findings}}));
    assert.match(text, /\nAtelectasis \| 6 \| 3\.8 \|\n.* \| 20\.0 \| unknown \|/);
  });
});
