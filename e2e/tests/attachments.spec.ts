// Files of a cell: chosen, dropped and pasted, seen large, named, moved, taken out and brought back; a signature drawn and one typed.
import { deflateSync, crc32 } from 'node:zlib';
import type { Page } from '@playwright/test';
import { ask } from '../support/api.ts';
import { cell, ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { pictures } from '../support/pictures.ts';
import { audit, expect, test } from '../support/test.ts';

let place: { base: string; table: string; record: string; token: string };

test.beforeAll(async ({ browser, person }) => {
  const context = await browser.newContext();
  await context.addCookies(person.cookies);
  const token = await makeToken(await context.newPage(), person.slug, 'Files', ['Read', 'Write', 'Delete', 'Schema']);
  await context.close();
  const post = async (path: string, body: unknown) => {
    const made = await ask(path, { token, body });
    expect(made.status, made.text).toBe(201);
    return made.json;
  };
  const base = (await post('/v1/bases', { name: 'Studio' })).id as string;
  const fields = [{ name: 'Name', type: 'text' }, { name: 'Pictures', type: 'attachment' }, { name: 'Signed', type: 'signature' }];
  const table = (await post('/v1/tables', { base, name: 'Pots', fields })).id as string;
  const made = await post('/v1/records', { table, records: ['Moon jar', 'Bowl', 'Plate'].map((Name) => ({ fields: { Name } })) });
  place = { base, table, record: made.data[0].id, token };
});

/** A picture of one colour. */
function png(width: number, height: number, colour: [number, number, number]): Buffer {
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.concat([Buffer.from([0]), Buffer.concat(Array.from({ length: width }, () => Buffer.from(colour)))]);
  const rows = Buffer.concat(Array.from({ length: height }, () => line));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

const names = async (): Promise<string[]> => {
  const { json } = await ask(`/v1/records/${place.record}`, { token: place.token });
  return json.fields.Pictures.map((file: { filename: string }) => file.filename);
};

async function open(page: Page, slug: string): Promise<void> {
  await page.goto(`${origin('app')}/o/${slug}/b/${place.base}/${place.table}`);
  await ready(page);
}

/** Gives files to an element as a drop or a paste would. */
async function give(page: Page, selector: string, kind: 'drop' | 'paste', name: string, bytes: Buffer): Promise<void> {
  await page.locator(selector).first().evaluate((element, { kind, name, data }) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
    const all = { bubbles: true, cancelable: true };
    if (kind === 'drop') for (const type of ['dragover', 'drop']) element.dispatchEvent(new DragEvent(type, { ...all, dataTransfer: transfer }));
    else element.dispatchEvent(new ClipboardEvent('paste', { ...all, clipboardData: transfer }));
  }, { kind, name, data: bytes.toString('base64') });
}

test('files come into a cell, are seen, named, moved, removed and brought back', async ({ signedIn: page, person }) => {
  await open(page, person.slug);
  await cell(page, 1, 2).click();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Pictures' });
  await dialog.locator('input[type=file]').setInputFiles([
    { name: 'blue.png', mimeType: 'image/png', buffer: png(800, 500, [40, 90, 200]) },
    { name: 'glaze.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') },
  ]);
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  await expect.poll(async () => (await names()).sort()).toEqual(['blue.png', 'glaze.csv']);
  await give(page, '.files', 'drop', 'green.png', png(60, 120, [40, 160, 80]));
  await expect.poll(async () => (await names()).length).toBe(3);
  await audit(page);

  // Named and moved, from the menus.
  const more = async (file: string, item: string) => {
    await dialog.getByRole('button', { name: `More of ${file}` }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await more('glaze.csv', 'Rename');
  await dialog.getByLabel('Name of glaze.csv').fill('glazes 2026.csv');
  await page.keyboard.press('Enter');
  await expect.poll(names).toContain('glazes 2026.csv');
  await more('green.png', 'Move up');
  await expect.poll(async () => (await names()).indexOf('green.png')).toBe(1);
  await pictures(page, 'attachments-dialog');

  // Large, with the next and the one before.
  await dialog.getByRole('button', { name: 'Open green.png' }).click();
  const light = page.getByRole('dialog', { name: 'green.png' });
  await expect(light.getByRole('img', { name: 'green.png' })).toBeVisible();
  await expect(light.getByText('2 of 3')).toBeVisible();
  await pictures(page, 'attachments-lightbox');
  await page.keyboard.press('Home');
  await page.keyboard.press('End');
  await expect(page.locator('.lightbox').getByText('3 of 3')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('.lightbox')).toHaveCount(0);
  const saved = page.waitForEvent('download');
  await more('glazes 2026.csv', 'Download');
  expect((await saved).suggestedFilename()).toBe('glazes 2026.csv');
  await more('blue.png', 'Remove');
  await expect.poll(names).not.toContain('blue.png');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);

  // The grid has its thumbnail, undo brings the other back, and a paste adds to the next record.
  await expect(cell(page, 1, 2).locator('img')).toHaveCount(1);
  await page.keyboard.press('Control+z');
  await expect.poll(names).toContain('blue.png');
  await expect(cell(page, 1, 2).locator('img')).toHaveCount(2);
  await expect.poll(() => cell(page, 1, 2).locator('img').first().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await cell(page, 2, 2).click();
  await give(page, '.g-scroll, [role=grid]', 'paste', 'pasted.png', png(30, 30, [200, 60, 40]));
  await expect(dialog.getByRole('listitem')).toContainText(['pasted.png']);
  await page.keyboard.press('Escape');
  await expect(cell(page, 2, 2).locator('img')).toHaveCount(1);
  await give(page, '[role=row][aria-rowindex="4"] [aria-colindex="3"]', 'drop', 'dropped.png', png(30, 30, [90, 60, 140]));
  await expect(dialog.getByRole('listitem')).toContainText(['dropped.png']);
  await page.keyboard.press('Escape');
  await pictures(page, 'attachments-grid');
});

test('a file that is too much says so and can be dismissed; the record has its section', async ({ signedIn: page, person, watch }) => {
  watch.expects(/status of 413/);
  await open(page, person.slug);
  await page.route('**/v1/files?*', (route) => route.fulfill({
    status: 413, contentType: 'application/problem+json', headers: { 'access-control-allow-origin': origin('app') },
    body: JSON.stringify({ status: 413, code: 'file_too_large', detail: 'The file is larger than 512 MB.' }),
  }));
  await page.goto(`${origin('app')}/o/${person.slug}/b/${place.base}/${place.table}?record=${place.record}`);
  const panel = page.getByRole('region', { name: 'Moon jar' });
  const section = panel.getByRole('group', { name: 'Pictures' });
  await section.locator('input[type=file]').setInputFiles({ name: 'huge.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('x') });
  await expect(section.getByRole('alert')).toHaveText('The file is larger than 512 MB.');
  await pictures(page, 'attachments-record');
  await section.getByRole('button', { name: 'Dismiss huge.bin' }).click();
  await expect(section.getByRole('alert')).toHaveCount(0);
});

test('a signature is drawn, or written by who does not draw', async ({ signedIn: page, person }) => {
  await open(page, person.slug);
  const signed = async () => (await ask(`/v1/records/${place.record}`, { token: place.token })).json.fields.Signed;
  await cell(page, 1, 3).click();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Signed' });
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
  await expect(dialog.getByRole('alert')).toHaveText('Draw the signature, or have the name written.');
  const box = await dialog.locator('canvas').boundingBox();
  if (!box) throw new Error('no pad');
  await page.mouse.move(box.x + 30, box.y + 60);
  await page.mouse.down();
  for (let i = 0; i <= 20; i += 1) await page.mouse.move(box.x + 30 + i * 12, box.y + 60 + 30 * Math.sin(i / 2));
  await page.mouse.up();
  await pictures(page, 'signature-pad');
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
  await expect.poll(async () => (await signed())?.filename).toBe('Robin Hale.png');
  await expect(dialog.getByRole('img', { name: 'Robin Hale' })).toBeVisible();
  const drawn = await signed();
  expect([drawn.type, drawn.width, drawn.height]).toEqual(['image/png', 720, 240]);

  // By keys alone.
  await dialog.getByRole('button', { name: 'Sign anew' }).press('Enter');
  await dialog.getByRole('checkbox', { name: 'Write my name instead of drawing' }).press('Space');
  await dialog.getByLabel('Name', { exact: true }).fill('Robin A. Hale');
  await dialog.getByRole('button', { name: 'Sign', exact: true }).press('Enter');
  await expect.poll(async () => (await signed())?.filename).toBe('Robin A. Hale.png');
  await pictures(page, 'signature-done');
  await dialog.getByRole('button', { name: 'Remove' }).press('Enter');
  await expect.poll(signed).toBeNull();
});
