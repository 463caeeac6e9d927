// The workspace's grid as seen from outside: rows and columns count from 1, as a person counts.
import type { Locator, Page } from '@playwright/test';
import { expect } from '@playwright/test';

export const cell = (page: Page, row: number, column: number): Locator =>
  page.locator(`[role=row][aria-rowindex="${row + 1}"] [aria-colindex="${column + 1}"]`);

export async function ready(page: Page): Promise<void> {
  await expect(page.locator('[role=gridcell][aria-colindex]').first()).toBeVisible({ timeout: 20_000 });
  await expect(page.locator('[role=grid]')).not.toHaveAttribute('aria-rowcount', '-1');
}

/** How many records the grid says it has. */
export const rowCount = async (page: Page): Promise<number> => Number(await page.locator('[role=grid]').getAttribute('aria-rowcount')) - 1;

export interface Link {
  column: string;
  table: string;
  by: string;
}

/** Imports a file through the dialog into a new table and opens that. `seen`: called once while the bar moves. */
export async function importFile(page: Page, path: string, links: Link[], expected: string): Promise<{ progress: string[] }> {
  const sheet = page.getByRole('dialog');
  await sheet.locator('input[type=file]').setInputFiles(path);
  await expect(sheet.getByRole('button', { name: 'Create table' })).toBeEnabled({ timeout: 30_000 });
  for (const link of links) {
    await sheet.getByLabel(`Type of ${link.column}`, { exact: true }).selectOption('link');
    await sheet.getByLabel(`Table that ${link.column} links to`, { exact: true }).selectOption({ label: link.table });
    await sheet.getByLabel(`Field that ${link.column} is looked up in`, { exact: true }).selectOption({ label: link.by });
  }
  await sheet.getByRole('button', { name: 'Create table' }).click();
  const progress: string[] = [];
  const done = page.getByRole('heading', { name: expected });
  await expect(async () => {
    const shown = await sheet.locator('.prog .num').first().textContent({ timeout: 200 }).catch(() => null);
    if (shown && progress.at(-1) !== shown) progress.push(shown);
    await expect(done).toBeVisible({ timeout: 100 });
  }).toPass({ timeout: 240_000, intervals: [100] });
  await page.getByRole('button', { name: 'Open the table' }).click();
  await ready(page);
  return { progress };
}
