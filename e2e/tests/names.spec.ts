// Names that mean something to JavaScript are names like others: of fields, of choices, in cells; seen and edited in the grid, and no object gets
// anything from them.
import type { Page } from '@playwright/test';
import { ask } from '../support/api.ts';
import { cell, ready, rowCount } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { expect, test } from '../support/test.ts';

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

/** What every object of the page has, by name; and whether it is still JavaScript's own. */
const untouched = (page: Page): Promise<{ known: string[]; own: boolean }> => page.evaluate(() => ({
  known: Object.getOwnPropertyNames(Object.prototype).sort(),
  own: String(({}).toString) === String(Object.prototype.toString) && ({}).constructor === Object,
}));

test('fields and choices may be called __proto__ and constructor', async ({ signedIn: page, person }) => {
  const token = await makeToken(page, person.slug, 'Names', ['Read', 'Write', 'Delete', 'Schema']);
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Names' })).id as string;
  const fields = [
    { name: 'Title', type: 'text' },
    ...NAMES.map((name) => ({ name, type: 'text' })),
    { name: 'Choice', type: 'select', options: { choices: NAMES.map((name) => ({ name })) } },
  ];
  const table = (await post('/v1/tables', { base, name: '__proto__', fields })).id as string;
  // Written as text: an object literal would lose the first name.
  const values = NAMES.map((name) => `${JSON.stringify(name)}:${JSON.stringify(`{"polluted":"${name}"}`)}`).join(',');
  const rows = NAMES.map((name) => `{"fields":{"Title":${JSON.stringify(name)},${values},"Choice":${JSON.stringify(name)}}}`).join(',');
  const made = await ask('/v1/records', { token, body: `{"table":"${table}","records":[${rows}]}` });
  expect(made.status, made.text).toBe(201);

  await page.goto(`${origin('app')}/o/${person.slug}/b/${base}/${table}`);
  await ready(page);
  const before = await untouched(page);
  expect(await rowCount(page)).toBe(NAMES.length);
  for (const [at, name] of NAMES.entries()) {
    await expect(page.getByRole('columnheader', { name }).first()).toBeVisible();
    await expect(cell(page, at + 1, 1)).toHaveText(name);
    await expect(cell(page, 1, at + 2)).toContainText(`"polluted":"${name}"`);
  }
  // An edit in the column called __proto__ reaches the server, and that field alone.
  await cell(page, 1, 2).dblclick();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('{"isAdmin":true}');
  await page.keyboard.press('Enter');
  await expect(async () => {
    const kept = await ask(`/v1/records?table=${table}&sort=Title&limit=100`, { token });
    expect(kept.text).toContain('"__proto__":"{\\"isAdmin\\":true}"');
  }).toPass();
  expect(await untouched(page)).toEqual(before);
  expect(before.own).toBe(true);
  expect(await page.evaluate(() => [({} as Record<string, unknown>).polluted, ({} as Record<string, unknown>).isAdmin])).toEqual([undefined, undefined]);
});
