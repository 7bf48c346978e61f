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

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 A and AA and good practice, with everything unfolded. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
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
