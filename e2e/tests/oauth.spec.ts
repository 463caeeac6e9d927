// An OAuth app: registered by an admin, allowed by a person for one base, used; a refresh token that comes twice ends it, and a mail says so.
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask, type Answer } from '../support/api.ts';
import { origin } from '../support/origins.ts';
import { openMail } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { audit, expect, test } from '../support/test.ts';

let program: Server;
let back = '';

// The program, as far as a browser sees it.
test.beforeAll(async () => {
  program = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Back</title><link rel="icon" href="data:,"><h1>Back at the program</h1>'));
  await new Promise<void>((done) => program.listen(0, '127.0.0.1', done));
  back = `http://127.0.0.1:${(program.address() as AddressInfo).port}/back`;
});

test.afterAll(() => {
  program.close();
});

const tokens = async (fields: Record<string, string>): Promise<Answer> =>
  ask('/oauth/token', { body: new URLSearchParams(fields).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } });

test('an app is registered, allowed, used, and ended when its refresh token comes twice', async ({ signedIn: page, person, watch }) => {
  watch.expects(/422/);
  const app = (path: string): string => `${origin('app')}${path}`;
  for (const name of ['Orders', 'Salaries']) {
    await page.goto(app(`/o/${person.slug}/bases`));
    await page.getByRole('button', { name: 'New base' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill(name);
    await page.getByRole('dialog').getByRole('button', { name: 'Create base' }).click();
    await page.waitForURL(/\/b\/app/);
  }
  await page.goto(app(`/o/${person.slug}/tokens`));
  await page.getByRole('link', { name: 'OAuth apps' }).click();
  await page.getByRole('button', { name: 'New app' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New app' });
  await dialog.getByLabel('Name', { exact: true }).fill('Stock app');
  await dialog.getByLabel('Redirect addresses').fill('http://stock.example/back');
  await dialog.getByRole('button', { name: 'Register app' }).click();
  await expect(page.getByText('is not encrypted; use https')).toBeVisible();
  await pictures(page, 'oauth-new');
  await dialog.getByLabel('Redirect addresses').fill('http://127.0.0.1/back');
  await dialog.getByRole('checkbox', { name: /^Write/ }).check();
  await dialog.getByRole('button', { name: 'Register app' }).click();
  const secret = (await page.locator('#app-secret').textContent()) ?? '';
  const client = (await page.locator('#app-client').textContent()) ?? '';
  expect(secret).toMatch(/^nclcsec_/);
  await audit(page);

  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    client_id: client,
    redirect_uri: back,
    response_type: 'code',
    scope: 'read write',
    state: 'one',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  await page.goto(app(`/oauth/authorize?${asked}`));
  await expect(page.getByRole('heading', { name: 'Let Stock app act for you?' })).toBeVisible();
  await audit(page);
  await page.getByLabel('Only these').check();
  await page.getByRole('checkbox', { name: 'Orders' }).check();
  await pictures(page, 'oauth-consent');
  await page.getByRole('button', { name: 'Allow' }).click();
  await expect(page.getByRole('heading', { name: 'Back at the program' })).toBeVisible();
  const answer = new URL(page.url()).searchParams;
  expect([answer.get('state'), answer.get('iss')]).toEqual(['one', origin('api')]);

  const proof = { client_id: client, client_secret: secret };
  const code = { grant_type: 'authorization_code', code: answer.get('code') ?? '', redirect_uri: back, code_verifier: verifier };
  const first = await tokens({ ...proof, ...code });
  expect(first.status, first.text).toBe(200);
  const bases = await ask('/v1/bases', { token: first.json.access_token });
  expect(bases.json.data.map((base: { name: string }) => base.name)).toEqual(['Orders']);

  await page.goto(app('/account'));
  await page.getByRole('link', { name: 'Connected apps' }).click();
  await expect(page.getByRole('row', { name: /Stock app/ })).toContainText('Orders');
  await audit(page);
  await pictures(page, 'oauth-connected');
  await page.goto(app(`/o/${person.slug}/apps`));
  await pictures(page, 'oauth-apps');
  await page.getByRole('link', { name: 'Stock app' }).click();
  await expect(page.getByRole('row', { name: /Robin Hale/ })).toBeVisible();
  await pictures(page, 'oauth-app');

  const refresh = { ...proof, grant_type: 'refresh_token', refresh_token: first.json.refresh_token };
  const next = await tokens(refresh);
  expect(next.status, next.text).toBe(200);
  const reused = await tokens(refresh);
  expect([reused.status, reused.json.error]).toEqual([400, 'invalid_grant']);
  expect((await ask('/v1/bases', { token: next.json.access_token })).status).toBe(401);
  await openMail(page, person.email, 'Stock app was disconnected');
  await page.goto(app('/account/apps'));
  await expect(page.getByText('No app is connected')).toBeVisible();
});
