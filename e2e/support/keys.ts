// A person without a pointer: Tab to a control by its name, with the focus seen at every stop.
import type { Page } from '@playwright/test';
import { expect } from '@playwright/test';

interface Stop { name: string; role: string; seen: boolean; shown: string }

const stop = (page: Page): Promise<Stop> => page.evaluate(() => {
  const element = document.activeElement;
  if (!(element instanceof HTMLElement) || element === document.body) return { name: '', role: '', seen: true, shown: '' };
  const labels = (element as HTMLInputElement).labels;
  const by = element.getAttribute('aria-labelledby')?.split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
  const name = element.getAttribute('aria-label') ?? by ?? labels?.[0]?.textContent ?? element.textContent ?? '';
  // A ring on the control, or on the card around a hidden radio button.
  const ringed = (at: Element | null): boolean => {
    if (!at) return false;
    const style = getComputedStyle(at);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  };
  // The grid shows the focus in its active cell.
  const seen = element.getAttribute('role') === 'grid' || element.tagName === 'IFRAME' || ringed(element) || ringed(element.closest('label')) || ringed(element.parentElement);
  return { name: name.replace(/\s+/g, ' ').trim(), role: element.getAttribute('role') ?? element.tagName.toLowerCase(), seen, shown: element.outerHTML.slice(0, 140) };
});

/** Presses Tab until a control of this name has the focus. */
export async function tabTo(page: Page, name: RegExp | string, presses = 60): Promise<void> {
  const wanted = (found: string): boolean => (typeof name === 'string' ? found === name : name.test(found));
  const passed: string[] = [];
  for (let i = 0; i < presses; i += 1) {
    await page.keyboard.press('Tab');
    const at = await stop(page);
    expect.soft(at.seen, `the focus is not seen at ${at.shown}`).toBe(true);
    if (wanted(at.name)) return;
    passed.push(at.name || at.role);
  }
  throw new Error(`${presses} presses of Tab do not reach ${String(name)}: ${passed.join(' · ')}`);
}

/** Tab to it, Enter. */
export async function press(page: Page, name: RegExp | string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** Tab to a field, type. */
export async function type(page: Page, name: RegExp | string, text: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.type(text);
}
