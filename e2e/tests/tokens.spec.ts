// An API token: made with networks and a limit, used, seen to be used, revoked; refused on every process within a second.
import { ask } from '../support/api.ts';
import { origin } from '../support/origins.ts';
import { pictures } from '../support/pictures.ts';
import { launch, type Process } from '../support/server.ts';
import { audit, expect, test } from '../support/test.ts';

let second: Process;

test.beforeAll(async () => {
  second = await launch(process.env.E2E_FOLDER ?? '', 'nclc-tokens');
});

test.afterAll(async () => {
  await second.stop();
});

test('a token is made, used, looked at and revoked', async ({ signedIn: page, person, watch }) => {
  watch.expects(/422/);
  const tokens = `${origin('app')}/o/${person.slug}/tokens`;
  await page.goto(tokens);
  await page.getByRole('button', { name: 'New token' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New token' });
  await dialog.getByLabel('What it is for').fill('Stock sync');
  await dialog.getByLabel('Only from').fill('203.0.113.0/33');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await expect(page.getByText('which is no address or network')).toBeVisible();
  await pictures(page, 'tokens-new');
  await dialog.getByLabel('Only from').fill('127.0.0.0/8, ::1');
  await dialog.getByLabel('Calls a minute').fill('600');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  const made = page.getByRole('dialog', { name: /is ready/ });
  const token = (await made.locator('#token-text').textContent())?.trim() ?? '';
  await made.getByRole('button', { name: 'I have stored it' }).click();

  for (let call = 0; call < 3; call += 1) {
    const answer = await ask('/v1/bases', { token });
    expect(answer.status).toBe(200);
    expect(answer.headers['ratelimit-policy']).toContain('"token";q=600');
  }
  expect((await ask('/v1/bases', { token, at: second.port })).status).toBe(200);
  const row = page.getByRole('row', { name: /Stock sync/ });
  await expect(async () => {
    await page.goto(tokens);
    await expect(row.getByRole('img', { name: '4 calls in 30 days' })).toBeVisible({ timeout: 300 });
  }).toPass({ timeout: 15_000 });
  await expect(row).toContainText('From 127.0.0.0/8, ::1/128 only');
  await expect(row).toContainText('600 calls a minute');
  await audit(page);
  await pictures(page, 'tokens');

  await row.getByRole('button', { name: 'Revoke Stock sync' }).click();
  await page.getByRole('button', { name: 'Revoke token' }).click();
  await expect(page.getByText('The token is revoked.')).toBeVisible();
  for (const at of [undefined, second.port]) {
    await expect(async () => {
      expect((await ask('/v1/bases', { token, at })).status).toBe(401);
    }).toPass({ timeout: 1_000, intervals: [20] });
  }
  await page.getByRole('link', { name: 'Revoked' }).click();
  await expect(page.getByRole('row', { name: /Stock sync/ })).toBeVisible();
  await audit(page);
  await pictures(page, 'tokens-revoked');
  await page.goto(`${origin('app')}/o/${person.slug}/team/audit`);
  await expect(page.getByText('used the API token “Stock sync” from a new address, 127.0.0.1')).toBeVisible();
});
