// Every page at a desk and on a phone, light and dark: a picture to look at, no sideways scroll on the phone, axe.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { ask } from '../support/api.ts';
import { ready } from '../support/grid.ts';
import { origin, siteOrigin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

const PICTURES = resolve(import.meta.dirname, '../screenshots');
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
const THEMES = ['light', 'dark'] as const;

interface Shot { name: string; url: () => string; settle?: (page: Page) => Promise<void>; expects?: RegExp }
interface Place { slug: string; base: string; table: string; record: string; site: string; siteSlug: string; page: string }
let place: Place;

const app = (path: string): string => `${origin('app')}${path}`;
const www = (path: string): string => `${origin('www')}${path}`;

/** A base with some rows and a published site, so that pages have something to show. */
test.beforeAll(async ({ browser, person }, { workerIndex }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const page = await context.newPage();
  const token = await makeToken(page, person.slug, 'Warehouse sync', ['Read', 'Write', 'Delete', 'Schema']);
  const base = (await ask('/v1/bases', { token, body: { name: 'Warehouse' } })).json.id as string;
  const made = await ask('/v1/tables', { token, body: { base, name: 'Articles', fields: [
    { name: 'Name', type: 'text' }, { name: 'Price', type: 'number', options: { precision: 2 } }, { name: 'In stock', type: 'checkbox' },
    { name: 'State', type: 'select', options: { choices: [{ name: 'On sale', colour: 'green' }, { name: 'Sold out', colour: 'gray' }] } }, { name: 'Since', type: 'date' },
  ] } });
  expect(made.status, made.text).toBe(201);
  const goods = ['Oak table', 'Pine shelf', 'Reading lamp', 'Wool rug', 'Linen curtain', 'Steel hook', 'Ceramic bowl', 'Beech chair'];
  const filled = await ask('/v1/records', { token, body: { table: made.json.id, records: goods.map((name, i) => ({ fields: { Name: name, Price: 19.9 + i * 7, 'In stock': i % 3 > 0, State: i % 4 ? 'On sale' : 'Sold out', Since: `2026-0${i + 1}-1${i}` } })) } });
  expect(filled.status, filled.text).toBe(201);
  await page.goto(app(`/o/${person.slug}/sites/new`));
  await page.getByLabel('Name', { exact: true }).fill(`Warehouse shop ${workerIndex}`);
  await page.locator('label.themecard').first().click();
  await page.getByLabel('Base', { exact: true }).selectOption({ label: 'Warehouse' });
  await page.getByRole('button', { name: 'Create site' }).click();
  await page.waitForURL(/\/sites\/sit_/);
  const site = /\/sites\/(sit_\w+)/.exec(page.url())?.[1] ?? '';
  const first = await page.locator('a[href*="/pages/pag_"]').first().getAttribute('href');
  await page.goto(app(`/o/${person.slug}/sites/${site}/publish`));
  await page.getByRole('button', { name: /^Publish/ }).first().click();
  await page.waitForURL((url) => !url.pathname.endsWith('/publish'));
  await context.close();
  place = { slug: person.slug, base, table: made.json.id, record: filled.json.data[0].id, site, siteSlug: `warehouse-shop-${workerIndex}`, page: first ?? '' };
});

const o = (path: string) => (): string => app(`/o/${place.slug}${path}`);
const outside: Shot[] = [
  { name: 'www-home', url: () => www('/') },
  { name: 'www-pricing', url: () => www('/pricing') },
  { name: 'www-docs', url: () => www('/docs/getting-started') },
  { name: 'www-changelog', url: () => www('/changelog') },
  { name: 'www-missing', url: () => www('/nothing-here'), expects: /status of 404/ },
  { name: 'api-overview', url: () => `${origin('api')}/` },
  { name: 'app-login', url: () => app('/login') },
  { name: 'app-signup', url: () => app('/signup') },
  { name: 'app-forgot', url: () => app('/forgot') },
  { name: 'app-reset-ended', url: () => app('/reset?token=nothing'), expects: /status of 410/ },
  { name: 'app-verify-ended', url: () => app('/verify?token=nothing'), expects: /status of 4\d\d/ },
  { name: 'app-mailbox', url: () => app('/dev/mailbox') },
  { name: 'admin-login', url: () => `${origin('admin')}/login` },
  { name: 'admin-setup-ended', url: () => `${origin('admin')}/setup?token=nothing`, expects: /status of 404/ },
  { name: 'site-home', url: () => siteOrigin(place.siteSlug) },
  { name: 'site-missing', url: () => `${siteOrigin(place.siteSlug)}/nothing-here`, expects: /status of 404/ },
  { name: 'site-unknown', url: () => siteOrigin('nobody-has-this'), expects: /status of 404/ },
];
const inside: Shot[] = [
  { name: 'app-home', url: o('/') },
  { name: 'app-bases', url: o('/bases') },
  { name: 'app-new-base', url: o('/bases?new=csv') },
  { name: 'app-sites', url: o('/sites') },
  { name: 'app-site-new', url: o('/sites/new') },
  { name: 'app-site', url: () => o(`/sites/${place.site}`)() },
  { name: 'app-site-publish', url: () => o(`/sites/${place.site}/publish`)() },
  { name: 'app-site-editor', url: () => app(place.page) },
  { name: 'app-team', url: o('/team') },
  { name: 'app-rules', url: o('/security') },
  { name: 'app-tokens', url: o('/tokens') },
  { name: 'app-account', url: () => app('/account') },
  { name: 'app-security', url: () => app('/account/security') },
  { name: 'app-onboarding', url: () => app('/onboarding') },
  { name: 'app-missing', url: o('/nothing-here'), expects: /status of 404/ },
  { name: 'workspace', url: () => o(`/b/${place.base}/${place.table}`)(), settle: ready },
  { name: 'workspace-record', url: () => o(`/b/${place.base}/${place.table}?record=${place.record}`)(), settle: async (page) => { await expect(page.locator('.record .ev').first()).toBeVisible(); } },
];

function picture(shot: Shot, size: keyof typeof SIZES, theme: (typeof THEMES)[number], page: Page): Promise<void> {
  return test.step(`${shot.name} ${size} ${theme}`, async () => {
    await page.goto(shot.url());
    await page.evaluate(() => document.fonts.ready);
    await shot.settle?.(page);
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: `${PICTURES}/${shot.name}-${size}-${theme}.png`, fullPage: size === 'desk' && !shot.name.startsWith('workspace') });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(wide, `${shot.name} scrolls sideways at ${SIZES[size].width}`).toBeLessThanOrEqual(0);
    await audit(page, `${shot.name} ${size} ${theme}`);
  });
}

for (const [size, viewport] of Object.entries(SIZES) as [keyof typeof SIZES, { width: number; height: number }][]) {
  for (const theme of THEMES) {
    test.describe(`${size} ${theme}`, () => {
      test.use({ viewport, colorScheme: theme });
      test.setTimeout(180_000);
      test('outside', async ({ page, watch }) => {
        for (const shot of outside) {
          if (shot.expects) watch.expects(shot.expects);
          await picture(shot, size, theme, page);
        }
      });
      test('inside', async ({ signedIn: page, watch }) => {
        for (const shot of inside) {
          if (shot.expects) watch.expects(shot.expects);
          await picture(shot, size, theme, page);
        }
      });
    });
  }
}
