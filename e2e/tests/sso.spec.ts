// Single sign-on of an organisation: set up by its owner, a domain proven, and a member who arrives for the first time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { names, type Names } from '../support/names.ts';
import { origin } from '../support/origins.ts';
import { PASSWORD } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { CLIENT, provider, type Provider, SECRET, through } from '../support/provider.ts';
import { freePort, launch, type Process } from '../support/server.ts';
import { expect, test } from '../support/test.ts';

const folder = mkdtempSync(path(tmpdir(), 'nclc-sso-'));
let own: Process;
let idp: Provider;
let dns: Names;
const at = (portal: string, to: string): string => `${origin(portal, own.port)}${to}`;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  const port = await freePort();
  dns = await names();
  idp = await provider([`${origin('app', port)}/login/sso/loaf-co/callback`]);
  own = await launch(folder, 'nclc-sso', /first staff account.*\n/, {
    port,
    settings: { NCLC_SECURITY_OUTGOING_ALLOW: '127.0.0.1', NCLC_SECURITY_DNS_SERVER: dns.address },
  });
});

test.afterAll(async () => {
  dns.stop();
  idp.stop();
  await own.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('an organisation sets up single sign-on, and somebody arrives by it', async ({ page, browser, watch }) => {
  test.setTimeout(180_000);
  watch.expects(/status of 4(09|03|22)/, /127\.0\.0\.1/, /ERR_NAME_NOT_RESOLVED/);
  const owner = 'olga@owner.example';
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
  await page.getByLabel('Organisation').fill('Loaf Co');
  await page.getByRole('button', { name: 'Create organisation' }).click();
  await page.waitForURL(/\/o\/loaf-co\//);

  await test.step('it is part of a plan', async () => {
    await page.goto(at('app', '/o/loaf-co/security'));
    await page.getByRole('link', { name: 'Set up', exact: true }).click();
    await expect(page.getByText('part of the Business plan')).toBeVisible();
    const staff = await (await browser.newContext()).newPage();
    await staff.goto(/first staff account[^:]*: (\S+)/.exec(own.greeting)?.[1] ?? '');
    await staff.getByLabel('Work e-mail').fill('sam@staff.example');
    await staff.getByLabel('Name', { exact: true }).fill('Sam Ops');
    await staff.getByLabel('Password', { exact: true }).fill('four quiet words kept');
    await staff.getByRole('button', { name: 'Create account' }).click();
    await staff.goto(at('admin', '/tenants'));
    await staff.getByRole('link', { name: 'Loaf Co' }).click();
    await staff.getByRole('button', { name: 'Change plan' }).first().click();
    const dialog = staff.getByRole('dialog');
    await dialog.getByLabel('Plan').selectOption('business');
    await dialog.getByLabel('Reason').fill('They bought it.');
    await dialog.getByRole('button', { name: 'Change plan' }).click();
    await expect(staff.getByText('Business').first()).toBeVisible();
    await staff.context().close();
    await page.reload();
    await expect(page.getByText('part of the Business plan')).toBeHidden();
    await pictures(page, 'sso-empty');
  });

  await test.step('the provider', async () => {
    await page.getByLabel('Issuer').fill('login.loaf.example');
    await page.getByLabel('Client id').fill(CLIENT);
    await page.getByRole('button', { name: 'Save provider' }).click();
    await expect(page.getByText('must begin with https://')).toBeVisible();
    await expect(page.getByLabel('Client id')).toHaveValue(CLIENT);
    await page.getByLabel('Issuer').fill(idp.issuer);
    await page.getByLabel('Client secret').fill(SECRET);
    await page.getByLabel('Claim with their groups').fill('groups');
    await page.getByLabel('Roles by group').fill('bakers = editor');
    await page.getByRole('button', { name: 'Save provider' }).click();
    await expect(page.getByText('Saved. The provider answers.')).toBeVisible();
  });

  await test.step('the domain', async () => {
    await page.getByLabel('Another domain').fill('loaf.example');
    await page.getByRole('button', { name: 'Add domain' }).click();
    await page.getByRole('button', { name: 'Check loaf.example' }).click();
    await expect(page.getByText('There is no TXT record at _nclc.loaf.example yet.')).toBeVisible();
    await pictures(page, 'sso-domain');
    const text = await page.locator('code', { hasText: 'nclc-domain=' }).textContent();
    dns.set('_nclc.loaf.example', text?.trim() ?? '');
    await page.getByRole('button', { name: 'Check loaf.example' }).click();
    await expect(page.getByText('The domain is proven.')).toBeVisible();
  });

  await test.step('tried out, then the only way in', async () => {
    await page.getByRole('button', { name: 'Require', exact: true }).click();
    await expect(page.getByText('try out a log-in first')).toBeVisible();
    await page.getByRole('button', { name: 'Try a log-in' }).click();
    await through(page, 'olga@loaf.example');
    await expect(page.getByText('olga@loaf.example as viewer')).toBeVisible();
    await page.getByRole('button', { name: 'Require', exact: true }).click();
    await expect(page.getByText('have to come by the provider from now on')).toBeVisible();
    await pictures(page, 'sso-required');
  });

  await test.step('somebody arrives for the first time', async () => {
    const context = await browser.newContext();
    const other = await context.newPage();
    await other.goto(at('app', '/login'));
    await other.getByRole('link', { name: 'Log in with SSO' }).click();
    await pictures(other, 'sso-login');
    await other.getByLabel('Work e-mail').fill('nils@nobody.example');
    await other.getByRole('button', { name: 'Go on' }).click();
    await expect(other.getByText('of no organisation with single sign-on')).toBeVisible();
    await other.getByLabel('Work e-mail').fill('nils+bakers@loaf.example');
    await other.getByRole('button', { name: 'Go on' }).click();
    await through(other, 'nils+bakers@loaf.example');
    await other.waitForURL(/\/o\/loaf-co\/$/);
    await page.goto(at('app', '/o/loaf-co/team'));
    await expect(page.getByText('nils+bakers@loaf.example').first()).toBeVisible();
    await context.close();
  });
});
