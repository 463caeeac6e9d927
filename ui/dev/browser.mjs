// A page of the mock in Chromium, with everything that went wrong in it: CSP violations, console errors, failed requests.
import { chromium } from 'playwright-core';

export const ORIGIN = process.env.ORIGIN ?? 'http://127.0.0.1:5199';

export async function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export async function open(browser, { width, height, theme = 'light', touch = false, path = '/o/acme/b/appRoutes/tblAirports' }) {
  const context = await browser.newContext({ viewport: { width, height }, hasTouch: touch, isMobile: touch, reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'] });
  await context.addCookies([{ name: 'theme', value: theme, url: ORIGIN }]);
  const page = await context.newPage();
  const problems = [];
  page.on('console', (m) => m.type() === 'error' && problems.push(m.text()));
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener('securitypolicyviolation', (e) => globalThis.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber} ${e.sample}`));
  });
  await page.goto(ORIGIN + path);
  await page.evaluate(() => document.fonts.ready);
  return { page, context, problems, violations: () => page.evaluate(() => globalThis.violations) };
}
