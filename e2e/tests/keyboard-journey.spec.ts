// The whole way without a pointer: sign-up, a base, a cell, a filter, a site, its publication, a token. Every stop of Tab shows the focus.
import { ask } from '../support/api.ts';
import { cell, rowCount } from '../support/grid.ts';
import { press, tabTo, type } from '../support/keys.ts';
import { origin, siteOrigin } from '../support/origins.ts';
import { openMail, PASSWORD } from '../support/people.ts';
import { expect, test } from '../support/test.ts';

test('from sign-up to a published page by keyboard alone', async ({ page }) => {
  test.setTimeout(180_000);
  const email = 'kim@keys.example';
  await test.step('sign up', async () => {
    await page.goto(`${origin('app')}/signup`);
    // The first field has the focus already, so that typing starts at once.
    await page.keyboard.type('Kim Keys');
    await expect(page.getByLabel('Your name')).toHaveValue('Kim Keys');
    await type(page, 'Work e-mail', email);
    await type(page, 'Password', PASSWORD);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
    await openMail(page, email, 'Confirm');
    await page.goto((await page.locator('.mailtext a[href*="/verify"]').getAttribute('href')) ?? '');
    await press(page, 'Confirm address');
    await expect(page.getByRole('heading', { name: 'Set up your organisation' })).toBeVisible();
    await page.keyboard.type('Keys and Co');
    await expect(page.getByLabel('Organisation')).toHaveValue('Keys and Co');
    await press(page, 'Create organisation');
    await page.waitForURL(/\/o\/[^/]+\//);
  });
  const slug = /\/o\/([^/]+)\//.exec(page.url())?.[1] ?? '';

  const base = await test.step('make a base', async () => {
    await page.goto(`${origin('app')}/o/${slug}/bases`);
    // The way past the navigation is the first stop.
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
    await page.keyboard.press('Enter');
    await press(page, /New base$/);
    const dialog = page.getByRole('dialog', { name: 'New base' });
    await expect(dialog).toBeVisible();
    // Escape closes the dialog and gives the focus back.
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('button', { name: /New base$/ }).first()).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(dialog.getByLabel('Name')).toBeFocused();
    await page.keyboard.type('Shop');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/b\/app/);
    return /\/b\/(app\w+)/.exec(page.url())?.[1] ?? '';
  });

  await test.step('make a table, fill cells', async () => {
    await expect(page.getByRole('heading', { name: 'This base has no tables' })).toBeVisible();
    await press(page, 'New table');
    await expect(page.getByRole('dialog', { name: 'New table' }).getByLabel('Name')).toBeFocused();
    await page.keyboard.type('Goods');
    await page.keyboard.press('Enter');
    await expect(page.locator('[role=grid]')).toBeVisible();
    await press(page, /^Add good/);
    await expect.poll(() => rowCount(page)).toBe(1);
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role') ?? document.activeElement?.tagName)).not.toBe('BODY');
    await tabToGrid(page);
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('Oak table');
    await page.keyboard.press('Enter');
    await expect(cell(page, 1, 1)).toHaveText('Oak table');
  });

  await test.step('filter, and take the filter back', async () => {
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await press(page, 'Filter');
    await press(page, /Condition$/);
    await type(page, /^Value for/, 'Pine');
    await expect.poll(() => rowCount(page)).toBe(0);
    await press(page, /^Remove the condition/);
    await expect.poll(() => rowCount(page)).toBe(1);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('button', { name: 'Filter' })).toBeFocused();
  });

  await test.step('make a site of it and publish', async () => {
    await page.goto(`${origin('app')}/o/${slug}/sites/new`);
    await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
    await page.keyboard.type('Keys shop');
    await tabTo(page, 'Base');
    await page.keyboard.type('Shop');
    await press(page, 'Create site');
    await page.waitForURL(/\/sites\/sit_/);
    await press(page, /^Publish/);
    await page.waitForURL(/\/publish$/);
    await press(page, /^Publish \d/);
    await page.waitForURL((url) => !url.pathname.endsWith('/publish'));
    await page.goto(siteOrigin('keys-shop'));
    await expect(page.getByText('Oak table').first()).toBeVisible();
  });

  await test.step('a token, limited to the base', async () => {
    await page.goto(`${origin('app')}/o/${slug}/tokens`);
    await press(page, /New token$/);
    const dialog = page.getByRole('dialog', { name: 'New token' });
    await expect(dialog.getByLabel('What it is for')).toBeFocused();
    await page.keyboard.type('Sync');
    await tabTo(page, /^All bases/);
    await page.keyboard.press('ArrowDown');
    await tabTo(page, 'Shop');
    await page.keyboard.press('Space');
    await press(page, 'Create token');
    const text = (await page.locator('#token-text').textContent())?.trim() ?? '';
    await press(page, 'I have stored it');
    const seen = await ask('/v1/bases', { token: text });
    expect(seen.json.data.map((found: { id: string }) => found.id)).toEqual([base]);
  });

  await test.step('menus: arrows, Escape', async () => {
    await page.goto(`${origin('app')}/o/${slug}/`);
    await tabTo(page, /^K ?Keys and Co/);
    await page.keyboard.press('Enter');
    const menu = page.locator('#tenant-menu');
    await expect(menu).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('#tenant-menu') !== null)).toBe(true);
    await page.keyboard.press('Escape');
    await expect(menu).toBeHidden();
    await expect(page.locator('button.tenant').first()).toBeFocused();
  });
});

async function tabToGrid(page: import('@playwright/test').Page): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let i = 0; i < 40; i += 1) {
    if (await page.evaluate(() => document.activeElement?.getAttribute('role') === 'grid')) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('40 presses of Tab do not reach the grid');
}
