// The account's protection as a person meets it: an authenticator app, recovery codes, the second step, and being asked again.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { origin } from '../support/origins.ts';
import { join, openMail, PASSWORD } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { expect, test } from '../support/test.ts';

const app = (path: string): string => `${origin('app')}${path}`;

/** RFC 6238, as an authenticator app does it. */
function code(seed: string, at = Date.now()): string {
  let bits = '';
  for (const letter of seed.replace(/\s/g, '')) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac('sha1', key).update(step).digest();
  const offset = hash[19]! & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** A code that was not used yet: one is taken once, and those of the neighbouring half minutes are taken too. */
const later = (seed: string): string => code(seed, Date.now() + 30_000);

async function logIn(page: Page, email: string): Promise<void> {
  await page.goto(app('/login'));
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

test('an authenticator app, recovery codes, and the second step', async ({ page, browser, watch }) => {
  watch.expects(/status of 4(22|03)/);
  const email = 'sasha@security.example';
  await join(page, 'Sasha Moor', email, 'Moor & Co', 'An empty base');

  await page.goto(app('/account/security'));
  await pictures(page, 'security-off');
  await page.getByRole('link', { name: 'Add app' }).click();
  const seed = (await page.locator('#seed').textContent()) ?? '';
  await pictures(page, 'security-app');
  await page.getByLabel('Code that the app shows').fill('12345');
  await page.getByRole('button', { name: 'Add app' }).click();
  await expect(page.locator('.field.error')).toContainText('six digits');
  expect(await page.locator('#seed').textContent()).toBe(seed);
  await page.getByLabel('Code that the app shows').fill(code(seed));
  await page.getByRole('button', { name: 'Add app' }).click();

  await expect(page.getByRole('heading', { name: 'Store these recovery codes' })).toBeVisible();
  const codes = (await page.locator('#codes li').allTextContents()).map((text) => text.trim());
  expect(codes).toHaveLength(10);
  await pictures(page, 'security-codes');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()]);
  const stored = readFileSync((await file.path()) ?? '', 'utf8');
  for (const one of codes) expect(stored).toContain(one);
  await page.getByRole('link', { name: 'I have stored them' }).click();
  await expect(page.getByText('10 of 10 left')).toBeVisible();
  await pictures(page, 'security-on');
  await openMail(page, email, 'authenticator app was added');

  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await logIn(other, email);
  await expect(other.getByRole('heading', { name: 'Enter the code' })).toBeVisible();
  await pictures(other, 'security-step');
  await other.getByLabel('Code', { exact: true }).fill('000000');
  await other.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(other.locator('.field.error')).toContainText('is not right');
  await other.getByLabel('Code', { exact: true }).fill(later(seed));
  await other.keyboard.press('Enter');
  await other.waitForURL(/\/o\//);

  await other.context().clearCookies();
  await logIn(other, email);
  await other.getByRole('link', { name: 'Use a recovery code' }).click();
  await other.getByRole('textbox', { name: 'Recovery code' }).fill((codes[0] ?? '').toUpperCase());
  await other.getByRole('button', { name: 'Log in', exact: true }).click();
  await other.waitForURL(/\/o\//);
  await other.goto(app('/confirm?next=%2Faccount%2Fsecurity'));
  await pictures(other, 'security-confirm');
  await other.getByLabel('Code', { exact: true }).fill(codes[0] ?? '');
  await other.getByRole('button', { name: 'Go on' }).click();
  await expect(other.locator('.field.error')).toContainText('is not right');
  await other.getByLabel('Code', { exact: true }).fill(codes[1] ?? '');
  await other.getByRole('button', { name: 'Go on' }).click();
  await expect(other.getByText('8 of 10 left')).toBeVisible();

  await page.goto(app('/account/security'));
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove app' }).click();
  await expect(page.getByText('The authenticator app is removed.')).toBeVisible();
  await other.context().clearCookies();
  await logIn(other, email);
  await other.waitForURL(/\/o\//);
  await elsewhere.close();
});

test('the password page', async ({ signedIn: page, watch }) => {
  watch.expects(/status of 422/);
  await page.goto(app('/account/password'));
  await page.getByLabel('Current password').fill('not the one');
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.locator('.field.error')).toHaveCount(2);
  await pictures(page, 'security-password');
});

test('logging in by mail, and another address', async ({ page, browser, watch }) => {
  watch.expects(/status of 4(10|22)/);
  const email = 'tony@security.example';
  const moved = 'tony@moved.example';
  await join(page, 'Tony Reed', email, 'Reed & Daughters', 'An empty base');

  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(app('/login'));
  await pictures(other, 'security-login');
  await other.getByRole('link', { name: 'Log in by mail' }).click();
  await other.getByLabel('E-mail').fill('tony@nowhere');
  await other.getByRole('button', { name: 'Send the link' }).click();
  await expect(other.getByLabel('E-mail')).toHaveValue('tony@nowhere');
  await pictures(other, 'security-link-ask');
  await other.getByLabel('E-mail').fill(email);
  await other.getByRole('button', { name: 'Send the link' }).click();
  await expect(other.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  await openMail(other, email, 'Log in to');
  const link = (await other.locator('.mailtext a[href*="/link?"]').getAttribute('href')) ?? '';

  const third = await browser.newContext();
  const stranger = await third.newPage();
  await stranger.goto(link);
  await expect(stranger.getByRole('heading', { name: 'Was it you?' })).toBeVisible();
  await pictures(stranger, 'security-link-other');
  await third.close();

  await other.goto(link);
  await pictures(other, 'security-link');
  await other.getByRole('button', { name: 'Log in', exact: true }).click();
  await other.waitForURL(/\/o\//);
  await other.goto(link);
  await expect(other.getByRole('heading', { name: 'This link has ended' })).toBeVisible();
  await openMail(other, email, 'New browser');

  await page.goto(app('/account'));
  await page.getByRole('link', { name: 'Change' }).click();
  await page.getByLabel('New address').fill(email);
  await page.getByRole('button', { name: 'Ask both addresses' }).click();
  await expect(page.locator('.field.error')).toContainText('is your address already');
  await pictures(page, 'security-email');
  await page.getByLabel('New address').fill(moved);
  await page.getByRole('button', { name: 'Ask both addresses' }).click();
  await expect(page.getByText('neither address has confirmed yet')).toBeVisible();
  await pictures(page, 'security-account');
  for (const [to, after] of [[email, 'One more'], [moved, 'The address is changed']] as const) {
    await openMail(page, to, 'Change the address');
    await page.locator('.mailtext a[href*="/email?"]').click();
    await pictures(page, 'security-email-link');
    await page.getByRole('button', { name: 'Confirm the change' }).click();
    await expect(page.getByRole('heading', { name: after })).toBeVisible();
  }
  await page.goto(app('/account'));
  await expect(page.locator('.card').getByText(moved)).toBeVisible();
  await elsewhere.close();
});
