/**
 * The page in a real browser: what axe finds, what it asks for, what it looks like on paper. `UPDATE_DOCS=1` takes the
 * picture of the documents anew.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { withControls } from '../../../domain/reports/controls/controls.ts';
import { page as htmlPage } from '../../../domain/reports/html/page.ts';
import { incidentReport } from '../../../domain/reports/incident/build.ts';
import { incidentHtml } from '../../../domain/reports/incident/html.ts';
import { browserPath, launch } from './browser.ts';
import { audit, stranger } from './incident/incident-facts.ts';
import { failedStage } from './incident/incident-variants.ts';
import { pharmacyFacts, pharmacyReport } from './pharmacy.ts';

const picture = join(import.meta.dirname, '..', '..', '..', 'docs', 'report.png');
if (browserPath === undefined) {
  process.stderr.write(
    'No Chromium on this machine (CHROMIUM=<path>): the page’s tests are skipped.\n',
  );
}

/** Everything there can be on it: controls, certificates, a purpose that would be a script, very long names. */
function full(): string {
  const { secrets } = pharmacyFacts();
  const hostile = '<script>document.title = "hacked"</script><img src="https://example.com/x.png">';
  return htmlPage(
    withControls(
      pharmacyReport({
        // One of each state: axe looks at every cell.
        secrets: secrets
          .filter(({ key }) => ['jwt', 'legacyDb', 'pii', 'dbAdmin'].includes(key))
          .map((secret) =>
            secret.key === 'jwt'
              ? { ...secret, purpose: hostile, access: [`team-${'x'.repeat(120)}`] }
              : secret,
          ),
        certificates: [
          {
            name: 'www',
            source: 'pharmacy.example:443',
            notAfter: '2026-08-01T00:00:00Z',
            daysLeft: 63,
          },
        ],
      }),
    ),
  );
}

/** An incident with everything that can be on its page: what failed, an audit, a user agent that would be a script. */
function incidentPage(): string {
  const userAgent = '<script>document.title = "hacked"</script>\u202e';
  const sources = stranger.sources.map((one) => ({ ...one, userAgent }));
  const readers = [{ ...stranger, sources, readNew: true }, ...audit.readers.slice(1)];
  return incidentHtml(incidentReport({ ...failedStage, audit: { ...audit, readers } }));
}

// Expressions of the browser, as text: the types of the tree know no document.
const backgroundColour = 'getComputedStyle(document.body).backgroundColor';
const cutOff = `[...document.querySelectorAll('table, .scroll, .timeline svg, td, th, .tiles, .verdict')]
  .filter((it) =>
    it.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5 ||
    it.scrollWidth > it.clientWidth + 1)
  .map((it) => it.tagName + ' ' + it.className + ' ' + it.textContent.slice(0, 60))`;

