/**
 * Chromium for the page tests: real pages, axe on each, and screenshots where OPENWARD_SCREENSHOTS names a
 * folder to look at them.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** The distribution's Chromium, as npm's pretest installs it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Screen {
  readonly javaScript: boolean;
  readonly width: number;
}

export const DESK: Screen = { javaScript: true, width: 1280 };
export const NO_SCRIPT: Screen = { javaScript: false, width: 1280 };
export const NARROW: Screen = { javaScript: true, width: 320 };

export async function contextFor(browser: Browser, screen: Screen): Promise<BrowserContext> {
  return browser.newContext({
    javaScriptEnabled: screen.javaScript,
    viewport: { width: screen.width, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/London',
  });
}

/**
 * What axe finds wrong on the page as it is now, in words; empty where it finds nothing. axe is a script: a
 * page without any is looked at through a twin, which gets the same markup and may run scripts.
 */
export async function axeFindings(page: Page, twin: Page): Promise<readonly string[]> {
  const html = await page.content();
  const { pathname, origin } = new URL(page.url());
  await twin.route(`${origin}${pathname}*`, (route) =>
    route.fulfill({ body: html, contentType: 'text/html; charset=utf-8' }),
  );
  await twin.setViewportSize(page.viewportSize() ?? { width: 1280, height: 900 });
  await twin.goto(`${origin}${pathname}`);
  await twin.unroute(`${origin}${pathname}*`);
  await twin.evaluate(await readFile(AXE, 'utf8'));
  const found = await twin.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(RULES)} }).then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.target.join(' ') + ' ' + n.failureSummary)))`,
  );
  return found as readonly string[];
}

/** How many pixels of the page lie beside the window: 0 where nothing has to be scrolled sideways. */
export async function sidewaysPixels(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const { cssContentSize, cssLayoutViewport } = await session.send('Page.getLayoutMetrics');
  await session.detach();
  return Math.max(0, Math.round(cssContentSize.width - cssLayoutViewport.clientWidth));
}

/** Keeps a picture of the whole page, where somebody wants to look. */
export async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env.OPENWARD_SCREENSHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
