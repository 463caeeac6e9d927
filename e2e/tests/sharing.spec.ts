// Views that are locked, personal or handed out: a link with a password is opened by somebody without an account, taken back, and gone.
import type { Page } from '@playwright/test';
import { ask } from '../support/api.ts';
import { ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

let place: { base: string; table: string; token: string };

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Sharing', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Bakery' })).id as string;
  const table = await post('/v1/tables', { base, name: 'Breads', fields: [
    { name: 'Name', type: 'text' }, { name: 'Price', type: 'number', options: { precision: 2 } }, { name: 'Baked', type: 'date' },
    { name: 'State', type: 'select', options: { choices: [{ name: 'On sale', colour: 'green' }, { name: 'Sold out', colour: 'grey' }] } }, { name: 'Margin', type: 'number' },
  ] });
  const id = table.id as string;
  await post('/v1/records', { table: id, records: ['Pretzel', 'Brioche', 'Seeded', 'Focaccia'].map((Name, i) => ({ fields: { Name, Price: 4.8 + i, Baked: `2026-11-2${i}`, State: i === 3 ? 'Sold out' : 'On sale', Margin: 31 + i } })) });
  await post(`/v1/tables/${id}/views`, { name: 'Counter', type: 'calendar', config: { hidden: [table.fields[4].id], calendar: { field: table.fields[2].id } } });
  place = { base, table: id, token };
});

const menu = async (page: Page, view: string, item: string): Promise<void> => {
  await page.getByRole('button', { name: `View ${view}`, exact: true }).last().click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
};

test('a link with a password shows the view to somebody without an account, until it is taken back', async ({ signedIn: page, person, browser, watch }) => {
  watch.expects(/status of 40[01]/, /status of 41\d/, /status of 422/);
  await page.goto(`${origin('app')}/o/${person.slug}/b/${place.base}/${place.table}`);
  await ready(page);
  await page.getByRole('complementary', { name: 'Views' }).getByRole('link', { name: 'Counter' }).click();
  await expect(page.getByText('This view is a calendar. It is shown as a grid here')).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('kind.png') });

  await menu(page, 'Counter', 'Links for everybody');
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByText('There is no link to this view yet.')).toBeVisible();
  await audit(page);
  await sheet.getByLabel('Password').fill('short');
  await sheet.getByRole('button', { name: 'Create link' }).click();
  await expect(sheet.getByRole('alert')).toContainText('at least 8 characters');
  await sheet.getByLabel('Password').fill('seven copper kettles');
  await sheet.getByRole('checkbox', { name: 'Also as CSV' }).check();
  await sheet.getByRole('combobox', { name: 'End' }).selectOption({ label: 'After a week' });
  await page.screenshot({ path: test.info().outputPath('dialog.png') });
  await sheet.getByRole('button', { name: 'Create link' }).click();
  const url = await sheet.getByLabel('The new link').inputValue();
  expect(url).toContain('/shared/');
  await expect(sheet.getByRole('listitem')).toContainText('with a password');
  await page.screenshot({ path: test.info().outputPath('made.png') });
  await audit(page);

  // Somebody else, without an account, in both themes and on a phone.
  const context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1280, height: 800 } });
  const guest = await context.newPage();
  const locked = await guest.goto(url);
  expect(locked?.status()).toBe(401);
  await expect(guest.getByText('Pretzel')).toHaveCount(0);
  await guest.screenshot({ path: test.info().outputPath('password.png') });
  await audit(guest);
  await guest.getByLabel('Password', { exact: true }).fill('eight copper kettles');
  await guest.getByRole('button', { name: 'Open' }).click();
  await expect(guest.getByText('is not right')).toBeVisible();
  await guest.getByLabel('Password', { exact: true }).fill('seven copper kettles');
  await guest.getByRole('button', { name: 'Open' }).click();
  await expect(guest.getByRole('heading', { name: 'Counter' })).toBeVisible();
  await expect(guest.getByRole('row')).toHaveCount(5);
  await expect(guest.getByText('Margin')).toHaveCount(0);
  await audit(guest);
  for (const [scheme, width] of [['light', 1280], ['dark', 1280], ['light', 390], ['dark', 390]] as const) {
    await guest.emulateMedia({ colorScheme: scheme });
    await guest.setViewportSize({ width, height: 800 });
    await guest.reload();
    expect(await guest.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${scheme} ${width}`).toBe(true);
    await guest.screenshot({ path: test.info().outputPath(`shared-${scheme}-${width}.png`) });
  }
  const feed = (form: string) => guest.evaluate(async (address) => (await fetch(address)).text(), `${url}.${form}`);
  expect(await feed('csv')).toContain('Pretzel');
  expect(await feed('ics')).toContain('DTSTART;VALUE=DATE:20261120');

  await sheet.getByRole('button', { name: 'Take back' }).click();
  await expect(sheet.getByText('There is no link to this view yet.')).toBeVisible();
  const gone = await guest.reload();
  expect(gone?.status()).toBe(410);
  await expect(guest.getByRole('heading', { name: 'This link has ended' })).toBeVisible();
  await audit(guest);
  await context.close();
});

test('a locked view changes for oneself only, a personal one has its mark', async ({ signedIn: page, person }) => {
  await page.goto(`${origin('app')}/o/${person.slug}/b/${place.base}/${place.table}`);
  await ready(page);
  await page.getByRole('button', { name: 'New view' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Draft');
  await page.getByRole('dialog').getByRole('button', { name: 'Create view' }).click();
  const views = page.getByRole('complementary', { name: 'Views' });
  await menu(page, 'Draft', 'Lock');
  await expect(views.getByRole('link', { name: 'Draft (locked)' })).toBeVisible();
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await expect(page.getByText('This view is locked. Only you see this.')).toBeVisible();
  await audit(page);
  await page.keyboard.press('Escape');
  await menu(page, 'Draft', 'Unlock');
  await menu(page, 'Draft', 'Make it only yours');
  await expect(views.getByRole('link', { name: 'Draft (only yours)' })).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('personal.png') });
  const token = await ask(`/v1/tables/${place.table}`, { token: place.token });
  expect(token.text).not.toContain('Draft');
  await menu(page, 'Draft', 'Share with everybody here');
  await expect(views.getByRole('link', { name: 'Draft', exact: true })).toBeVisible();
});
