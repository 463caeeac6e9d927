// A table, a field and a cell are deleted or changed, and come back: by the notice, from the trash, from the activity log.
import { ask } from '../support/api.ts';
import { ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

let place: { base: string; table: string; amount: string; record: string; token: string };

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Trash', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Harbour' })).id as string;
  const table = await post('/v1/tables', { base, name: 'Berths', fields: [{ name: 'Name', type: 'text' }, { name: 'Amount', type: 'number' }] });
  const id = table.id as string;
  await post('/v1/tables', { base, name: 'Ships', fields: [{ name: 'Name', type: 'text' }, { name: 'Berth', type: 'link', options: { table: id } }] });
  const made = await post('/v1/records', { table: id, records: ['North', 'South', 'Quay'].map((Name, i) => ({ fields: { Name, Amount: 40 + i } })) });
  place = { base, table: id, amount: table.fields[1].id, record: made.data[0].id, token };
});

test('what is deleted comes back, and a change is taken back', async ({ signedIn: page, person, watch }) => {
  // 422: a window that was on its way still names the field that has just gone.
  watch.expects(/status of (40[49]|422)/);
  await page.goto(`${origin('app')}/o/${person.slug}/b/${place.base}/${place.table}`);
  await ready(page);
  const more = async (item: string) => {
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: item, exact: true }).click();
    return page.getByRole('dialog');
  };
  const empty = await more('Trash');
  await expect(empty.getByText('The trash is empty')).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('empty.png') });
  await page.keyboard.press('Escape');

  const gone = async (path: string) => expect((await ask(path, { token: place.token, method: 'DELETE' })).status).toBeLessThan(300);
  await gone(`/v1/fields/${place.amount}`);
  await gone(`/v1/records/${place.record}`);
  const trash = await more('Trash');
  await expect(trash.getByRole('listitem')).toHaveCount(2);
  await expect(trash.getByRole('listitem').filter({ hasText: 'Amount' })).toContainText('30 days left');
  await audit(page);
  await page.screenshot({ path: test.info().outputPath('trash.png') });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: test.info().outputPath('trash-phone-dark.png') });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  await trash.getByRole('button', { name: 'Restore Amount' }).press('Enter');
  await expect(trash.getByRole('listitem')).toHaveCount(1);
  await trash.getByRole('button', { name: 'Restore North' }).click();
  await expect(trash.getByText('The trash is empty')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('gridcell', { name: '40' })).toBeVisible();

  // A table that is deleted here says where it went.
  await page.getByRole('button', { name: 'Table Berths' }).click();
  await page.getByRole('menuitem', { name: 'Delete Berths' }).click();
  await expect(page.getByText('stays in the trash for 30 days')).toBeVisible();
  await page.getByRole('button', { name: 'Delete Berths' }).click();
  await expect(page.getByText('Berths is in the trash.')).toBeVisible();
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Berths', exact: true })).toBeVisible();

  // The activity log takes a change back; what was changed since stays.
  const record = await ask(`/v1/records/${place.record}`, { token: place.token, method: 'PATCH', body: { fields: { Amount: 99 } } });
  expect(record.status, record.text).toBe(200);
  await page.getByRole('link', { name: 'Berths', exact: true }).click();
  await expect(page.getByRole('gridcell', { name: '99' })).toBeVisible();
  const log = await more('Activity');
  const change = log.getByRole('listitem').filter({ hasText: 'changed Amount of North in Berths' });
  await expect(change).toHaveCount(1);
  await audit(page);
  await page.screenshot({ path: test.info().outputPath('activity.png') });
  await change.getByRole('button', { name: /^Undo/ }).click();
  await expect(log.getByRole('listitem').filter({ hasText: 'changed Amount of North in Berths' })).toHaveCount(2);
  await log.getByRole('listitem').filter({ hasText: 'changed Amount of North in Berths' }).last().getByRole('button', { name: /^Undo/ }).click();
  await expect(log.getByRole('alert')).toContainText('was changed since');
  await page.screenshot({ path: test.info().outputPath('activity-conflict.png') });
  await page.keyboard.press('Escape');
  await expect(page.getByRole('gridcell', { name: '40' })).toBeVisible();
});
