// A base is looked at as it was: by time, by change, by snapshot; the snapshot becomes a new base; what is now stays as it is.
import { ask } from '../support/api.ts';
import { cell, ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

let place: { base: string; table: string; record: string; token: string; before: string };

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'As of', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Observatory' })).id as string;
  const table = await post('/v1/tables', { base, name: 'Stars', fields: [{ name: 'Name', type: 'text' }, { name: 'Magnitude', type: 'number' }] });
  const made = await post('/v1/records', { table: table.id, records: ['Vega', 'Deneb', 'Altair'].map((Name, i) => ({ fields: { Name, Magnitude: i } })) });
  const before = (await ask(`/v1/bases/${base}`, { token })).json.version as number;
  place = { base, table: table.id, record: made.data[0].id, token, before: String(before) };
  const edit = await ask(`/v1/records/${place.record}`, { token, method: 'PATCH', body: { fields: { Name: 'Sirius' } } });
  expect(edit.status, edit.text).toBe(200);
  expect((await ask(`/v1/fields/${table.fields[1].id as string}`, { token, method: 'DELETE' })).status).toBe(204);
});

test('the past is looked at, kept and restored', async ({ signedIn: page, person, watch }) => {
  // A moment before the base was made.
  watch.expects(/status of 422/);
  const url = `${origin('app')}/o/${person.slug}/b/${place.base}/${place.table}`;
  await page.goto(url);
  await ready(page);
  await expect(cell(page, 1, 1)).toContainText('Sirius');
  const more = async (item: string) => {
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: item, exact: true }).click();
    return page.getByRole('dialog');
  };
  // From the activity log: right after the records were made.
  const log = await more('Activity');
  await log.getByRole('button', { name: /^Compare version/ }).last().click();
  await expect(log.getByRole('status')).toContainText('removed the field Magnitude of Stars');
  await page.screenshot({ path: test.info().outputPath('compare.png') });
  await log.getByRole('button', { name: `Look at the base as of version ${place.before}` }).click();
  await expect(page).toHaveURL(new RegExp(`as_of=${place.before}`));
  await ready(page);
  const line = page.getByRole('status').filter({ hasText: 'You are looking at Observatory' });
  await expect(line).toContainText(`version ${place.before}`);
  await expect(cell(page, 1, 1)).toContainText('Vega');
  await expect(page.getByRole('columnheader', { name: /Magnitude/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Import' })).toHaveCount(0);
  await audit(page);
  await page.screenshot({ path: test.info().outputPath('past.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: test.info().outputPath('past-dark.png') });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: test.info().outputPath('past-phone-dark.png') });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  // Nothing can be written there.
  await cell(page, 1, 1).dblclick();
  await page.keyboard.type('Polaris');
  await page.keyboard.press('Escape');
  expect((await ask(`/v1/records/${place.record}`, { token: place.token })).json.fields.Name).toBe('Sirius');

  // That moment is kept under a name.
  const past = await more('History and snapshots');
  await past.getByLabel(/^Keep the base as of version/).fill('First night');
  await past.getByRole('button', { name: 'Make a snapshot' }).click();
  await expect(past.getByRole('listitem')).toContainText('First night');
  await audit(page);
  await page.screenshot({ path: test.info().outputPath('snapshots.png') });
  await page.keyboard.press('Escape');
  await line.getByRole('button', { name: 'Back to now' }).click();
  await expect(page).toHaveURL(/\/viw\w+$/);
  await ready(page);
  await expect(cell(page, 1, 1)).toContainText('Sirius');
  await expect(page.getByRole('columnheader', { name: /Magnitude/ })).toHaveCount(0);

  // By a time before there was anything: said in words, with the way back.
  const early = await more('History and snapshots');
  await early.getByLabel('As of').fill('2020-01-01T10:00:00');
  await early.getByRole('button', { name: 'Look', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'There is no look at that moment' })).toBeVisible();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await ready(page);

  // The snapshot becomes a new base.
  const again = await more('History and snapshots');
  await again.getByRole('button', { name: 'Restore First night as a new base' }).click();
  await expect(again.getByRole('status')).toContainText('Observatory (First night) is there.', { timeout: 30_000 });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: test.info().outputPath('snapshots-phone-dark.png') });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  await again.getByRole('link', { name: 'Open it' }).click();
  await ready(page);
  await expect(cell(page, 1, 1)).toContainText('Vega');
  await expect(page.getByRole('columnheader', { name: /Magnitude/ })).toBeVisible();

  // And is forgotten.
  await page.goto(url);
  await ready(page);
  const last = await more('History and snapshots');
  await last.getByRole('button', { name: 'Delete First night' }).click();
  await last.getByRole('button', { name: 'Really delete First night' }).click();
  await expect(last.getByText('There are no snapshots')).toBeVisible();
});
