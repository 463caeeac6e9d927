// The grid by keyboard alone: no pointer is used in this file after the page is open.
import type { Page } from '@playwright/test';
import { ask } from '../support/api.ts';
import { cell, ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

const ROWS = 1_000;

interface Place { base: string; table: string; token: string }
let place: Place;

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Keyboard', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const base = (await ask('/v1/bases', { token, body: { name: 'Keyboard' } })).json.id;
  const made = await ask('/v1/tables', { token, body: { base, name: 'Parcels', fields: [
    { name: 'Label', type: 'text' }, { name: 'Weight', type: 'number' }, { name: 'Fragile', type: 'checkbox' }, { name: 'Sent', type: 'date' },
    { name: 'State', type: 'select', options: { choices: [{ name: 'Packed', colour: 'green' }, { name: 'Lost', colour: 'gray' }] } },
  ] } });
  expect(made.status, made.text).toBe(201);
  const table = made.json.id;
  const records = Array.from({ length: ROWS }, (_, i) => ({ fields: { Label: `Parcel ${String(i + 1).padStart(4, '0')}`, Weight: (i % 50) + 0.5 } }));
  const filled = await ask('/v1/records', { token, body: { table, records } });
  expect(filled.status, filled.text.slice(0, 300)).toBe(201);
  place = { base, table, token };
});

async function open(page: Page, slug: string): Promise<void> {
  await page.goto(`${origin('app')}/o/${slug}/b/${place.base}/${place.table}`);
  await ready(page);
  await expect(cell(page, 1, 1)).toHaveText('Parcel 0001');
}

const active = (page: Page): Promise<string> => page.evaluate(() => {
  const id = document.querySelector('[role=grid]')?.getAttribute('aria-activedescendant') ?? '';
  const element = document.getElementById(id);
  const row = element?.closest('[role=row]')?.getAttribute('aria-rowindex');
  return element && row ? `${Number(row) - 1}:${Number(element.getAttribute('aria-colindex')) - 1}` : '';
});

/** Tab from the top of the page until the grid has the focus, as somebody without a pointer does. */
async function tabToGrid(page: Page): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let presses = 0; presses < 40; presses += 1) {
    if (await page.evaluate(() => document.activeElement?.getAttribute('role') === 'grid')) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('40 presses of Tab do not reach the grid');
}

test('the grid is reached by Tab, moved in by arrows, and has a last row', async ({ signedIn: page, person }) => {
  await open(page, person.slug);
  await tabToGrid(page);
  await page.keyboard.press('Control+Home');
  await expect.poll(() => active(page)).toBe('1:1');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => active(page)).toBe('2:2');
  await page.keyboard.press('End');
  await expect.poll(() => active(page)).toBe('2:5');
  await page.keyboard.press('Control+End');
  await expect.poll(() => active(page)).toBe(`${ROWS}:5`);
  await page.keyboard.press('Home');
  await expect(cell(page, ROWS, 1)).toHaveText('Parcel 1000');
  await page.keyboard.press('Control+ArrowUp');
  await expect.poll(() => active(page)).toBe('1:1');
  await audit(page);
});

test('every kind of cell is edited without a pointer, and the server has the values', async ({ signedIn: page, person }) => {
  await open(page, person.slug);
  await tabToGrid(page);
  await page.keyboard.press('Control+Home');
  // Typing replaces; Enter goes down.
  await page.keyboard.type('First parcel');
  await page.keyboard.press('Enter');
  await expect(cell(page, 1, 1)).toHaveText('First parcel');
  // F2 edits what is there; Tab goes right.
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('F2');
  await page.keyboard.press('End');
  await page.keyboard.type('!');
  await page.keyboard.press('Tab');
  await page.keyboard.type('12.75');
  await page.keyboard.press('Tab');
  await expect.poll(() => active(page)).toBe('1:3');
  // A checkbox turns by Enter.
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('2026-11-21');
  await page.keyboard.press('Tab');
  await expect.poll(() => active(page)).toBe('1:5');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Pack');
  await page.keyboard.press('Enter');
  await expect(cell(page, 1, 5)).toContainText('Packed');
  await expect(async () => {
    const { json } = await ask(`/v1/records?table=${place.table}&limit=1`, { token: place.token });
    expect(json.data[0].fields).toMatchObject({ Label: 'First parcel!', Weight: 12.75, Fragile: true, Sent: '2026-11-21', State: 'Packed' });
  }).toPass({ timeout: 5_000 });
});

test('Escape drops an edit; undo and redo; a wrong number is refused where it is typed', async ({ signedIn: page, person }) => {
  await open2(page, person.slug);
  await page.keyboard.press('F2');
  await page.keyboard.type(' dropped');
  await page.keyboard.press('Escape');
  await expect(cell(page, 2, 1)).toHaveText('Parcel 0002');
  await page.keyboard.type('Changed');
  await page.keyboard.press('Enter');
  await expect(cell(page, 2, 1)).toHaveText('Changed');
  await page.keyboard.press('Control+z');
  await expect(cell(page, 2, 1)).toHaveText('Parcel 0002');
  await page.keyboard.press('Control+y');
  await expect(cell(page, 2, 1)).toHaveText('Changed');
  await page.keyboard.press('Control+z');
  await expect(cell(page, 2, 1)).toHaveText('Parcel 0002');
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('heavy');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'number' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(cell(page, 2, 2)).toContainText('1.5');
});

test('the record panel, the shortcuts and the palette open and close by keys, and the focus comes back', async ({ signedIn: page, person }) => {
  await open2(page, person.slug);
  await page.keyboard.press('Space');
  await expect(page.locator('.record').getByRole('heading', { name: 'Parcel 0002' })).toBeVisible();
  await audit(page);
  await page.keyboard.press('Escape');
  await expect(page.locator('.record')).toHaveCount(0);
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('grid');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('grid');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('listbox')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('grid');
});

/** The second row, which other tests of this file leave as it is. */
async function open2(page: Page, slug: string): Promise<void> {
  await page.goto(`${origin('app')}/o/${slug}/b/${place.base}/${place.table}`);
  await ready(page);
  await expect(cell(page, 2, 1)).toHaveText('Parcel 0002');
  await tabToGrid(page);
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => active(page)).toBe('2:1');
}
