// The Business plan for an organisation of a program of the journey's own: given by its first staff account.
import { type Browser, expect } from '@playwright/test';
import { origin } from './origins.ts';
import type { Process } from './server.ts';

/** What the program prints until it is ready, and says where its first staff account is made. */
export const READY = /first staff account.*\n/;

/** Makes the staff account and changes the plan. */
export async function business(browser: Browser, own: Process, organisation: string): Promise<void> {
  const staff = await (await browser.newContext()).newPage();
  await staff.goto(/first staff account[^:]*: (\S+)/.exec(own.greeting)?.[1] ?? '');
  await staff.getByLabel('Work e-mail').fill('sam@staff.example');
  await staff.getByLabel('Name', { exact: true }).fill('Sam Ops');
  await staff.getByLabel('Password', { exact: true }).fill('four quiet words kept');
  await staff.getByRole('button', { name: 'Create account' }).click();
  await staff.goto(`${origin('admin', own.port)}/tenants`);
  await staff.getByRole('link', { name: organisation }).click();
  await staff.getByRole('button', { name: 'Change plan' }).first().click();
  const dialog = staff.getByRole('dialog');
  await dialog.getByLabel('Plan').selectOption('business');
  await dialog.getByLabel('Reason').fill('They bought it.');
  await dialog.getByRole('button', { name: 'Change plan' }).click();
  await expect(staff.getByText('Business').first()).toBeVisible();
  await staff.context().close();
}
