// Single sign-on by SAML: set up by the owner from the provider's metadata, and a member who arrives for the first time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { Page } from '@playwright/test';
import { business, READY } from '../support/business.ts';
import { names, type Names } from '../support/names.ts';
import { origin } from '../support/origins.ts';
import { join } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { type Provider, samlProvider } from '../support/provider.ts';
import { freePort, launch, type Process } from '../support/server.ts';
import { expect, test } from '../support/test.ts';

const folder = mkdtempSync(path(tmpdir(), 'nclc-saml-'));
let own: Process;
let idp: Provider;
let dns: Names;
const at = (portal: string, to: string): string => `${origin(portal, own.port)}${to}`;

/** The provider's page, which posts its answer to us by itself. */
async function through(page: Page, login: string): Promise<void> {
  await page.getByLabel('Login').fill(login);
  await page.getByRole('button', { name: 'Sign-in' }).click();
}

test.beforeAll(async () => {
  test.setTimeout(180_000);
  const port = await freePort();
  dns = await names();
  idp = await samlProvider();
  own = await launch(folder, 'nclc-saml', READY, {
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

test('an organisation sets up SAML, and somebody arrives by it', async ({ page, browser, watch }) => {
  test.setTimeout(180_000);
  watch.expects(/status of 4(09|03|22)/, /127\.0\.0\.1/, /ERR_NAME_NOT_RESOLVED/);
  await join(page, 'Olga Owner', 'olga@owner.example', 'Loaf Co', 'An empty base', own.port);

  await test.step('the plan', async () => {
    await business(browser, own, 'Loaf Co');
  });

  await test.step('the provider', async () => {
    await page.goto(at('app', '/o/loaf-co/security/sso'));
    await page.getByRole('link', { name: 'SAML 2.0' }).click();
    await expect(page.locator('#acs')).toHaveText(at('app', '/login/sso/loaf-co/acs'));
    await expect(page.locator('#entity')).toHaveText(at('app', '/login/sso/loaf-co/metadata'));
    await pictures(page, 'saml-empty');
    await page.getByLabel('Or the metadata itself').fill('<a/>');
    await page.getByRole('button', { name: 'Save provider' }).click();
    await expect(page.getByText('is not SAML metadata')).toBeVisible();
    await page.getByLabel('Or the metadata itself').fill('');
    await page.getByLabel('Address of the provider’s metadata').fill(`${idp.issuer}/metadata`);
    await page.getByLabel('Attribute with their groups').fill('groups');
    await page.getByLabel('Roles by group').fill('bakers = editor');
    await page.getByRole('button', { name: 'Save provider' }).click();
    await expect(page.getByText('Saved. Try out a log-in now.')).toBeVisible();
    await page.getByRole('button', { name: 'Fetch metadata' }).click();
    await expect(page.getByText('The metadata was fetched again.')).toBeVisible();
  });

  await test.step('the domain', async () => {
    await page.getByLabel('Another domain').fill('loaf.example');
    await page.getByRole('button', { name: 'Add domain' }).click();
    const text = await page.locator('code', { hasText: 'nclc-domain=' }).textContent();
    dns.set('_nclc.loaf.example', text?.trim() ?? '');
    await page.getByRole('button', { name: 'Check loaf.example' }).click();
    await expect(page.getByText('The domain is proven.')).toBeVisible();
  });

  await test.step('tried out, then the only way in', async () => {
    await page.getByRole('button', { name: 'Try a log-in' }).click();
    await through(page, 'olga@loaf.example');
    await expect(page.getByText('olga@loaf.example as viewer')).toBeVisible();
    await page.getByRole('button', { name: 'Require', exact: true }).click();
    await expect(page.getByText('have to come by the provider from now on')).toBeVisible();
    await pictures(page, 'saml-required');
  });

  await test.step('somebody arrives for the first time', async () => {
    const context = await browser.newContext();
    const other = await context.newPage();
    await other.goto(at('app', '/login'));
    await other.getByRole('link', { name: 'Log in with SSO' }).click();
    await other.getByLabel('Work e-mail').fill('nils+bakers@loaf.example');
    await other.getByRole('button', { name: 'Go on' }).click();
    await through(other, 'nils+bakers@loaf.example');
    await other.waitForURL(/\/o\/loaf-co\/$/);
    await page.goto(at('app', '/o/loaf-co/team'));
    await expect(page.getByText('nils+bakers@loaf.example').first()).toBeVisible();
    await context.close();
  });

  await test.step('an answer that was changed on its way', async () => {
    const context = await browser.newContext();
    const other = await context.newPage();
    await other.goto(at('app', '/login/sso/loaf-co'));
    await through(other, 'tampered@loaf.example');
    await other.getByRole('button', { name: 'Go on' }).click();
    await expect(other.getByText('was changed after it was signed')).toBeVisible();
    await pictures(other, 'saml-refused');
    await context.close();
  });
});
