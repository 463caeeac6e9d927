// The directory's token: made once on the single sign-on page, used by a program, replaced, revoked.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { business, READY } from '../support/business.ts';
import { names, type Names } from '../support/names.ts';
import { origin } from '../support/origins.ts';
import { join } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { freePort, launch, type Process } from '../support/server.ts';
import { expect, test } from '../support/test.ts';

const folder = mkdtempSync(path(tmpdir(), 'nclc-scim-'));
let own: Process;
let dns: Names;
const at = (portal: string, to: string): string => `${origin(portal, own.port)}${to}`;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  dns = await names();
  own = await launch(folder, 'nclc-scim', READY, {
    port: await freePort(),
    settings: { NCLC_SECURITY_DNS_SERVER: dns.address },
  });
});

test.afterAll(async () => {
  dns.stop();
  await own.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a directory is connected, makes a member, and is cut off', async ({ page, browser, request, watch }) => {
  test.setTimeout(180_000);
  watch.expects(/status of 4(09|03|22)/);
  const settings = at('app', '/o/oven-co/security/sso');
  await join(page, 'Olga Owner', 'olga@owner.example', 'Oven Co', 'An empty base', own.port);

  await test.step('the plan and a domain', async () => {
    await page.goto(settings);
    await expect(page.getByRole('button', { name: 'Make token' })).toBeDisabled();
    await business(browser, own, 'Oven Co');
    await page.reload();
    await page.getByLabel('Another domain').fill('oven.example');
    await page.getByRole('button', { name: 'Add domain' }).click();
    const text = await page.locator('code', { hasText: 'nclc-domain=' }).textContent();
    dns.set('_nclc.oven.example', text?.trim() ?? '');
    await page.getByRole('button', { name: 'Check oven.example' }).click();
    await expect(page.getByText('The domain is proven.')).toBeVisible();
  });

  const ask = async (token: string, method: string, to: string, data?: unknown): Promise<{ status: number; body: Record<string, unknown> }> => {
    const headers = { authorization: `Bearer ${token}`, host: new URL(at('api', '/')).host, 'content-type': 'application/scim+json' };
    const answer = await request.fetch(`http://127.0.0.1:${own.port}/scim/v2${to}`, { method, headers, data: data as string });
    return { status: answer.status(), body: (await answer.json().catch(() => ({}))) as Record<string, unknown> };
  };
  let token = '';

  await test.step('the token is shown once, and works', async () => {
    await page.getByRole('button', { name: 'Make token' }).click();
    await expect(page.getByText('Shown once.')).toBeVisible();
    token = (await page.locator('#scim-token').textContent()) ?? '';
    expect(token).toMatch(/^nclcscim_/);
    await pictures(page, 'scim-made');
    await page.goto(settings);
    await expect(page.locator('#scim-token')).toHaveCount(0);
    await expect(page.locator('#scim').getByText('Not used yet', { exact: true })).toBeVisible();
    const made = await ask(token, 'POST', '/Users', { userName: 'nils@oven.example', displayName: 'Nils Nord' });
    expect(made.status).toBe(201);
    const group = await ask(token, 'POST', '/Groups', { displayName: 'Bakers', members: [{ value: made.body['id'] }] });
    expect(group.status).toBe(201);
    await page.goto(at('app', '/o/oven-co/team'));
    await expect(page.getByText('nils@oven.example').first()).toBeVisible();
    await page.goto(at('app', '/o/oven-co/team/permissions'));
    await page.getByRole('link', { name: 'Open permissions of Bakers' }).click();
    await expect(page.getByText('Your directory says what this group is called')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Delete group' })).toHaveCount(0);
    await pictures(page, 'scim-group');
  });

  await test.step('replaced, then revoked', async () => {
    await page.goto(settings);
    await expect(page.locator('#scim').getByText('In use', { exact: true })).toBeVisible();
    await page.getByRole('button', { name: 'Replace token' }).click();
    const next = (await page.locator('#scim-token').textContent()) ?? '';
    await expect(page.locator('#scim').getByText('Replaced', { exact: true })).toBeVisible();
    expect([(await ask(token, 'GET', '/Users')).status, (await ask(next, 'GET', '/Users')).status]).toEqual([200, 200]);
    await page.goto(settings);
    await pictures(page, 'scim-replaced');
    await page.getByRole('button', { name: `Revoke token ${token.slice(-4)}` }).click();
    await expect(page.getByText('The SCIM token is revoked.')).toBeVisible();
    expect([(await ask(token, 'GET', '/Users')).status, (await ask(next, 'GET', '/Users')).status]).toEqual([401, 200]);
  });
});
