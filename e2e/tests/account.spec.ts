// A person's own account: picture, locale, a copy of the data, and the end of the account.
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { origin } from '../support/origins.ts';
import { join, openMail, PASSWORD } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { expect, test } from '../support/test.ts';

const app = (path: string): string => `${origin('app')}${path}`;
/** A picture of one pixel. */
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

test('picture, locale, a copy of the data', async ({ page, watch }) => {
  watch.expects(/status of 422/);
  const email = 'yana@account.example';
  await join(page, 'Yana Fox', email, 'Fox Prints', 'An empty base');
  await page.goto(app('/account'));
  await page.getByLabel('Choose a picture').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await page.getByRole('button', { name: 'Upload' }).click();
  await expect(page.locator('.field.error')).toContainText('choose a PNG');
  await page.getByLabel('Choose a picture').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: PIXEL });
  await page.getByRole('button', { name: 'Upload' }).click();
  await expect(page.getByText('Your picture is changed.')).toBeVisible();
  const shown = page.locator('.side .person img');
  await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(256);

  await page.getByLabel('Dates and numbers').selectOption('de');
  await page.getByLabel('Time zone').selectOption('Europe/Berlin');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByLabel('Dates and numbers')).toHaveValue('de');

  await page.getByRole('button', { name: 'Export my data' }).click();
  await openMail(page, email, 'copy of your');
  await page.goto(app('/account'));
  await pictures(page, 'account-full');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Fetch it' }).click()]);
  const copy = JSON.parse(gunzipSync(readFileSync((await file.path()) ?? '')).toString()) as Record<string, never>;
  expect(Object.keys(copy)).toEqual(['made_at', 'profile', 'sessions', 'log_in', 'access_log', 'organisations']);
  expect(JSON.stringify(copy)).toContain('Fox Prints');
});

test('closing the account, and keeping it', async ({ page, watch }) => {
  watch.expects(/status of 422/);
  const email = 'zoe@account.example';
  await page.goto(app('/signup'));
  await page.getByLabel('Your name').fill('Zoe Gale');
  await page.getByLabel('Work e-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await openMail(page, email, 'Confirm');
  await page.locator('.mailtext a[href*="/verify"]').click();
  await page.getByRole('button', { name: 'Confirm address' }).click();
  await page.waitForURL(/onboarding/);

  await page.goto(app('/account'));
  await page.getByRole('link', { name: 'Close', exact: true }).click();
  await pictures(page, 'account-close');
  await page.getByLabel(`Type ${email} to go on`).fill('zoe');
  await page.getByRole('button', { name: 'Close the account' }).click();
  await expect(page.locator('.field.error')).toContainText('not the address');
  await page.getByLabel(`Type ${email} to go on`).fill(email);
  await page.getByRole('button', { name: 'Close the account' }).click();
  await expect(page.getByText('closed in 14 days')).toBeVisible();
  await openMail(page, email, 'will be closed');
  await page.goto(app('/login'));
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.waitForURL(/onboarding/);
  await openMail(page, email, 'Your account stays');

  // Who owns an organisation alone is told what to do first.
  await page.goto(app('/onboarding'));
  await page.getByLabel('Organisation').fill('Gale Winds');
  await page.locator('label.opt', { hasText: 'An empty base' }).click();
  await page.getByRole('button', { name: 'Create organisation' }).click();
  await page.waitForURL(/\/o\//);
  await page.goto(app('/account/close'));
  await expect(page.getByRole('heading', { name: 'First, somebody else has to own' })).toBeVisible();
  await pictures(page, 'account-close-owner');
  await page.getByRole('link', { name: 'Make somebody an owner' }).click();
  await page.waitForURL(/\/team/);
});
