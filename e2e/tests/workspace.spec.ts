// What a person meets in the workspace beyond the grid itself: the name of a record when a file comes in, a look of one's own without the
// right to change views, changes from the other side of a link, tokens limited to bases.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { ask } from '../support/api.ts';
import { cell, ready, rowCount } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { join, makeToken, openMail } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

const PICTURES = resolve(import.meta.dirname, '../screenshots');

interface Place { base: string; books: string; authors: string; ada: string; token: string }
let place: Place;

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Library', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Library' })).id as string;
  const authors = (await post('/v1/tables', { base, name: 'Authors', fields: [{ name: 'Name', type: 'text' }] })).id as string;
  const people = await post('/v1/records', { table: authors, records: [{ fields: { Name: 'Ada' } }, { fields: { Name: 'Bo' } }] });
  const books = (await post('/v1/tables', { base, name: 'Books', fields: [
    { name: 'Title', type: 'text' }, { name: 'Pages', type: 'number' }, { name: 'Authors', type: 'link', options: { table: authors } },
  ] })).id as string;
  const [ada, bo] = people.data.map((made: { id: string }) => made.id) as [string, string];
  await post('/v1/records', { table: books, records: [
    { fields: { Title: 'Notes', Pages: 120, Authors: [ada] } }, { fields: { Title: 'Maps', Pages: 40, Authors: [bo] } }, { fields: { Title: 'Letters', Pages: 300, Authors: [ada, bo] } },
  ] });
  place = { base, books, authors, ada, token };
});

const at = (slug: string, path: string): string => `${origin('app')}/o/${slug}/b/${place.base}/${path}`;

test('an import offers which column names a record, and takes a name rather than a number', async ({ signedIn: page, person }) => {
  await page.goto(at(person.slug, place.books));
  await ready(page);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  const sheet = page.getByRole('dialog');
  await sheet.locator('input[type=file]').setInputFiles({ name: 'towns.csv', mimeType: 'text/csv', buffer: Buffer.from('ID,Name,Country,Capital\n1,Ulm,DE,no\n2,Bonn,DE,no\n3,Rome,IT,yes\n') });
  await expect(sheet.getByRole('radio', { name: 'Name is the name of a town' })).toBeChecked();
  // What can't name a record has no choice.
  await expect(sheet.getByRole('radio')).toHaveCount(3);
  await audit(page);
  // A column that is left out names nothing: the choice moves on, and comes back with it.
  await sheet.getByRole('checkbox', { name: 'Import Name' }).click();
  await expect(sheet.getByRole('radio', { name: 'ID is the name of a town' })).toBeChecked();
  await sheet.getByRole('checkbox', { name: 'Import Name' }).click();
  await sheet.getByRole('radio', { name: 'Country is the name of a town' }).check();
  await expect(sheet.getByText('Each town is called by its Country')).toBeVisible();
  await sheet.getByRole('radio', { name: 'Name is the name of a town' }).check();
  await sheet.getByRole('button', { name: 'Create table' }).click();
  await expect(page.getByRole('heading', { name: '3 rows imported' })).toBeVisible();
  await page.getByRole('button', { name: 'Open the table' }).click();
  await expect(cell(page, 1, 1)).toHaveText('Ulm');
  await expect(cell(page, 1, 2)).toHaveText('1');
});

test('the other side of a link shows the change in its history', async ({ signedIn: page, person }) => {
  await page.goto(at(person.slug, `${place.authors}?record=${place.ada}`));
  const feed = page.locator('.record .feed');
  await expect(feed.locator('.ev').filter({ hasText: 'Linked' }).first()).toContainText('Notes, Letters');
  const books = await ask(`/v1/records?table=${place.books}&filter=${encodeURIComponent('{Title} = "Notes"')}`, { token: place.token });
  const notes = books.json.data[0].id as string;
  const cut = await ask(`/v1/records/${notes}`, { token: place.token, method: 'PATCH', body: { fields: { Authors: [] } } });
  expect(cut.status, cut.text).toBe(200);
  // Live: the panel is open while a program cuts the link.
  await expect(feed.locator('.ev').first()).toContainText('Unlinked');
  await expect(feed.locator('.ev').first()).toContainText('Notes');
  await audit(page);
});

