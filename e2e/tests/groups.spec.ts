// Groups of the grid: headings with counts and totals, folding by mouse and by key, records that move between groups, pictures.
import type { Locator, Page } from '@playwright/test';
import { ask } from '../support/api.ts';
import { ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { audit, expect, test } from '../support/test.ts';

interface Place { base: string; table: string; view: string; token: string; state: string; town: string; sales: string; records: string[] }
let place: Place;

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Shops', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Shops' })).id as string;
  const made = await post('/v1/tables', { base, name: 'Shops', fields: [
    { name: 'Name', type: 'text' },
    { name: 'State', type: 'select', options: { choices: [{ name: 'Open', colour: 'green' }, { name: 'Review', colour: 'violet' }, { name: 'Closed', colour: 'gray' }] } },
    { name: 'Town', type: 'text' }, { name: 'Sales', type: 'number', options: { precision: 0 } }, { name: 'Own', type: 'checkbox' }, { name: 'Since', type: 'date' },
  ] });
  const table = made.id as string;
  const rows: [string, string | null, string | null, number][] = [
    ['Harbour', 'Open', 'Oslo', 120], ['Market', 'Open', 'Oslo', 80], ['Station', 'Open', 'Rome', 240], ['Old town', 'Review', 'Rome', 30],
    ['Airport', 'Review', null, 60], ['Castle', 'Closed', 'Oslo', 0], ['Pier', null, 'Rome', 15],
  ];
  const records = rows.map(([Name, State, Town, Sales], i) => ({ fields: { Name, State, Town, Sales, Own: i % 2 === 0, Since: `20${10 + i}-05-0${i + 1}` } }));
  const stored = await post('/v1/records', { table, records });
  const [, state, town, sales] = made.fields.map((field: { id: string }) => field.id) as string[];
  const view = made.views[0].id as string;
  place = { base, table, view, token, state: state ?? '', town: town ?? '', sales: sales ?? '', records: stored.data.map((one: { id: string }) => one.id) };
});

