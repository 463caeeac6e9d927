// Pictures of a page as it is now, at a desk and on a phone, in both themes; each is also looked at by axe.
import type { Page } from '@playwright/test';
import { audit, expect } from './test.ts';

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/** Pictures at both sizes and in both themes, without sideways scroll and findings of axe. */
export async function pictures(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const theme of ['light', 'dark']) {
      await page.evaluate((shown) => (document.documentElement.dataset.theme = shown), theme);
      await page.screenshot({ path: `screenshots/${name}-${size}-${theme}.png`, fullPage: true });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect.soft(wide, `${name} scrolls sideways at ${viewport.width}`).toBeLessThanOrEqual(0);
      await audit(page, `${name} ${size} ${theme}`);
    }
  }
  await page.setViewportSize(SIZES.desk);
}
