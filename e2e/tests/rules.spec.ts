// A rule of a field: made in the dialog, with the count of values that break it; a cell that breaks it is refused with the owner's words.
import { ask } from '../support/api.ts';
import { cell, ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

let place: { base: string; table: string; token: string; field: string; first: string };

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Rules', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Bookings' })).id as string;
  const table = await post('/v1/tables', { base, name: 'Rooms', fields: [{ name: 'Name', type: 'text' }, { name: 'Beds', type: 'number' }, { name: 'Guests', type: 'number' }] });
  const made = await post('/v1/records', { table: table.id, records: [{ fields: { Name: 'Attic', Beds: 2, Guests: 3 } }, { fields: { Name: 'Cellar', Beds: 4, Guests: 1 } }] });
  place = { base, table: table.id, token, field: table.fields[2].id, first: made.data[0].id };
});

test('a rule is made, counted and kept', async ({ signedIn: page, person, watch }) => {
  watch.expects(/status of 422/);
  await page.goto(`${origin('app')}/o/${person.slug}/b/${place.base}/${place.table}`);
  await ready(page);
  const edit = async () => {
    await page.getByRole('button', { name: /^Field Guests/ }).click();
    await page.getByRole('menuitem', { name: /^Edit field/ }).click();
    await expect(page.getByLabel('Name', { exact: true })).toBeVisible();
  };
  await edit();
  const form = page.locator('.fieldform');
  await form.getByText('Rule', { exact: true }).click();
  await form.getByLabel('At least').fill('0');
  await form.getByLabel('Must be true').fill('{Guests} <= {Beds}');
  await form.getByLabel('What people are told').fill('More guests than beds.');
  await audit(page);
  await page.screenshot({ path: test.info().outputPath('rule.png') });
  await form.getByRole('button', { name: 'Save field' }).click();
  await expect(form.getByRole('status').filter({ hasText: '1 value breaks this rule' })).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('broken.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: test.info().outputPath('broken-phone-dark.png') });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  await form.getByRole('button', { name: 'Save the rule' }).click();
  await expect(form).toHaveCount(0);
  const guests = async () => (await ask(`/v1/records/${place.first}`, { token: place.token })).json.fields.Guests as number;
  expect(await guests()).toBe(3);
  // Refused, with the owner's words.
  await cell(page, 1, 3).click();
  await page.keyboard.type('9');
  await page.keyboard.press('Enter');
  await expect(page.getByText('More guests than beds.').first()).toBeVisible();
  expect(await guests()).toBe(3);
  await page.screenshot({ path: test.info().outputPath('refused.png') });
  await page.keyboard.press('Escape');
  await cell(page, 1, 3).click();
  await page.keyboard.type('2');
  await page.keyboard.press('Enter');
  await expect.poll(guests).toBe(2);
  // It is there again in the dialog, by the field's new name.
  expect((await ask(`/v1/fields/${place.field}`, { token: place.token, method: 'PATCH', body: { name: 'Guests now' } })).status).toBe(200);
  await page.reload();
  await ready(page);
  await edit();
  await expect(form.getByLabel('Must be true')).toHaveValue('{Guests now} <= {Beds}');
});
