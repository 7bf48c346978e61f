import assert from 'node:assert/strict';
import {
  areFitForAll,
  createGallery,
  haveClaimAndDoubtsFirst,
  isReachedByKeyboard,
  widerThanPaper,
} from './gallery.js';
import {renderCard} from './rig.js';
import {demoCard, oddCard, partCard, tablesCard, undividedCard} from './sample-card.js';

describe('A data card in a browser', function () {
  this.timeout(120_000);
  const {open} = createGallery({
    demo: () => renderCard(demoCard()),
    odd: () => renderCard(oddCard()),
    part: () => renderCard(partCard()),
    tables: () => renderCard(tablesCard()),
    undivided: () => renderCard(undividedCard()),
  });

  const looks = [
    ['demo', 1280, 'light'],
    ['demo', 400, 'dark'],
    ['odd', 1280, 'dark'],
    ['odd', 400, 'light'],
    ['part', 1280, 'light'],
    ['part', 400, 'dark'],
    ['tables', 1280, 'light'],
    ['tables', 400, 'dark'],
    ['undivided', 400, 'light'],
  ] as const;
  areFitForAll(open, looks);

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
    // The note is drawn on the canvas, so what is drawn is listened to.
    await page.evaluate(
      'window.written = []; const write = CanvasRenderingContext2D.prototype.fillText; CanvasRenderingContext2D.prototype.fillText = function (...given) { written.push(given[0]); return write.apply(this, given); };',
    );
    const chart = page.locator('[data-chart="age-by-sex"]');
    await chart.scrollIntoViewIfNeeded();
    const rows = tablesCard().content.people.ages;
    for (const position of [
      {x: 120, y: 130},
      {x: 330, y: 190},
    ]) {
      await page.evaluate('written.length = 0');
      await chart.locator('canvas').hover({position});
      const told = 'written.some((text) => String(text).startsWith("male: "))';
      const written = new Set(
        await page.evaluate<string[]>(
          `new Promise((done) => { const look = () => (${told} ? done(written.map(String)) : requestAnimationFrame(look)); look(); })`,
        ),
      );
      const shown = rows.filter(
        ({female, male}) =>
          written.has(`female: ${female.toLocaleString('en-US')}`) &&
          written.has(`male: ${male.toLocaleString('en-US')}`),
      );
      assert.equal(shown.length, 1, [...written].join(' '));
    }
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  haveClaimAndDoubtsFirst(open, ['demo', 'odd', 'part', 'tables', 'undivided']);

  it('prints on A4 with nothing wider than the paper, always light', async () => {
    for (const name of ['odd', 'tables'] as const) {
      const {page} = await open(name, {viewport: {width: 680, height: 900}});
      assert.deepEqual(await widerThanPaper(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 680);
      assert.equal(await page.locator('img.on-dark:visible').count(), 0);
      await page.context().close();
    }
  });

  isReachedByKeyboard(open, 'demo', 'Skip to the data card');
});
