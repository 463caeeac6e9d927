// Wrong input: forms keep what was typed and say what is wrong where it is; the API names each mistake with a stable code.
import { ask, upload, type Answer, type Ask } from '../support/api.ts';
import { origin } from '../support/origins.ts';
import { makeToken } from '../support/people.ts';
import { audit, expect, test } from '../support/test.ts';

test.describe('forms', () => {
  test('sign-up keeps what was typed, except the password', async ({ page, watch }) => {
    watch.expects(/status of 422/);
    await page.goto(`${origin('app')}/signup`);
    await page.getByLabel('Your name').fill('Kim Ode');
    await page.getByLabel('Work e-mail').fill('kim@nowhere');
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.locator('.field.error')).toHaveCount(2);
    await expect(page.getByLabel('Your name')).toHaveValue('Kim Ode');
    await expect(page.getByLabel('Work e-mail')).toHaveValue('kim@nowhere');
    await expect(page.getByLabel('Work e-mail')).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
    await audit(page);
  });

  test('a wrong password says no more than that', async ({ page, watch, person }) => {
    watch.expects(/status of 401/, /status of 422/);
    const seen: string[] = [];
    for (const email of [person.email, 'nobody@northwind.example']) {
      await page.goto(`${origin('app')}/login`);
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password', { exact: true }).fill('not the password at all');
      await page.getByRole('button', { name: 'Log in', exact: true }).click();
      await expect(page.getByRole('alert')).toBeVisible();
      await expect(page.getByLabel('E-mail')).toHaveValue(email);
      seen.push(await page.getByRole('alert').innerText());
    }
    expect(seen[0]).toBe(seen[1]);
    await audit(page);
  });

  test('an organisation needs a free and valid address', async ({ signedIn: page, watch, person }) => {
    watch.expects(/status of (409|422)/);
    await page.goto(`${origin('app')}/onboarding`);
    await page.getByLabel('Organisation').fill('Another <b>one</b>');
    await page.getByLabel('Its address in the app').fill(person.slug);
    await page.getByRole('button', { name: 'Create organisation' }).click();
    await expect(page.getByLabel('Its address in the app')).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByLabel('Organisation')).toHaveValue('Another <b>one</b>');
    await expect(page.getByLabel('Its address in the app')).toHaveValue(person.slug);
    await audit(page);
  });

  test('a token without a label or a scope opens its dialog again', async ({ signedIn: page, watch, person }) => {
    watch.expects(/status of 422/);
    await page.goto(`${origin('app')}/o/${person.slug}/tokens`);
    await page.getByRole('button', { name: 'New token' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'New token' });
    await dialog.getByLabel('What it is for').fill('');
    await dialog.getByRole('button', { name: 'Create token' }).click();
    await expect(dialog.locator('.field.error').first()).toBeVisible();
    await audit(page);
  });

  test('an invitation to a bad address keeps it', async ({ signedIn: page, watch, person }) => {
    watch.expects(/status of 422/);
    await page.goto(`${origin('app')}/o/${person.slug}/team`);
    await page.getByRole('button', { name: /Invite/ }).first().click();
    const dialog = page.getByRole('dialog').filter({ hasText: /nvite/ });
    await dialog.getByLabel(/E-mail/i).first().fill('not an address');
    await dialog.getByRole('button', { name: /nvit/ }).last().click();
    await expect(page.locator('.field.error').first()).toBeVisible();
    await expect(page.getByRole('dialog').getByLabel(/E-mail/i).first()).toHaveValue('not an address');
  });

  test('a stale form is refused, not executed', async ({ person }) => {
    const cookie = person.cookies.map((one) => `${one.name}=${one.value}`).join('; ');
    const form = { 'content-type': 'application/x-www-form-urlencoded', cookie };
    const without = await ask(`/o/${person.slug}/bases`, { portal: 'app', method: 'POST', body: 'name=Forged', headers: { ...form, origin: origin('app') } });
    expect(without.status).toBe(403);
    const foreign = await ask(`/o/${person.slug}/bases`, { portal: 'app', method: 'POST', body: 'name=Forged', headers: { ...form, origin: 'http://evil.example' } });
    expect(foreign.status).toBe(403);
    const list = await ask(`/o/${person.slug}/bases`, { portal: 'app', headers: { cookie } });
    expect(list.text).not.toContain('Forged');
  });
});

