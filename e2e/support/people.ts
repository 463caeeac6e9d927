// How somebody comes to have an organisation: always through the pages a person sees.
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { expect } from '@playwright/test';
import { origin } from './origins.ts';

export interface Person {
  name: string;
  email: string;
  password: string;
  slug: string;
  cookies: Awaited<ReturnType<BrowserContext['cookies']>>;
}

export const PASSWORD = 'seven brown loaves of bread';

/** Sign-up, the mail's link, and the organisation; ends on the page after onboarding. `port`: of a program of the journey's own. */
export async function join(page: Page, name: string, email: string, organisation: string, start: string, port?: number): Promise<string> {
  await page.goto(`${origin('app', port)}/signup`);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Work e-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  await openMail(page, email, 'Confirm', port);
  await page.locator('.mailtext a[href*="/verify"]').click();
  await expect(page.getByRole('heading', { name: 'Confirm your address' })).toBeVisible();
  await page.getByRole('button', { name: 'Confirm address' }).click();
  await expect(page.getByRole('heading', { name: 'Set up your organisation' })).toBeVisible();
  await page.getByLabel('Organisation').fill(organisation);
  await page.locator('label.opt', { hasText: start }).click();
  await page.getByRole('button', { name: 'Create organisation' }).click();
  await page.waitForURL(/\/o\/[^/]+\//);
  return /\/o\/([^/]+)\//.exec(page.url())?.[1] ?? '';
}

/** Opens the newest mail to `email` whose subject contains `subject`; mails are sent by a job, so it may take a moment. */
export async function openMail(page: Page, email: string, subject: string, port?: number): Promise<void> {
  const mail = page.locator('a.lnk').filter({ hasText: email }).filter({ hasText: subject }).first();
  await expect(async () => {
    await page.goto(`${origin('app', port)}/dev/mailbox`);
    await expect(mail).toBeVisible({ timeout: 300 });
  }).toPass({ timeout: 15_000 });
  await mail.click();
}

/** A person with an organisation, made in a browser context of its own. `number` tells them apart: a worker that failed is followed by another. */
export async function member(browser: Browser, number: number): Promise<Person> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const email = `robin${number}@northwind.example`;
  const slug = await join(page, 'Robin Hale', email, `Northwind Freight ${number}`, 'An empty base');
  const cookies = await context.cookies();
  await context.close();
  return { name: 'Robin Hale', email, password: PASSWORD, slug, cookies };
}

/**
 * Makes an API token on the tokens page and answers its text. `scopes`: labels of the boxes to tick besides those ticked already; `bases`: the
 * names of those that it is limited to, if it is.
 */
export async function makeToken(page: Page, slug: string, label: string, scopes: string[], bases: string[] = []): Promise<string> {
  await page.goto(`${origin('app')}/o/${slug}/tokens`);
  await page.getByRole('button', { name: 'New token' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New token' });
  await dialog.getByLabel('What it is for').fill(label);
  for (const scope of scopes) await dialog.getByRole('checkbox', { name: new RegExp(`^${scope}`) }).check();
  if (bases.length > 0) await dialog.getByLabel('Only these').check();
  for (const base of bases) await dialog.getByRole('checkbox', { name: base, exact: true }).check();
  await dialog.getByRole('button', { name: 'Create token' }).click();
  const made = page.getByRole('dialog', { name: /is ready/ });
  const text = await made.locator('#token-text').textContent();
  await made.getByRole('button', { name: 'I have stored it' }).click();
  return text?.trim() ?? '';
}
