// Signing up and logging in with an account elsewhere, at a real provider of OpenID Connect.
import { origin } from '../support/origins.ts';
import { join, openMail, PASSWORD } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { CLIENT, provider, type Provider, SECRET, through } from '../support/provider.ts';
import { freePort, launch, type Process } from '../support/server.ts';
import { expect, test } from '../support/test.ts';

let second: Process;
let idp: Provider;
const app = (path: string): string => `${origin('app', second.port)}${path}`;

test.beforeAll(async () => {
  const port = await freePort();
  idp = await provider([`${origin('app', port)}/login/with/oidc/callback`]);
  second = await launch(process.env.E2E_FOLDER ?? '', 'nclc-provider', undefined, {
    port,
    settings: {
      NCLC_SIGN_IN_OIDC_ISSUER: idp.issuer,
      NCLC_SIGN_IN_OIDC_NAME: 'Acme',
      NCLC_SIGN_IN_OIDC_CLIENT_ID: CLIENT,
      NCLC_SIGN_IN_OIDC_CLIENT_SECRET: SECRET,
      NCLC_SIGN_IN_GOOGLE_CLIENT_ID: 'shown',
      NCLC_SIGN_IN_GOOGLE_CLIENT_SECRET: 'only',
      NCLC_SIGN_IN_GITHUB_CLIENT_ID: 'shown',
      NCLC_SIGN_IN_GITHUB_CLIENT_SECRET: 'only',
      NCLC_SECURITY_OUTGOING_ALLOW: '127.0.0.1',
    },
  });
});

test.afterAll(async () => {
  idp.stop();
  await second.stop();
});

test('somebody new signs up with an account elsewhere', async ({ page, watch }) => {
  // The pages of the provider beside the product load a font from elsewhere.
  watch.expects(/127\.0\.0\.1/, /ERR_NAME_NOT_RESOLVED/);
  await page.goto(app('/login'));
  await pictures(page, 'provider-login');
  await page.goto(app('/signup'));
  await pictures(page, 'provider-signup');
  await page.getByRole('link', { name: 'Acme' }).click();
  await through(page, 'nele@provider.example');
  await expect(page.getByRole('heading', { name: 'Set up your organisation' })).toBeVisible();
  await page.goto(app('/account/security'));
  await expect(page.getByText('nele@provider.example, connected')).toBeVisible();
  await expect(page.getByText('You have none: you log in with another account.')).toBeVisible();
  await pictures(page, 'provider-security');
  await page.getByRole('button', { name: /Remove Acme/ }).click();
  await page.getByRole('button', { name: 'Remove connection' }).click();
  await expect(page.getByText('This is the only way to log in to your account.')).toBeVisible();
});

test('an account here is connected with one elsewhere, logs in by it, and is parted again', async ({ page, browser, watch }) => {
  // The pages of the provider beside the product load a font from elsewhere.
  watch.expects(/127\.0\.0\.1/, /ERR_NAME_NOT_RESOLVED/);
  const email = 'olaf@provider.example';
  await join(page, 'Olaf Berg', email, 'Berg & Sons', 'An empty base');
  await page.context().clearCookies();
  await page.goto(app('/login?next=/account/security'));
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('button', { name: 'Connect Acme' }).click();
  await through(page, 'unverified-olaf@elsewhere.example');
  await expect(page.getByText('The account is connected.')).toBeVisible();
  await openMail(page, email, 'Another way to log in');

  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(app('/login?next=/account/security'));
  await other.getByRole('link', { name: 'Acme' }).click();
  await through(other, 'unverified-olaf@elsewhere.example');
  await expect(other.getByText('unverified-olaf@elsewhere.example, connected')).toBeVisible();
  await context.close();

  const stranger = await browser.newContext();
  const third = await stranger.newPage();
  await third.goto(app('/login'));
  await third.getByRole('link', { name: 'Acme' }).click();
  await through(third, 'unverified-nobody@elsewhere.example');
  await expect(third.getByRole('alert')).toContainText('does not vouch for your e-mail address');
  await stranger.close();

  await page.goto(app('/account/security'));
  await page.getByRole('button', { name: /Remove Acme/ }).click();
  await page.getByRole('button', { name: 'Remove connection' }).click();
  await expect(page.getByText('The connection is removed.')).toBeVisible();
});
