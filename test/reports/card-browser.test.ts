import assert from 'node:assert/strict';
import {createGallery, violationsOf, widerThanPaper} from './gallery.js';
import {renderCard} from './rig.js';
import {demoCard, oddCard, tablesCard, undividedCard} from './sample-card.js';

describe('A data card in a browser', function () {
  this.timeout(120_000);
  const {open} = createGallery({
    demo: () => renderCard(demoCard()),
    odd: () => renderCard(oddCard()),
    tables: () => renderCard(tablesCard()),
    undivided: () => renderCard(undividedCard()),
  });

  const looks = [
    ['demo', 1280, 'light'],
    ['demo', 400, 'dark'],
    ['odd', 1280, 'dark'],
    ['odd', 400, 'light'],
    ['tables', 1280, 'light'],
    ['tables', 400, 'dark'],
    ['undivided', 400, 'light'],
  ] as const;
  for (const [name, width, colorScheme] of looks)
    it(`is accessible, asks for nothing and fits: ${name}, ${width} px, ${colorScheme}`, async () => {
      const {page, complaints} = await open(name, {viewport: {width, height: 900}, colorScheme});
      assert.deepEqual(await violationsOf(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });

  it('shows every picture and opens every table where scripts do not run', async () => {
    const {page} = await open('odd', {javaScriptEnabled: false, viewport: {width: 1280, height: 900}});
    for (const image of await page.locator('img:not(.on-dark)').all()) assert.ok(await image.isVisible());
    assert.equal(await page.locator('canvas').count(), 0);
    await page.getByText('Counts of this table').click();
    assert.ok(await page.locator('#together-counts').isVisible());
    await page.context().close();
  });

  it('draws boxes where they are in the picture', async () => {
    const {page} = await open('demo', {viewport: {width: 1280, height: 900}});
    const boxes = oddCard().content.samples!.shown[0]!.boxes;
    const places = await page.evaluate<number[][]>(
      '(() => { const film = document.querySelector(".film"); const whole = film.querySelector("img").getBoundingClientRect(); return [...film.querySelectorAll(".frame")].map((frame) => { const {x, y, width, height} = frame.getBBox(); const matrix = frame.getScreenCTM(); return [(x * matrix.a + matrix.e - whole.left) / whole.width, (y * matrix.d + matrix.f - whole.top) / whole.height, width * matrix.a / whole.width, height * matrix.d / whole.height]; }); })()',
    );
    assert.equal(places.length, 2);
    for (const [index, {x, y, width, height}] of boxes.entries())
      for (const [side, value] of [x, y, width, height].entries())
        assert.ok(Math.abs(places[index]![side]! - value) < 0.01, `${places[index]} is not ${value}`);
    await page.context().close();
  });

  it('shows values under the pointer, whichever side of a pyramid', async () => {
    const {page, complaints} = await open('tables', {viewport: {width: 1280, height: 900}});
    const chart = page.locator('[data-chart="age-by-sex"]');
    await chart.scrollIntoViewIfNeeded();
    await chart.locator('canvas').hover({position: {x: 200, y: 150}});
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  it('puts claim and doubts on the first screen', async () => {
    for (const name of ['demo', 'odd', 'tables', 'undivided'] as const) {
      const {page} = await open(name, {viewport: {width: 1280, height: 900}});
      const box = await page.locator('.keys').boundingBox();
      assert.ok(box !== null && box.y + box.height < 900, `${name}: ${box?.y}`);
      await page.context().close();
    }
  });

  it('prints on A4 with nothing wider than the paper, always light', async () => {
    for (const name of ['odd', 'tables'] as const) {
      const {page} = await open(name, {viewport: {width: 680, height: 900}});
      assert.deepEqual(await widerThanPaper(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 680);
      assert.equal(await page.locator('img.on-dark:visible').count(), 0);
      await page.context().close();
    }
  });

  it('is reached by keyboard: the skip link first', async () => {
    const {page} = await open('demo', {viewport: {width: 1280, height: 900}});
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the data card');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'main');
    await page.context().close();
  });
});