(browserPath === undefined ? describe.skip : describe)('the page', () => {
  let directory: string;
  const url = (name: string) => pathToFileURL(join(directory, name)).href;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const asked: string[] = [];
  const left: string[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    // Not outside: what stands there is done without a browser as well, and nothing would take it away.
    directory = mkdtempSync(join(tmpdir(), 'quarterturn-report-'));
    writeFileSync(join(directory, 'full.html'), full());
    writeFileSync(join(directory, 'plain.html'), htmlPage(pharmacyReport()));
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    context.on('request', (request) => asked.push(request.url()));
    // What the policy stops is never routed.
    await context.route('**', (route) => {
      if (route.request().url().startsWith('file:')) return route.continue();
      left.push(route.request().url());
      return route.abort();
    });
    page = await context.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url('full.html'));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function objections(colorScheme: 'light' | 'dark', only?: string) {
    await page.emulateMedia({ colorScheme, media: 'screen' });
    await page.evaluate(axe.source);
    const found = await page.evaluate(
      (rule) =>
        (globalThis as unknown as { axe: typeof axe }).axe.run(
          rule === undefined ? {} : { runOnly: [rule] },
        ),
      only,
    );
    expect(found.passes.map(({ id }) => id)).toContain('color-contrast');
    return found.violations.map(({ id, nodes }) => ({
      id,
      at: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).slice(0, 3),
    }));
  }

  test('has nothing axe objects to', async () => {
    expect(await objections('light')).toEqual([]);
  }, 60_000);

  test('nor in the dark, where only colours differ', async () => {
    expect(await objections('dark', 'color-contrast')).toEqual([]);
  }, 60_000);

  test('is dark where the reader’s system is, and light on paper all the same', async () => {
    const background = () => page.evaluate<string>(backgroundColour);
    await page.emulateMedia({ colorScheme: 'dark', media: 'screen' });
    expect(await background()).toBe('rgb(18, 21, 23)');
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    expect(await background()).toBe('rgb(255, 255, 255)');
  });

  test('asks for itself and nothing else, says nothing on the console, runs nothing of a deployment', async () => {
    expect(asked.filter((one) => !one.startsWith('data:'))).toEqual([url('full.html')]);
    expect(complaints).toEqual([]);
    expect(await page.title()).toBe('Secret rotation: pharmacy/prod, 2026-05-29');
    expect(await page.locator('script, img, iframe, object, link[rel="stylesheet"]').count()).toBe(
      0,
    );
    expect(await page.locator('#inventory td').first().textContent()).toContain('<script>');
  });

  test('its policy stops a style, a script and a picture that should not be there', async () => {
    const intruded = await context.newPage();
    const extra =
      '<style>body{background:rgb(1,2,3)!important}</style><script>document.title="hacked"</script><img src="https://example.com/y.png"></main>';
    writeFileSync(join(directory, 'intruded.html'), full().replace('</main>', extra));
    await intruded.goto(url('intruded.html'));
    expect(await intruded.title()).not.toBe('hacked');
    expect(await intruded.evaluate<string>(backgroundColour)).not.toBe('rgb(1, 2, 3)');
    expect(left).toEqual([]);
    await intruded.close();
  });

  test.each([
    ['A4 upright', 690],
    ['a letter upright', 716],
  ])('on paper, %s, nothing is cut off', async (_, width) => {
    await page.setViewportSize({ width, height: 980 });
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    const cut = await page.evaluate<string[]>(cutOff);
    expect(cut).toEqual([]);
    await page.setViewportSize({ width: 1200, height: 900 });
  });

  test('on a telephone only tables and the timeline scroll, each by itself', async () => {
    await page.setViewportSize({ width: 375, height: 800 });
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
    const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate<number>(wider)).toBe(0);
    await page.setViewportSize({ width: 1200, height: 900 });
  });

  test('has landmarks, one heading of the page, a caption and scopes at every table, and words for the timeline', async () => {
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
    for (const landmark of ['header', 'nav', 'main', 'footer', 'h1']) {
      expect(await page.locator(landmark).count()).toBe(1);
    }
    expect(await page.locator('table:not(:has(> caption))').count()).toBe(0);
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    const words = await page.locator('#timeline-text').textContent();
    expect(words).toContain('jwt: rotated 2025-11-18, rotated 2025-06-03; next due 2026-05-17.');
  });

  test('what is past its limit comes first', async () => {
    expect(await page.locator('#verdict').textContent()).toBe('1 secret is past its limit');
    expect(await page.locator('#schedule tbody th').first().textContent()).toBe('jwt');
  });

  // Last but for the picture: it leaves the page above.
  test('the report of an incident has nothing axe objects to, is not cut off on paper, and runs nothing', async () => {
    writeFileSync(join(directory, 'incident.html'), incidentPage());
    await page.goto(url('incident.html'));
    expect(await page.title()).toBe('Security incident: pharmacy/prod, 2026-04-02 08:15:00 UTC');
    expect(await objections('light')).toEqual([]);
    expect(await objections('dark', 'color-contrast')).toEqual([]);
    await page.setViewportSize({ width: 690, height: 980 });
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    expect(await page.evaluate<string[]>(cutOff)).toEqual([]);
    await page.setViewportSize({ width: 375, height: 800 });
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
    const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate<number>(wider)).toBe(0);
    await page.setViewportSize({ width: 1200, height: 900 });
    expect(await page.locator('script, img, iframe, object').count()).toBe(0);
    expect(await page.locator('table:not(:has(> caption)), th:not([scope])').count()).toBe(0);
    expect(complaints).toEqual([]);
    expect(left).toEqual([]);
  }, 60_000);

  test('the picture of the documents is there, and small enough to be looked at', async () => {
    if (process.env.UPDATE_DOCS === '1') {
      await page.goto(url('plain.html'));
      await page.setViewportSize({ width: 1200, height: 1900 });
      await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
      const end = await page.locator('#schedule').boundingBox();
      const height = Math.ceil((end?.y ?? 0) + (end?.height ?? 0) + 32);
      await page.screenshot({ path: picture, clip: { x: 0, y: 0, width: 1200, height } });
    }
    const bytes = readFileSync(picture);
    expect(bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(bytes.length).toBeLessThan(300 * 1024);
  });
});
