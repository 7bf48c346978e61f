import assert from 'node:assert/strict';
import {
  areFitForAll,
  createGallery,
  haveClaimAndDoubtsFirst,
  isReachedByKeyboard,
  widerThanPaper,
} from './gallery.js';
import {render} from './rig.js';
import {demoFacts, fullFacts, partFacts, tinyFacts} from './sample.js';

describe('A report in a browser', function () {
  this.timeout(120_000);
  const {open} = createGallery({
    demo: () => render(demoFacts()),
    full: () => render(fullFacts()),
    part: () => render(partFacts()),
    tiny: () => render(tinyFacts()),
  });

  const looks = [
    ['demo', 1280, 'light'],
    ['demo', 400, 'dark'],
    ['full', 1280, 'dark'],
    ['full', 400, 'light'],
    ['part', 1280, 'light'],
    ['part', 400, 'dark'],
    ['tiny', 1280, 'light'],
    ['tiny', 400, 'dark'],
  ] as const;
  areFitForAll(open, looks);

  it('shows every figure as an image where scripts do not run', async () => {
    const {page} = await open('full', {javaScriptEnabled: false, viewport: {width: 1280, height: 900}});
    const images = page.locator('img:not(.on-dark)');
    for (const image of await images.all()) assert.ok(await image.isVisible());
    assert.equal(await page.locator('img.on-dark:visible').count(), 0);
    assert.equal(await page.locator('canvas').count(), 0);
    assert.equal(await page.locator('.chooser').isVisible(), false);
    await page.context().close();
  });

  it('shows values under the pointer, hides findings and sorts where scripts run', async () => {
    const {page, complaints} = await open('full', {viewport: {width: 1280, height: 900}});
    const panel = page.locator('li', {has: page.locator('[data-chart="roc-Mass"]')});
    await panel.scrollIntoViewIfNeeded();
    await panel.locator('canvas').hover({position: {x: 40, y: 60}});
    await page.waitForFunction(
      'document.querySelector("[data-chart=roc-Mass]").parentElement.querySelector("span").textContent.startsWith("sens. 0.")',
    );
    await page.getByRole('button', {name: 'hernia'}).click();
    assert.equal(await page.locator('#per-class tbody tr:visible').count(), 13);
    const first = page.locator('#per-class tbody tr:visible th').first();
    await page.getByRole('button', {name: 'AUROC', exact: true}).click();
    assert.equal(await first.textContent(), 'Emphysema');
    await page.getByRole('button', {name: 'AUROC', exact: true}).click();
    assert.equal(await first.textContent(), 'Infiltration');
    await page.getByRole('button', {name: 'AUROC', exact: true}).click();
    assert.equal(await first.textContent(), 'Atelectasis');
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  isReachedByKeyboard(open, 'demo', 'Skip to the report');

  haveClaimAndDoubtsFirst(open, ['demo', 'full', 'part', 'tiny']);

  it('lines every strip of the forest plot up with its row', async () => {
    const {page} = await open('tiny', {viewport: {width: 1280, height: 900}});
    const offsets = await page.evaluate<number[]>(
      '[...document.querySelectorAll("#per-class tbody tr, #per-class tfoot tr")].map((row) => { const [a, b] = [row, row.querySelector("img")].map((e) => e.getBoundingClientRect()); return Math.abs(a.top + a.height / 2 - b.top - b.height / 2); })',
    );
    assert.equal(offsets.length, 17);
    for (const offset of offsets) assert.ok(offset <= 1, `${offset} px`);
    await page.context().close();
  });

  it('prints on A4 with nothing wider than the paper', async () => {
    const {page} = await open('full', {viewport: {width: 680, height: 900}});
    assert.deepEqual(await widerThanPaper(page), []);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 680);
    assert.equal(
      await page.evaluate('getComputedStyle(document.body).backgroundColor'),
      'rgb(255, 255, 255)',
    );
    // What lies in the file for dark screens is not for paper.
    assert.equal(await page.locator('img.on-dark:visible').count(), 0);
    await page.context().close();
  });
});
