// Two processes of the operating system over one cluster: what is written through one is in the other's grid in under a
// second, and no read that names a version sees less than it.
import { ask } from '../support/api.ts';
import { cell, ready } from '../support/grid.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { launch, type Process } from '../support/server.ts';
import { expect, test } from '../support/test.ts';

let second: Process;

test.beforeAll(async () => {
  second = await launch(process.env.E2E_FOLDER ?? '', 'nclc-second');
});

test.afterAll(async () => {
  await second.stop();
});

test('a write through one process is in the grid of the other in under a second, and back', async ({ signedIn: page, person }) => {
  const token = await makeToken(page, person.slug, 'Two processes', ['Write', 'Delete', 'Schema']);
  const made = async (path: string, body: object): Promise<any> => {
    const answer = await ask(path, { token, body });
    expect(answer.status, answer.text).toBe(201);
    return answer.json;
  };
  const base = await made('/v1/bases', { name: 'Berths' });
  const table = await made('/v1/tables', { base: base.id, name: 'Ships', fields: [{ name: 'Name', type: 'text' }] });
  const first = await made('/v1/records', { table: table.id, fields: { Name: 'Anna' } });

  await page.goto(`${origin('app', second.port)}/o/${person.slug}/b/${base.id}/${table.id}`);
  await ready(page);
  await expect(cell(page, 1, 1)).toContainText('Anna');

  for (let number = 1; number <= 10; number += 1) {
    const name = `Anna ${number}`;
    const written = await ask(`/v1/records/${first.id}`, { method: 'PATCH', token, body: { fields: { Name: name } } });
    expect(written.status, written.text).toBe(200);
    await expect(cell(page, 1, 1)).toContainText(name, { timeout: 1_000 });
  }

  await cell(page, 1, 1).dblclick();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('Berta');
  await page.keyboard.press('Enter');
  await expect(cell(page, 1, 1)).toContainText('Berta');
  await expect(async () => {
    const read = await ask(`/v1/records/${first.id}`, { token });
    expect(read.json.fields.Name).toBe('Berta');
  }).toPass({ timeout: 1_000, intervals: [20] });

  for (let number = 0; number < 60; number += 1) {
    const name = `Clara ${number}`;
    const written = await ask(`/v1/records/${first.id}`, { method: 'PATCH', token, at: number % 2 ? second.port : undefined, body: { fields: { Name: name } } });
    expect(written.status, written.text).toBe(200);
    const version = String(written.headers['base-version']);
    const read = await ask(`/v1/records/${first.id}`, { token, at: number % 2 ? undefined : second.port, headers: { 'min-version': version } });
    expect(Number(read.headers['base-version'])).toBeGreaterThanOrEqual(Number(version));
    expect(read.json.fields.Name).toBe(name);
  }
});
