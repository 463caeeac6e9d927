// The team: a client who is invited to two sites and sees nothing else; exceptions with their reasons; the audit trail; tokens.
import { origin } from '../support/origins.ts';
import { join, openMail } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { expect, test } from '../support/test.ts';

const app = (to: string): string => `${origin('app')}${to}`;

test('a client sees two sites and nothing else', async ({ browser, signedIn: page, person, watch }) => {
  test.setTimeout(120_000);
  const own = `/o/${person.slug}`;
  for (const name of ['Corner Bakery', 'City Clinic', 'Garden Shop']) {
    await page.goto(app(`${own}/sites/new`));
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Create site' }).click();
    await page.waitForURL(/\/sites\/sit_/);
  }
  const email = 'bo@bakery.example';
  const context = await browser.newContext();
  const theirs = await context.newPage();
  await join(theirs, 'Bo Baker', email, 'Bo alone', 'An empty base');

  await page.goto(app(`${own}/team`));
  await page.getByRole('button', { name: 'Invite people' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite people' });
  await dialog.getByLabel('E-mail addresses').fill(email);
  await dialog.getByRole('radio', { name: /^Client/ }).check();
  await dialog.getByLabel('Corner Bakery').selectOption('edit');
  await dialog.getByLabel('City Clinic').selectOption('publish');
  await dialog.getByRole('button', { name: 'Send invitations' }).click();
  await openMail(page, email, 'invites you');
  await theirs.goto((await page.locator('.mailtext a[href*="/invite"]').getAttribute('href')) ?? '');
  await theirs.getByRole('button', { name: /^Accept/ }).click();
  await theirs.waitForURL(new RegExp(`${own}/$`));

  const side = theirs.getByRole('navigation', { name: 'Main' });
  await expect(side.getByRole('link', { name: 'Sites' })).toBeVisible();
  for (const hidden of ['Bases', 'Team', 'API tokens']) await expect(side.getByRole('link', { name: hidden })).toHaveCount(0);
  await side.getByRole('link', { name: 'Sites' }).click();
  await expect(theirs.getByText('Corner Bakery')).toBeVisible();
  await expect(theirs.getByText('City Clinic')).toBeVisible();
  await expect(theirs.getByText('Garden Shop')).toHaveCount(0);
  await pictures(theirs, 'client-sites');
  watch.expects(/403/);
  for (const closed of ['/bases', '/team', '/tokens']) expect((await theirs.goto(app(`${own}${closed}`)))?.status()).toBe(403);

  await page.goto(app(`${own}/team`));
  const clients = page.getByRole('region', { name: 'Clients' });
  await expect(clients.getByText('Bo Baker')).toBeVisible();
  await expect(clients.getByText('City Clinic')).toBeVisible();
  await pictures(page, 'team');
  await clients.getByRole('link', { name: 'Sites of Bo Baker' }).click();
  await expect(page.getByRole('heading', { name: 'Bo Baker' })).toBeVisible();
  await pictures(page, 'permissions-of');
  await page.getByLabel('City Clinic').selectOption('none');
  await page.getByRole('button', { name: 'Save permissions' }).click();
  await expect(page.getByText('Saved. It holds at once')).toBeVisible();
  await theirs.goto(app(`${own}/sites`));
  await expect(theirs.getByText('City Clinic')).toHaveCount(0);
  await page.goto(app(`${own}/team/permissions`));
  await pictures(page, 'permissions');
  await page.goto(app(`${own}/team/audit`));
  await expect(page.getByText('changed the permissions of Bo Baker')).toBeVisible({ timeout: 15_000 });
  await pictures(page, 'audit');
  await context.close();
});