const open = async (page: Page, slug: string): Promise<void> => {
  await page.goto(`${origin('app')}/o/${slug}/b/${place.base}/${place.table}`);
  await ready(page);
};
const heading = (page: Page, name: string): Locator => page.locator('.g-group').filter({ hasText: name }).first();
const folded = (page: Page, name: string): Locator => heading(page, name).locator('[aria-expanded=false]');
/** Headings and names of records as they stand, with the row numbers of records. */
const lines = (page: Page): Promise<string[]> => page.evaluate(() =>
  [...document.querySelectorAll<HTMLElement>('.g-body > [role=row]:not(.g-addrow)')]
    .sort((a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')))
    .map((row) => (row.classList.contains('g-group')
      ? `${row.querySelector('.g-gv')?.textContent ?? ''} ${row.querySelector('.num')?.textContent ?? ''}`
      : `${row.querySelector('[role=rowheader]')?.textContent?.trim() ?? ''} ${row.querySelector('[aria-colindex="2"]')?.textContent ?? ''}`)));

/** Grouped by state and town, last town first, with sums. */
async function grouped(): Promise<void> {
  const config = { group: [{ field: place.state }, { field: place.town, desc: true }], totals: { [place.sales]: 'sum' } };
  const saved = await ask(`/v1/views/${place.view}`, { token: place.token, method: 'PATCH', body: { config } });
  expect(saved.status, saved.text).toBe(200);
}

test('groups are chosen, folded and kept', async ({ signedIn: page, person }) => {
  await open(page, person.slug);
  await page.getByRole('button', { name: 'Group', exact: true }).click();
  await page.getByLabel('Add a field to group by').selectOption({ label: 'State' });
  await page.keyboard.press('Escape');
  await expect.poll(() => lines(page)).toEqual(['Open 3', '1 Harbour', '2 Market', '3 Station', 'Review 2', '4 Old town', '5 Airport', 'Closed 1', '6 Castle', '(Empty) 1', '7 Pier']);
  // The pill of the choice; the footer counts records, not lines.
  await expect(heading(page, 'Open').locator('.pill')).toHaveText('Open');
  await expect(page.locator('.g-foot')).toContainText('7 shops');
  // A total stands in every heading, under its column.
  await page.getByRole('button', { name: 'Add a total to Sales' }).click({ force: true });
  await page.getByRole('menuitemradio', { name: 'Sum' }).or(page.getByRole('menuitem', { name: 'Sum' })).click();
  await expect(heading(page, 'Open').locator('.g-gt')).toHaveText('Sum 440');
  await expect(heading(page, '(Empty)').locator('.g-gt')).toHaveText('Sum 15');
  const edges = await page.evaluate((field) => {
    const right = (element: Element | null | undefined) => Math.round(element?.getBoundingClientRect().right ?? 0);
    return [right(document.querySelector('.g-gt')), right(document.querySelector(`[data-foot="${field}"]`)?.parentElement)];
  }, place.sales);
  expect(edges[0]).toBe(edges[1]);
  // By mouse; kept by this browser for the next visit.
  await heading(page, 'Open').locator('.g-gh').click();
  await expect(folded(page, 'Open')).toHaveCount(1);
  await expect.poll(() => lines(page)).toEqual(['Open 3', 'Review 2', '4 Old town', '5 Airport', 'Closed 1', '6 Castle', '(Empty) 1', '7 Pier']);
  await audit(page);
  await open(page, person.slug);
  await expect(folded(page, 'Open')).toHaveCount(1);
  await expect(heading(page, 'Open').locator('.g-gt')).toHaveText('Sum 440');
  // Within it another level, last town first.
  await page.getByRole('button', { name: 'Group: State' }).click();
  await page.getByLabel('Add a field to group by').selectOption({ label: 'Town' });
  await page.getByLabel('Direction').nth(1).selectOption('down');
  await page.keyboard.press('Escape');
  await expect.poll(() => lines(page)).toEqual([
    'Open 3', 'Rome 1', '1 Station', 'Oslo 2', '2 Harbour', '3 Market', 'Review 2', 'Rome 1', '4 Old town', '(Empty) 1', '5 Airport', 'Closed 1', 'Oslo 1', '6 Castle', '(Empty) 1', 'Rome 1', '7 Pier',
  ]);
  await pictures(page, 'groups');
});

test('by key: folding, adding within a group, moving to another', async ({ signedIn: page, person }) => {
  await grouped();
  await open(page, person.slug);
  const grid = page.getByRole('grid');
  await grid.focus();
  await page.keyboard.press('Control+ArrowUp');
  await expect(page.locator('.g-group.focus')).toContainText('Open');
  const active = () => page.evaluate(() => {
    const cell = document.getElementById(document.querySelector('[role=grid]')?.getAttribute('aria-activedescendant') ?? '');
    return [...(cell?.querySelectorAll('.g-gv, .num') ?? [])].map((part) => part.textContent).join(' ');
  });
  await expect.poll(active).toBe('Open 3');
  await page.keyboard.press('ArrowLeft');
  await expect(folded(page, 'Open')).toHaveCount(1);
  await page.keyboard.press('ArrowDown');
  await expect.poll(active).toBe('Review 2');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowRight');
  await expect(folded(page, 'Open')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(folded(page, 'Open')).toHaveCount(1);
  await page.keyboard.press('Control+ArrowRight');
  await expect(page.locator('.g-group [aria-expanded=false]')).toHaveCount(0);
  await page.keyboard.press('Control+ArrowLeft');
  await expect.poll(() => lines(page)).toEqual(['Open 3', 'Review 2', 'Closed 1', '(Empty) 1']);
  await page.keyboard.press('Control+ArrowRight');
  await expect.poll(async () => (await lines(page)).length).toBe(17);
  // On the inner heading: right goes on into it, left back to the outer one.
  await page.keyboard.press('ArrowDown');
  await expect.poll(active).toBe('Rome 1');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('.g-c.focus')).toHaveText('Station');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowLeft');
  await expect(folded(page, 'Rome')).toHaveCount(1);
  await page.keyboard.press('ArrowLeft');
  await expect.poll(active).toBe('Open 3');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  // A record that is added to a group has its values, and the focus.
  await page.keyboard.press('Shift+Enter');
  await expect.poll(() => lines(page)).toContain('2 ');
  await expect(page.locator('.g-c.focus')).toHaveText('');
  await page.keyboard.type('Garden');
  await page.keyboard.press('Enter');
  await expect.poll(() => lines(page)).toContain('2 Garden');
  await expect(heading(page, 'Open').locator('.num').first()).toHaveText('4');
  const garden = await ask(`/v1/records?table=${place.table}&filter=${encodeURIComponent('{Name} = "Garden"')}`, { token: place.token });
  expect(garden.json.data[0].fields).toMatchObject({ State: 'Open', Town: 'Rome' });
  // An edit moves it, and the focus goes with it; undo brings it back.
  await page.keyboard.press('ArrowUp');
  await expect(page.locator('.g-c.focus')).toHaveText('Garden');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Clo');
  await page.keyboard.press('Enter');
  await expect(heading(page, 'Closed').locator('.num').first()).toHaveText('2');
  await expect(heading(page, 'Open').locator('.num').first()).toHaveText('3');
  await page.keyboard.press('Control+z');
  await expect(heading(page, 'Closed').locator('.num').first()).toHaveText('1');
  // The keys are on the sheet.
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog').getByText('collapse, expand the group')).toBeVisible();
});

test('others move records while one looks; copying passes over headings; without groups', async ({ signedIn: page, person }) => {
  await grouped();
  await open(page, person.slug);
  await expect(heading(page, 'Review').locator('.num').first()).toHaveText('2');
  const patch = await ask(`/v1/records/${place.records[5] ?? ''}`, { token: place.token, method: 'PATCH', body: { fields: { State: 'Review', Sales: 7 } } });
  expect(patch.status, patch.text).toBe(200);
  await expect(heading(page, 'Review').locator('.num').first()).toHaveText('3');
  await expect(heading(page, 'Review').locator('.g-gt')).toHaveText('Sum 97');
  // Copied across headings: the records alone.
  await page.locator('.g-c.p', { hasText: 'Old town' }).click();
  await page.locator('.g-c.p', { hasText: 'Airport' }).click({ modifiers: ['Shift'] });
  const copied = await page.evaluate(() => {
    const data = new DataTransfer();
    document.querySelector('[role=grid]')?.dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }));
    return data.getData('text/plain').split('\n');
  });
  expect(copied).toHaveLength(3 - Number(!copied.includes('Castle')));
  expect(copied[0]).toBe('Old town');
  expect(copied.at(-1)).toBe('Airport');
  // The plus of a heading, which shows under the pointer.
  await page.getByRole('button', { name: 'Add shop to Review' }).click({ force: true });
  await expect(heading(page, 'Review').locator('.num').first()).toHaveText('4');
  // Without groups the rows are rows again.
  await page.getByRole('button', { name: 'Group 2' }).click();
  for (const name of ['Town', 'State']) await page.getByRole('button', { name: `Do not group by ${name}` }).click();
  await page.keyboard.press('Escape');
  await expect(page.locator('.g-group')).toHaveCount(0);
  await expect.poll(async () => (await lines(page))[0]).toBe('1 Harbour');
});

