// Single sign-on of an organisation: set up by its owner, a domain proven, and a member who arrives for the first time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { business, READY } from '../support/business.ts';
import { names, type Names } from '../support/names.ts';
import { origin } from '../support/origins.ts';
import { join } from '../support/people.ts';
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
  own = await launch(folder, 'nclc-sso', READY, {
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
  await join(page, 'Olga Owner', 'olga@owner.example', 'Loaf Co', 'An empty base', own.port);

  await test.step('it is part of a plan', async () => {
    await page.goto(at('app', '/o/loaf-co/security'));
    await page.getByRole('link', { name: 'Set up', exact: true }).click();
    await expect(page.getByText('part of the Business plan')).toBeVisible();
    await business(browser, own, 'Loaf Co');
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