test('who may not change views filters, sorts and hides for themselves', async ({ browser, signedIn: page, person }) => {
  const email = 'vera@northwind.example';
  const context = await browser.newContext();
  const theirs = await context.newPage();
  await join(theirs, 'Vera Lind', email, 'Elsewhere', 'An empty base');
  await page.goto(`${origin('app')}/o/${person.slug}/team`);
  await page.getByRole('button', { name: 'Invite people' }).click();
  await page.getByLabel('E-mail addresses').fill(email);
  await page.getByRole('radio', { name: /^Viewer/ }).check();
  await page.getByRole('button', { name: 'Send invitations' }).click();
  await openMail(page, email, 'invites you');
  const link = await page.locator('.mailtext a[href*="/invite"]').getAttribute('href');
  await theirs.goto(link ?? '');
  await theirs.getByRole('button', { name: /^Accept/ }).click();
  await theirs.waitForURL(/\/o\//);

  await theirs.goto(at(person.slug, place.books));
  await ready(theirs);
  await expect.poll(() => rowCount(theirs)).toBe(3);
  await expect(theirs.getByText('Only for you')).toHaveCount(0);
  await theirs.getByRole('button', { name: 'Sort' }).click();
  await expect(theirs.getByText('Only you see this')).toBeVisible();
  await theirs.getByLabel('Add a field to sort by').selectOption({ label: 'Pages' });
  await theirs.keyboard.press('Escape');
  await expect(cell(theirs, 1, 1)).toHaveText('Maps');
  await theirs.getByRole('button', { name: 'Filter' }).click();
  await theirs.getByRole('button', { name: 'Condition' }).click();
  await theirs.getByLabel('Field', { exact: true }).selectOption({ label: 'Pages' });
  await theirs.getByLabel('Comparison').selectOption('gt');
  await theirs.getByLabel('Value for Pages').fill('100');
  await expect.poll(() => rowCount(theirs)).toBe(2);
  await theirs.keyboard.press('Escape');
  await expect(theirs.getByText('Only for you, not saved')).toBeVisible();
  await audit(theirs);
  // Nobody else sees it, and the next opening is the saved view again.
  await page.goto(at(person.slug, place.books));
  await ready(page);
  expect(await rowCount(page)).toBe(3);
  await theirs.getByRole('button', { name: /^Reset/ }).click();
  await expect.poll(() => rowCount(theirs)).toBe(3);
  await expect(cell(theirs, 1, 1)).toHaveText('Notes');
  await context.close();
});

test('a token reaches only the bases that it was given', async ({ signedIn: page, person, watch }) => {
  const other = await ask('/v1/bases', { token: place.token, body: { name: 'Kitchen' } });
  expect(other.status, other.text).toBe(201);
  const token = await makeToken(page, person.slug, 'Kitchen only', [], ['Kitchen']);
  const row = page.getByRole('row').filter({ hasText: 'Kitchen only' });
  await expect(row.getByText('Kitchen', { exact: true })).toBeVisible();
  const seen = await ask('/v1/bases', { token });
  expect(seen.json.data.map((base: { name: string }) => base.name)).toEqual(['Kitchen']);
  expect((await ask(`/v1/bases/${place.base}`, { token })).status).toBe(404);
  expect((await ask(`/v1/records?table=${place.books}`, { token })).status).toBe(404);
  watch.expects(/status of 422/);
  await noBase(page);
});

/** "Only these" without a tick is refused at its place, with what was typed. */
async function noBase(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New token' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New token' });
  await dialog.getByLabel('What it is for').fill('Nothing');
  await dialog.getByLabel('Only these').check();
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  expect((await answer).status()).toBe(422);
  await expect(dialog.getByText('no base ticked')).toBeVisible();
  await expect(dialog.getByLabel('What it is for')).toHaveValue('Nothing');
  await audit(page);
}

test('a table goes out as Excel and comes back: as a new table, over what is there, and instead of it', async ({ signedIn: page, person }) => {
  await page.goto(at(person.slug, place.books));
  await ready(page);
  const begun = page.waitForEvent('download');
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'as Excel' }).first().click();
  const book = await (await begun).path();
  const choose = async () => {
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByRole('dialog').locator('input[type=file]').setInputFiles({ name: 'books.xlsx', mimeType: 'application/octet-stream', buffer: readFileSync(book) });
    await expect(page.getByRole('dialog').getByRole('button', { name: 'Create table' })).toBeEnabled();
  };
  await choose();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByText('3 rows · 3 columns · Excel')).toBeVisible();
  await page.screenshot({ path: resolve(PICTURES, 'import-excel.png') });
  await sheet.getByLabel('Into', { exact: true }).selectOption({ label: 'Books' });
  await sheet.getByLabel('Rows', { exact: true }).selectOption('update');
  await expect(sheet.getByLabel('Found by')).toHaveValue('Title');
  await audit(page);
  await sheet.getByRole('button', { name: 'Import rows' }).click();
  // The file says what is there: nothing changes.
  await expect(page.getByRole('heading', { name: '0 rows imported' })).toBeVisible();
  await page.getByRole('button', { name: 'Close' }).last().click();
  await choose();
  await sheet.getByLabel('Into', { exact: true }).selectOption({ label: 'Books' });
  await sheet.getByLabel('Rows', { exact: true }).selectOption('replace');
  await expect(sheet.getByText('3 books and the links to them will be deleted.')).toBeVisible();
  const replace = sheet.getByRole('button', { name: 'Replace all records' });
  await expect(replace).toBeDisabled();
  await sheet.getByLabel('Type Books to delete 3 books').fill('Books');
  for (const [name, size] of [['wide', { width: 1280, height: 800 }], ['phone', { width: 390, height: 844 }]] as const) {
    await page.setViewportSize(size);
    for (const theme of ['light', 'dark']) {
      await page.evaluate((value) => document.documentElement.setAttribute('data-theme', value), theme);
      await page.screenshot({ path: resolve(PICTURES, `import-replace-${name}-${theme}.png`) });
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await audit(page);
  await replace.click();
  await expect(page.getByRole('heading', { name: '3 rows imported' })).toBeVisible();
  await expect(page.getByText('3 records were deleted before.')).toBeVisible();
  await page.getByRole('button', { name: 'Open the table' }).click();
  await expect(cell(page, 1, 1)).toHaveText('Notes');
  await expect(cell(page, 3, 3)).toHaveText(/Ada.*Bo/);
});
