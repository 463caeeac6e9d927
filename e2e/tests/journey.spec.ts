// The whole story, as people live it: an organisation brings its data in, works on it by hand and by program, shows it on a site;
// staff suspend and resume it.
import { resolve } from 'node:path';
import { ask } from '../support/api.ts';
import { cell, importFile, ready, rowCount } from '../support/grid.ts';
import { origin, siteOrigin } from '../support/origins.ts';
import { join, makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

const FILES = resolve(import.meta.dirname, '../../content/demo/openflights');
const file = (name: string): string => resolve(FILES, name);

test.describe.configure({ timeout: 600_000 });

test('an organisation from sign-up to suspension', async ({ page, context, watch }) => {
  const slug = await test.step('sign up, confirm the address, set up the organisation', async () => {
    return join(page, 'Ada Quist', 'ada@skyways.example', 'Skyways Data', 'A file you have');
  });

  const base = await test.step('create a base', async () => {
    const dialog = page.getByRole('dialog', { name: 'New base' });
    await expect(dialog).toBeVisible();
    await audit(page);
    await dialog.getByLabel('Name').fill('Route network');
    await dialog.getByRole('button', { name: 'Create base' }).click();
    await page.waitForURL(/\/b\/app/);
    await expect(page.getByRole('heading', { name: 'This base has no tables' })).toBeVisible();
    await audit(page);
    return /\/b\/(app\w+)/.exec(page.url())?.[1] ?? '';
  });

  await test.step('import airports, airlines, and 67,663 routes linked to both', async () => {
    await page.getByRole('button', { name: 'Import a file' }).click();
    await importFile(page, file('airports.csv'), [], '7,698 rows imported');
    expect(await rowCount(page)).toBe(7_698);
    // A name is guessed rather than a number, so links show names.
    await expect(page.getByRole('columnheader').nth(1)).toContainText('Name');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await importFile(page, file('airlines.csv'), [], '6,162 rows imported');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const { progress } = await importFile(page, file('routes.csv'), [
      { column: 'Airline ID', table: 'Airlines', by: 'Airline ID' },
      { column: 'Source airport ID', table: 'Airports', by: 'Airport ID' },
      { column: 'Destination airport ID', table: 'Airports', by: 'Airport ID' },
    ], '67,663 rows imported');
    expect(progress.filter((text) => / of 67,663 rows/.test(text)).length, `progress shown: ${progress.join(' | ')}`).toBeGreaterThan(0);
    expect(await rowCount(page)).toBe(67_663);
    await expect(page.getByText('Kazan International Airport').first()).toBeVisible();
    await audit(page);
  });

  await test.step('edit a cell by keyboard', async () => {
    await page.getByRole('navigation', { name: 'Tables' }).getByRole('link', { name: 'Airports' }).click();
    await expect(cell(page, 1, 1)).toHaveText('Goroka Airport');
    await page.locator('[role=grid]').focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('Goroka Field');
    await page.keyboard.press('Enter');
    await expect(cell(page, 1, 1)).toHaveText('Goroka Field');
  });
  const workspace = page.url();

  const token = await test.step('create an API token', async () => {
    const text = await makeToken(page, slug, 'Journey', ['Read', 'Write', 'Delete', 'Schema']);
    expect(text).toMatch(/^nclc_/);
    await audit(page);
    return text;
  });

  const record = await test.step('read and write the same records by the API', async () => {
    const listed = await ask(`/v1/records?table=Airports&base=${base}&limit=1&count=true`, { token });
    expect(listed.status, listed.text).toBe(200);
    expect(listed.json.count).toBe(7_698);
    expect(listed.json.data[0].fields.Name).toBe('Goroka Field');
    return listed.json.data[0].id as string;
  });

  await test.step('the grid shows what the API writes, live', async () => {
    await page.goto(workspace);
    await ready(page);
    await expect(cell(page, 1, 1)).toHaveText('Goroka Field');
    const written = await ask(`/v1/records/${record}`, { token, method: 'PATCH', body: { fields: { City: 'Goroka by program' } } });
    expect(written.status, written.text).toBe(200);
    await expect(cell(page, 1, 3)).toHaveText('Goroka by program', { timeout: 5_000 });
  });

  const site = await test.step('create a site that lists a view, and publish it', async () => {
    await page.goto(`${origin('app')}/o/${slug}/sites`);
    await audit(page);
    await page.getByRole('main').getByRole('link', { name: 'New site' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Skyways');
    await page.locator('label.themecard').first().click();
    await page.getByLabel('Base', { exact: true }).selectOption({ label: 'Route network' });
    await audit(page);
    await page.getByRole('button', { name: 'Create site' }).click();
    await page.waitForURL(/\/sites\/sit_/);
    await audit(page);
    const here = page.url();
    await page.getByRole('link', { name: /^Publish/ }).first().click();
    await audit(page);
    await page.getByRole('button', { name: /^Publish/ }).first().click();
    await page.waitForURL((url) => !url.pathname.endsWith('/publish'));
    expect(here).toContain('/sites/');
    return siteOrigin('skyways');
  });

  await test.step('the published page lists the records, and follows them', async () => {
    await page.goto(site);
    await expect(page.getByText('Goroka Field').first()).toBeVisible();
    await audit(page);
    const written = await ask(`/v1/records/${record}`, { token, method: 'PATCH', body: { fields: { Name: 'Goroka Highlands' } } });
    expect(written.status, written.text).toBe(200);
    await expect(async () => {
      await page.goto(site);
      await expect(page.getByText('Goroka Highlands').first()).toBeVisible({ timeout: 300 });
    }).toPass({ timeout: 5_000 });
    await expect(page.getByText('Goroka Field')).toHaveCount(0);
  });

  const staff = await context.newPage();
  await test.step('the first staff account, by the link that the program printed', async () => {
    const link = process.env.E2E_STAFF_LINK ?? '';
    expect(link).toContain('/setup?token=');
    await staff.goto(link);
    await audit(staff);
    await staff.getByLabel('Work e-mail').fill('sam@staff.example');
    await staff.getByLabel('Name', { exact: true }).fill('Sam Ops');
    await staff.getByLabel('Password', { exact: true }).fill('four quiet words kept');
    await staff.getByRole('button', { name: 'Create account' }).click();
    await expect(staff.getByRole('heading', { level: 1 })).toBeVisible();
    await staff.getByRole('button', { name: 'Leave console' }).first().click();
    await staff.getByLabel('Work e-mail').fill('sam@staff.example');
    await staff.getByLabel('Password', { exact: true }).fill('four quiet words kept');
    await staff.getByRole('button', { name: 'Sign in' }).click();
    await expect(staff).toHaveURL(`${origin('admin')}/`);
    await audit(staff);
    // The link is used up.
    watch.expects(/status of 404.*\(.*\/setup\?/);
    await staff.goto(link);
    await expect(staff.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
  });

  await test.step('the pages of the console at a desk and on a phone', async () => {
    await staff.goto(`${origin('admin')}/tenants`);
    const tenant = await staff.getByRole('link', { name: 'Skyways Data' }).getAttribute('href');
    for (const [name, path] of [['overview', '/'], ['tenants', '/tenants'], ['tenant', tenant ?? ''], ['audit', '/audit'], ['staff', '/staff']] as const) {
      for (const [size, width, height] of [['desk', 1440, 900], ['phone', 390, 844]] as const) {
        await staff.setViewportSize({ width, height });
        await staff.goto(`${origin('admin')}${path}`);
        for (const theme of ['light', 'dark'] as const) {
          await staff.emulateMedia({ colorScheme: theme });
          await staff.screenshot({ path: resolve(import.meta.dirname, `../screenshots/admin-${name}-${size}-${theme}.png`), fullPage: size === 'desk' });
          await audit(staff, `admin ${name} ${size} ${theme}`);
        }
        const wide = await staff.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect.soft(wide, `${name} scrolls sideways at ${width}`).toBeLessThanOrEqual(0);
      }
    }
    await staff.emulateMedia({ colorScheme: 'light' });
    await staff.setViewportSize({ width: 1440, height: 900 });
  });

  await test.step('staff see the tenant and suspend it: API and site answer so', async () => {
    await staff.goto(`${origin('admin')}/tenants`);
    await staff.getByRole('link', { name: 'Skyways Data' }).click();
    await expect(staff.getByRole('heading', { level: 1 })).toContainText('Skyways Data');
    await expect(staff.getByText('81,523').first()).toBeVisible();
    await audit(staff);
    await staff.getByRole('button', { name: 'Suspend' }).click();
    const dialog = staff.getByRole('dialog', { name: 'Suspend Skyways Data' });
    await audit(staff);
    await dialog.getByLabel('Cause').selectOption({ index: 1 });
    await dialog.getByLabel('Reason for the audit log').fill('A rehearsal of the whole story.');
    await dialog.getByLabel(`Type ${slug} to confirm`).fill(slug);
    await dialog.getByRole('button', { name: 'Suspend' }).click();
    await expect(staff.getByText('Suspended since')).toBeVisible();
    const refused = await ask('/v1/bases', { token });
    expect([refused.status, refused.json.code]).toEqual([403, 'tenant_suspended']);
    watch.expects(/status of (403|503)/, /^503 GET .*\.sites\./);
    await expect(async () => {
      await page.goto(site);
      await expect(page.getByText('Goroka Highlands')).toHaveCount(0, { timeout: 300 });
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible({ timeout: 300 });
    }).toPass({ timeout: 5_000 });
    await audit(page);
    await page.goto(`${origin('app')}/o/${slug}/`);
    await expect(page.getByText('suspended').first()).toBeVisible();
    await audit(page);
  });

  await test.step('resume: everything is back', async () => {
    await staff.getByRole('button', { name: 'Resume' }).click();
    const dialog = staff.getByRole('dialog', { name: 'Resume Skyways Data' });
    await dialog.getByLabel('Reason for the audit log').fill('The rehearsal is over.');
    await dialog.getByRole('button', { name: 'Resume' }).click();
    await expect(staff.getByText('Active').first()).toBeVisible();
    const answer = await ask(`/v1/records/${record}`, { token });
    expect([answer.status, answer.json.fields.Name]).toEqual([200, 'Goroka Highlands']);
    await expect(async () => {
      await page.goto(site);
      await expect(page.getByText('Goroka Highlands').first()).toBeVisible({ timeout: 300 });
    }).toPass({ timeout: 5_000 });
  });
});
