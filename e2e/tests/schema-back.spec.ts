// Tables, fields and views go back to a version: what that does is said first, it is done as said, and undone.
import { ask } from '../support/api.ts';
import { cell, ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

let place: { base: string; table: string; token: string; before: number };

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Back', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const send = async (method: string, path: string, body: unknown, status: number) => {
    const made = await ask(path, { token, method, body });
    expect(made.status, made.text).toBe(status);
    return made.json;
  };
  const base = (await send('POST', '/v1/bases', { name: 'Observatory' }, 201)).id as string;
  const table = await send('POST', '/v1/tables', { base, name: 'Stars', fields: [{ name: 'Name', type: 'text' }, { name: 'Magnitude', type: 'number' }] }, 201);
  const before = (await ask(`/v1/bases/${base}`, { token })).json.version as number;
  await send('POST', '/v1/records', { table: table.id, records: ['Vega', 'Deneb', 'Altair'].map((Name, i) => ({ fields: { Name, Magnitude: i } })) }, 201);
  const made = await ask(`/v1/records?table=${table.id as string}`, { token });
  await send('PATCH', `/v1/fields/${table.fields[1].id as string}`, { name: 'Brightness', type: 'text' }, 200);
  await send('PATCH', `/v1/records/${made.json.data[0].id as string}`, { fields: { Brightness: 'bright' } }, 200);
  await send('POST', `/v1/tables/${table.id as string}/fields`, { name: 'Colour', type: 'text' }, 201);
  place = { base, table: table.id, token, before };
});

test('a schema goes back as it was said, and forth again', async ({ signedIn: page, person }) => {
  await page.goto(`${origin('app')}/o/${person.slug}/b/${place.base}/${place.table}`);
  await ready(page);
  await expect(page.getByRole('columnheader', { name: /Colour/ })).toBeVisible();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'History and snapshots', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('heading', { name: 'Versions of tables, fields and views' })).toBeVisible();
  await dialog.getByRole('button', { name: `Go back to this… version ${place.before}` }).click();
  const plan = dialog.getByRole('group', { name: `Go back to version ${place.before}` });
  await expect(plan).toContainText('move the field Colour of Stars to the trash');
  await expect(plan).toContainText('change the field Brightness of Stars: name to Magnitude');
  await expect(plan).toContainText('which loses 1 of 3 values');
  await expect(plan.getByRole('button', { name: 'Stay' })).toBeFocused();
  await audit(page);
  await plan.scrollIntoViewIfNeeded();
  await page.screenshot({ path: test.info().outputPath('plan.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await plan.scrollIntoViewIfNeeded();
  await page.screenshot({ path: test.info().outputPath('plan-phone-dark.png') });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  // Nothing yet.
  await plan.getByRole('button', { name: 'Stay' }).click();
  await expect(plan).toHaveCount(0);
  await dialog.getByRole('button', { name: `Go back to this… version ${place.before}` }).click();
  await plan.getByRole('button', { name: 'Go back, lose 1 value' }).click();
  const done = dialog.getByRole('status').filter({ hasText: 'as they were then' });
  await expect(done).toBeVisible();
  const shape = async () => (await ask(`/v1/bases/${place.base}`, { token: place.token })).json.tables[0].fields.map((one: { name: string; type: string }) => `${one.name} ${one.type}`);
  expect(await shape()).toEqual(['Name text', 'Magnitude number']);
  await page.screenshot({ path: test.info().outputPath('done.png') });
  await done.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(shape).toEqual(['Name text', 'Brightness text', 'Colour text']);
  await page.keyboard.press('Escape');
  await expect(cell(page, 1, 2)).toContainText('bright');
});
