import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Browser, BrowserContextOptions, Page} from 'playwright-core';
import {openChromium} from './chromium.js';

/** Pages as files, opened in a browser; whatever one asks for or complains about is collected. */
export type Gallery<Name extends string> = Readonly<{
  open(name: Name, options: BrowserContextOptions): Promise<{page: Page; complaints: string[]}>;
}>;

/** Registers the hooks of a suite: pages are written and Chromium is started before it, and both go after it. */
export function createGallery<Name extends string>(
  pages: Readonly<Record<Name, () => string>>,
): Gallery<Name> {
  let browser: Browser | null = null;
  const folder = mkdtempSync(join(tmpdir(), 'report-test-'));
  before('Chromium is installed', async function () {
    browser = await openChromium();
    if (browser === null) this.skip();
    for (const [name, page] of Object.entries<() => string>(pages))
      writeFileSync(join(folder, `${name}.html`), page());
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, {recursive: true, force: true});
  });
  return {
    open: async (name, options) => {
      const context = await browser!.newContext(options);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (!/^(?:file|data):/.test(request.url())) complaints.push(`asks for ${request.url()}`);
      });
      await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
      return {page, complaints};
    },
  };
}

type Look<Name> = readonly [name: Name, width: number, colorScheme: 'light' | 'dark'];

/** A test for each look: no barrier that axe finds, no request, no complaint, nothing wider than the window. */
export function areFitForAll<Name extends string>(
  open: Gallery<Name>['open'],
  looks: readonly Look<Name>[],
): void {
  for (const [name, width, colorScheme] of looks)
    it(`is accessible, asks for nothing and fits: ${name}, ${width} px, ${colorScheme}`, async () => {
      const {page, complaints} = await open(name, {viewport: {width, height: 900}, colorScheme});
      assert.deepEqual(await violationsOf(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
}

/** A test that what matters most is seen without scrolling. */
export function haveClaimAndDoubtsFirst<Name extends string>(
  open: Gallery<Name>['open'],
  names: readonly Name[],
): void {
  it('puts claim and doubts on the first screen', async () => {
    for (const name of names) {
      const {page} = await open(name, {viewport: {width: 1280, height: 900}});
      const box = await page.locator('.keys').boundingBox();
      assert.ok(box !== null && box.y + box.height < 900, `${name}: ${box?.y}`);
      await page.context().close();
    }
  });
}

/** A test that the first key leads past the contents. @param skip - The text of that link. */
export function isReachedByKeyboard<Name extends string>(
  open: Gallery<Name>['open'],
  name: Name,
  skip: string,
): void {
  it('is reached by keyboard: the skip link first', async () => {
    const {page} = await open(name, {viewport: {width: 1280, height: 900}});
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), skip);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'main');
    await page.context().close();
  });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 A and AA and good practice, with everything unfolded. */
async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate('for (const folded of document.querySelectorAll("details")) folded.open = true');
  await page.evaluate(axe);
  return page.evaluate<string[]>(
    'axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((found) => found.violations.map((one) => one.id + ": " + one.nodes[0].html))',
  );
}

/** Names of tables, figures and texts that reach over the right edge of a page on paper. */
export async function widerThanPaper(page: Page): Promise<readonly string[]> {
  await page.emulateMedia({media: 'print', colorScheme: 'dark'});
  return page.evaluate<string[]>(
    '[...document.querySelectorAll("table, figure, pre, ul, dl")].filter((e) => e.getBoundingClientRect().right > 681).map((e) => e.id || e.className || e.tagName)',
  );
}