test.describe('API', () => {
  let token = '';
  let base = '';
  let table = '';

  test.beforeAll(async ({ browser, person }) => {
    const context = await browser.newContext();
    await context.addCookies(person.cookies);
    token = await makeToken(await context.newPage(), person.slug, 'Bad input', ['Read', 'Write', 'Delete', 'Schema']);
    await context.close();
    const made = await ask('/v1/bases', { token, body: { name: 'Bad input' } });
    expect(made.status, made.text).toBe(201);
    base = made.json.id;
    const tabled = await ask('/v1/tables', { token, body: { base, name: 'Goods', fields: [{ name: 'Name', type: 'text' }, { name: 'Price', type: 'number' }, { name: 'Sold', type: 'checkbox' }] } });
    expect(tabled.status, tabled.text).toBe(201);
    table = tabled.json.id;
  });

  const refused = (answer: Answer, status: number, code: string): void => {
    expect([answer.status, answer.json?.code ?? answer.text.slice(0, 300)]).toEqual([status, code]);
    expect(String(answer.headers['content-type'])).toContain('application/problem+json');
    expect(answer.json.request_id).toBeTruthy();
    expect(answer.json.title).toBeTruthy();
  };
  const codes = (answer: Answer): string[][] => answer.json.errors.map((error: { pointer: string; code: string }) => [error.pointer, error.code]);
  const count = async (): Promise<number> => (await ask(`/v1/records?table=${table}&count=true&limit=1`, { token })).json.count;
  const post = (path: string, more: Ask): Promise<Answer> => ask(path, { token, method: 'POST', ...more });

  test('a body that is not JSON: malformed_json with the place', async () => {
    const answer = await post('/v1/records', { body: '{"table": "x",\n  "fields": {]}' });
    refused(answer, 400, 'malformed_json');
    expect(answer.json.detail).toMatch(/line 2/i);
  });

  test('mistakes in a record: unknown_field, wrong_type, too_long, each at its pointer, and nothing is written', async () => {
    const before = await count();
    const answer = await post('/v1/records', { body: { table, records: [{ fields: { Name: 'fine' } }, { fields: { Nmae: 'x' } }] } });
    refused(answer, 422, 'unknown_field');
    expect(codes(answer)).toEqual([['#/records/1/fields/Nmae', 'unknown_field']]);
    const typed = await post('/v1/records', { body: { table, records: [{ fields: { Name: 'fine' } }, { fields: { Name: 'x', Price: 'cheap', Sold: 'yes' } }] } });
    refused(typed, 422, 'invalid_fields');
    expect(codes(typed)).toEqual([['#/records/1/fields/Price', 'wrong_type'], ['#/records/1/fields/Sold', 'wrong_type']]);
    const long = await post('/v1/records', { body: { table, fields: { Name: 'x'.repeat(100_001) } } });
    refused(long, 422, 'too_long');
    expect(codes(long)).toEqual([['#/fields/Name', 'too_long']]);
    expect(await count()).toBe(before);
  });

  test('a member that the body does not have', async () => {
    const answer = await post('/v1/records', { body: { table, feilds: {} } });
    expect(answer.status).toBe(422);
    expect(answer.json.code, answer.text).toMatch(/unknown_field|invalid_fields/);
  });

  test('too many records in one request', async () => {
    const answer = await post('/v1/records', { body: { table, records: Array.from({ length: 1_001 }, () => ({ fields: {} })) } });
    refused(answer, 422, 'too_many');
    expect(codes(answer)).toEqual([['#/records', 'too_many']]);
  });

  test('cursors: damaged, and of another query', async () => {
    await post('/v1/records', { body: { table, records: [{ fields: { Name: 'a' } }, { fields: { Name: 'b' } }, { fields: { Name: 'c' } }] } });
    const first = await ask(`/v1/records?table=${table}&limit=1`, { token });
    const cursor = encodeURIComponent(first.json.next_cursor);
    expect((await ask(`/v1/records?table=${table}&limit=1&cursor=${cursor}`, { token })).status).toBe(200);
    refused(await ask(`/v1/records?table=${table}&limit=1&cursor=${cursor}x`, { token }), 400, 'bad_cursor');
    refused(await ask(`/v1/records?table=${table}&limit=1&cursor=nonsense`, { token }), 400, 'bad_cursor');
    refused(await ask(`/v1/records?table=${table}&limit=1&sort=-Name&cursor=${cursor}`, { token }), 400, 'bad_cursor');
  });

  test('filters: the position of the mistake is told', async () => {
    const query = (filter: string): Promise<Answer> => ask(`/v1/records?table=${table}&filter=${encodeURIComponent(filter)}`, { token });
    const broken = await query('{Price} > ');
    refused(broken, 422, 'bad_filter');
    expect(broken.json.detail).toMatch(/character \d+/);
    const unknown = await query('{Prise} > 3');
    expect(unknown.json.errors[0].code, unknown.text).toBe('bad_filter');
    expect(unknown.json.detail).toMatch(/character 1\b/);
    const kind = await query('{Price} > "a"');
    expect(kind.status, kind.text).toBe(422);
    const sort = await ask(`/v1/records?table=${table}&sort=Nothing`, { token });
    expect([sort.status, sort.json.errors[0].code]).toEqual([422, 'bad_sort']);
    const deep = await query('('.repeat(5_000) + '1' + ')'.repeat(5_000));
    expect(deep.status, 'deep nesting is refused, and the process lives').toBeGreaterThanOrEqual(400);
    expect((await ask('/v1/bases', { token })).status).toBe(200);
  });

  test('bodies and hosts', async () => {
    refused(await post('/v1/records', { body: `{"table":"${table}","fields":{"Name":"${'x'.repeat(2 << 20)}"}}` }), 413, 'body_too_large');
    refused(await post('/v1/records', { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }), 415, 'unsupported_media_type');
    refused(await ask('/v1/bases', {}), 401, 'unauthenticated');
    refused(await ask('/v1/bases', { token: `${token}x` }), 401, 'unauthenticated');
    refused(await ask('/v1/nothing', { token }), 404, 'not_found');
    refused(await ask('/v1/bases', { token, method: 'PUT', body: {} }), 405, 'method_not_allowed');
    const host = await ask('/', { rawHost: 'somewhere.example', headers: { accept: 'application/json' } });
    refused(host, 404, 'unknown_host');
    const site = await ask('/', { portal: 'nobody-has-this.sites', headers: { accept: 'text/html' } });
    expect(site.status).toBe(404);
    expect(site.text).not.toContain('NCLC_');
  });

  test('files: another encoding, bad UTF-8, ragged rows, a line of 50 MB, no text, an empty file', async () => {
    const latin = await upload(token, base, 'latin1.csv', Buffer.concat([Buffer.from('Name,City\nok,fine\n'), Buffer.from([0x4d, 0xfc, 0x6e, 0x2c, 0xe9, 0x0a])]));
    expect([latin.status, latin.json.encoding, latin.json.rows[1]], latin.text).toEqual([201, 'windows-1252', ['Mün', 'é']]);
    const mixed = await upload(token, base, 'mixed.csv', Buffer.concat([Buffer.from('Name,City\nöäüéàè,fine\n'), Buffer.from([0x4d, 0xff, 0x6e, 0x2c, 0x61, 0x0a]), Buffer.from('also ok,fine\n')]));
    expect(mixed.status, mixed.text).toBe(201);
    const mixedEnd = await finish(mixed.json.id, 'Mixed');
    expect([mixedEnd.state, mixedEnd.created, mixedEnd.error_count]).toEqual(['done', 2, 1]);
    expect(mixedEnd.errors[0]?.message).toMatch(/UTF-8/);
    expect(mixedEnd.errors[0]?.row).toBe(3);

    const ragged = await upload(token, base, 'ragged.csv', Buffer.from('a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n'));
    expect(ragged.status, ragged.text).toBe(201);
    const raggedEnd = await finish(ragged.json.id, 'Ragged');
    expect([raggedEnd.state, raggedEnd.created, raggedEnd.error_count]).toEqual(['done', 2, 2]);

    refused(await upload(token, base, 'picture.csv', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0])), 422, 'bad_file');
    refused(await upload(token, base, 'book.xlsx', Buffer.from('PK\x03\x04 and no more')), 422, 'bad_file');
    refused(await upload(token, base, 'cut.json', Buffer.from('[{"a": 1}, {"a"')), 422, 'bad_file');
    refused(await upload(token, base, 'empty.csv', Buffer.from('')), 422, 'bad_csv');

    const line = await upload(token, base, 'long.csv', Buffer.concat([Buffer.from('a,b\n1,"'), Buffer.alloc(50 << 20, 'x')]));
    refused(line, 422, 'bad_csv');
    expect(line.json.detail).toMatch(/line 2|row/i);
  });

  async function finish(id: string, name: string): Promise<{ state: string; created: number; error_count: number; errors: { row: number; message: string }[] }> {
    const started = await post(`/v1/imports/${id}/start`, { body: { name } });
    expect(started.status, started.text).toBe(202);
    await expect.poll(async () => (await ask(`/v1/imports/${id}`, { token })).json.state, { timeout: 20_000, intervals: [100] }).not.toMatch(/running|preview/);
    return (await ask(`/v1/imports/${id}`, { token })).json;
  }
});