test('a record has the colour of its choice, also where the field does not show', async ({ signedIn: page, person }) => {
  await open(page, person.slug);
  const row = (name: string) => page.locator('.g-r').filter({ has: page.locator('.g-c.p', { hasText: name }) });
  await page.getByRole('button', { name: 'Colour', exact: true }).click();
  await page.getByRole('menuitem', { name: 'By State' }).click();
  await expect(row('Harbour')).toHaveAttribute('data-tint', 'green');
  await expect(row('Old town')).toHaveAttribute('data-tint', 'violet');
  await expect(row('Pier')).not.toHaveAttribute('data-tint');
  await page.getByRole('button', { name: 'Hide fields' }).click();
  await page.getByRole('switch', { name: 'State' }).click();
  await page.keyboard.press('Escape');
  await expect(page.locator('.g-head', { hasText: 'State' })).toHaveCount(0);
  await open(page, person.slug);
  await expect(row('Harbour')).toHaveAttribute('data-tint', 'green');
  await expect(row('Airport')).toHaveAttribute('data-tint', 'violet');
  await pictures(page, 'colours');
  await page.getByRole('button', { name: 'Colour: State' }).click();
  await page.getByRole('menuitem', { name: 'No colour' }).click();
  await expect(page.locator('[data-tint]')).toHaveCount(0);
});
