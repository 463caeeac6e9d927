// The directory's token: made once on the single sign-on page, used by a program, replaced, revoked.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { names, type Names } from '../support/names.ts';
import { origin } from '../support/origins.ts';
import { PASSWORD } from '../support/people.ts';
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
  own = await launch(folder, 'nclc-scim', /first staff account.*\n/, {
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
  const owner = 'olga@owner.example';
  const settings = at('app', '/o/oven-co/security/sso');
  await page.goto(at('app', '/signup'));
  await page.getByLabel('Your name').fill('Olga Owner');
  await page.getByLabel('Work e-mail').fill(owner);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  const mail = page.locator('a.lnk').filter({ hasText: owner }).first();
  await expect(async () => {
    await page.goto(at('app', '/dev/mailbox'));
    await expect(mail).toBeVisible({ timeout: 300 });
  }).toPass({ timeout: 15_000 });
  await mail.click();
  await page.locator('.mailtext a[href*="/verify"]').click();
  await page.getByRole('button', { name: 'Confirm address' }).click();
  await page.getByLabel('Organisation').fill('Oven Co');
  await page.getByRole('button', { name: 'Create organisation' }).click();
  await page.waitForURL(/\/o\/oven-co\//);

  await test.step('the plan and a domain', async () => {
    await page.goto(settings);
    await expect(page.getByRole('button', { name: 'Make token' })).toBeDisabled();
    const staff = await (await browser.newContext()).newPage();
    await staff.goto(/first staff account[^:]*: (\S+)/.exec(own.greeting)?.[1] ?? '');
    await staff.getByLabel('Work e-mail').fill('sam@staff.example');
    await staff.getByLabel('Name', { exact: true }).fill('Sam Ops');
    await staff.getByLabel('Password', { exact: true }).fill('four quiet words kept');
    await staff.getByRole('button', { name: 'Create account' }).click();
    await staff.goto(at('admin', '/tenants'));
    await staff.getByRole('link', { name: 'Oven Co' }).click();
    await staff.getByRole('button', { name: 'Change plan' }).first().click();
    const dialog = staff.getByRole('dialog');
    await dialog.getByLabel('Plan').selectOption('business');
    await dialog.getByLabel('Reason').fill('They bought it.');
    await dialog.getByRole('button', { name: 'Change plan' }).click();
    await expect(staff.getByText('Business').first()).toBeVisible();
    await staff.context().close();
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
