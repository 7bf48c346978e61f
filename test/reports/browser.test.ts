import assert from 'node:assert/strict';
import {createGallery, violationsOf, widerThanPaper} from './gallery.js';
import {render} from './rig.js';
import {demoFacts, fullFacts, tinyFacts} from './sample.js';

describe('A report in a browser', function () {
  this.timeout(120_000);
  const {open} = createGallery({
    demo: () => render(demoFacts()),
    full: () => render(fullFacts()),
    tiny: () => render(tinyFacts()),
  });

  const looks = [
    ['demo', 1280, 'light'],
    ['demo', 400, 'dark'],
    ['full', 1280, 'dark'],
    ['full', 400, 'light'],
    ['tiny', 1280, 'light'],
    ['tiny', 400, 'dark'],
  ] as const;
  for (const [name, width, colorScheme] of looks)
    it(`is accessible, asks for nothing and fits: ${name}, ${width} px, ${colorScheme}`, async () => {
      const {page, complaints} = await open(name, {viewport: {width, height: 900}, colorScheme});
      assert.deepEqual(await violationsOf(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });

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

  it('is reached by keyboard: the skip link first, then the contents', async () => {
    const {page} = await open('demo', {viewport: {width: 1280, height: 900}});
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the report');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'main');
    await page.context().close();
  });

  it('puts claim and doubts on the first screen', async () => {
    for (const name of ['demo', 'full', 'tiny'] as const) {
      const {page} = await open(name, {viewport: {width: 1280, height: 900}});
      const box = await page.locator('.keys').boundingBox();
      assert.ok(box !== null && box.y + box.height < 900, `${name}: ${box?.y}`);
      await page.context().close();
    }
  });

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
