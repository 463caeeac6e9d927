// Passkeys with Chromium's virtual authenticator: adding one, logging in without a name, the second step, a copied key, an
// organisation that asks for a second factor; and the same without a pointer.
import { withAuthenticator, withoutAutofill } from '../support/authenticator.ts';
import { press, tabTo } from '../support/keys.ts';
import { origin } from '../support/origins.ts';
import { join, openMail, PASSWORD } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { expect, test } from '../support/test.ts';

const app = (path: string): string => `${origin('app')}${path}`;

test('a passkey is added, logs in without a name, and is a second step', async ({ page, watch }) => {
  watch.expects(/status of 4(01|22)/);
  const email = 'uma@passkeys.example';
  await withoutAutofill(page);
  const authenticator = await withAuthenticator(page);
  await join(page, 'Uma Lind', email, 'Lind & Sons', 'An empty base');

  await page.goto(app('/account/security'));
  await page.getByRole('link', { name: 'Add passkey' }).click();
  await pictures(page, 'passkey-add');
  await page.getByRole('textbox', { name: 'Name' }).fill('');
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await expect(page.locator('.field.error')).toContainText('is missing');
  expect(await authenticator.credentials()).toHaveLength(0);
  await page.getByRole('textbox', { name: 'Name' }).fill('Test laptop');
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await expect(page.getByRole('heading', { name: 'Store these recovery codes' })).toBeVisible();
  const codes = (await page.locator('#codes li').allTextContents()).map((text) => text.trim());
  await page.getByRole('link', { name: 'I have stored them' }).click();
  await expect(page.getByText('Test laptop')).toBeVisible();
  await expect(page.getByText('10 of 10 left')).toBeVisible();
  await pictures(page, 'passkey-security');
  const [credential] = await authenticator.credentials();
  expect(credential?.rpId).toBe(new URL(origin('app')).hostname);
  await openMail(page, email, 'passkey was added');

  // The same device again.
  await page.goto(app('/account/security/passkeys/add'));
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await expect(page.getByText('This device has a passkey of this account already.')).toBeVisible();

  await page.goto(app('/account/security'));
  await page.getByRole('link', { name: 'Change Test laptop' }).click();
  await pictures(page, 'passkey-one');
  await page.getByRole('textbox', { name: 'Name' }).fill('My laptop');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByText('My laptop')).toBeVisible();

  await page.context().clearCookies();
  await page.goto(app('/login?next=/account'));
  await pictures(page, 'passkey-login');
  await page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await page.waitForURL(app('/account'));
  await page.goto(app('/account/security'));
  await expect(page.getByText('Logged in with passkey').first()).toBeVisible();

  // Not recognised: the authenticator itself refuses.
  await page.context().clearCookies();
  await authenticator.recognised(false);
  await page.goto(app('/login'));
  await page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await expect(page.getByText('No passkey was chosen, or it took too long. Try again.')).toBeVisible();
  await authenticator.recognised(true);

  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Use your passkey' })).toBeVisible();
  await pictures(page, 'passkey-step');
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.waitForURL(/\/o\//);

  // Recovery codes still work.
  await page.context().clearCookies();
  await page.goto(app('/login'));
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('link', { name: 'Use a recovery code' }).click();
  await page.getByRole('textbox', { name: 'Recovery code' }).fill(codes[3] ?? '');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.waitForURL(/\/o\//);

  // A copy of the key, whose counter is behind.
  await page.goto(app('/confirm?next=%2Faccount%2Fsecurity'));
  await pictures(page, 'passkey-confirm');
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.waitForURL(app('/account/security'));
  await authenticator.turnBack();
  await page.context().clearCookies();
  await page.goto(app('/login'));
  await page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await expect(page.getByText('seems to have been copied')).toBeVisible();
  await openMail(page, email, 'passkey was refused');
});

test('a passkey is offered in the autofill of the log-in page', async ({ page, watch }) => {
  watch.expects(/status of 401/);
  const authenticator = await withAuthenticator(page);
  await join(page, 'Vik Aas', 'vik@passkeys.example', 'Aas Boats', 'An empty base');
  await page.goto(app('/account/security/passkeys/add'));
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await page.getByRole('link', { name: 'I have stored them' }).click();
  expect(await authenticator.credentials()).toHaveLength(1);
  await page.context().clearCookies();
  // The virtual authenticator picks the only one there is, as a person would in the list.
  await page.goto(app('/login'));
  await page.waitForURL(/\/o\//);
});

test('an organisation that asks for a second factor', async ({ page, watch }) => {
  watch.expects(/status of 4(03|09)/);
  await withoutAutofill(page);
  await withAuthenticator(page);
  const slug = await join(page, 'Wil Berg', 'wil@passkeys.example', 'Berg Works', 'An empty base');
  await page.goto(app(`/o/${slug}/security`));
  await pictures(page, 'rules-off');
  await page.getByRole('link', { name: 'Set up your own first' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Desk');
  await page.getByRole('button', { name: 'Create passkey' }).click();
  await page.getByRole('link', { name: 'I have stored them' }).click();
  await page.waitForURL(app(`/o/${slug}/security`));
  await page.getByRole('button', { name: 'Require' }).click();
  await expect(page.getByText('Everybody needs a second factor from now on.')).toBeVisible();
  await pictures(page, 'rules-on');

  await page.goto(app('/account/security'));
  await page.getByRole('link', { name: 'Change Desk' }).click();
  await page.getByRole('button', { name: 'Remove passkey' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove passkey' }).click();
  await expect(page.getByText('The passkey is removed here.')).toBeVisible();

  await page.goto(app(`/o/${slug}/team`));
  await expect(page.getByRole('heading', { name: 'Berg Works asks for a second factor' })).toBeVisible();
  await pictures(page, 'rules-led');
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Desk again');
  await page.getByRole('button', { name: 'Create passkey' }).click();
  // The device still holds the key that was removed here; it is another one for the account.
  await page.getByRole('link', { name: 'I have stored them' }).click();
  await page.waitForURL(app(`/o/${slug}/team`));
});

test('all of it without a pointer', async ({ page }) => {
  await withoutAutofill(page);
  await withAuthenticator(page);
  await join(page, 'Xen Cole', 'xen@passkeys.example', 'Cole Mills', 'An empty base');
  await page.goto(app('/account/security'));
  await press(page, 'Add passkey');
  await page.waitForURL(/passkeys\/add/);
  await expect(page.getByLabel('Name')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Store these recovery codes' })).toBeVisible();
  await press(page, 'I have stored them');
  await page.waitForURL(app('/account/security'));
  await page.context().clearCookies();
  await page.goto(app('/login'));
  await press(page, 'Log in with a passkey');
  await page.waitForURL(/\/o\//);
  await page.goto(app('/account/security'));
  await press(page, /^Change /);
  await page.waitForURL(/passkeys\/pky_/);
  await tabTo(page, 'Remove passkey');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Remove passkey');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The passkey is removed here.')).toBeVisible();
});
