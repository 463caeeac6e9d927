// Every call of airtable.js that the product has, against a running server. See README.md.

import assert from 'node:assert/strict';
import dns from 'node:dns';

// Names below .localhost are this machine (RFC 6761); not every system's resolver knows.
const lookup = dns.lookup;
dns.lookup = (host, options, done) => lookup(host.endsWith('.localhost') ? '127.0.0.1' : host, options, done);

const { default: Airtable } = await import('airtable');
const { NCLC_API: endpointUrl, NCLC_TOKEN: apiKey } = process.env;

/** A call that the client has no function for. */
async function ask(method, path, body) {
  const answer = await fetch(`${endpointUrl}/v0${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

const made = await ask('POST', '/meta/bases', {
  name: 'JavaScript',
  workspaceId: 'wspAAAAAAAAAAAAAA',
  tables: [
    {
      name: 'Things / all',
      fields: [
        { name: 'Name', type: 'singleLineText' },
        { name: 'Count', type: 'number', options: { precision: 2 } },
        { name: 'Done', type: 'checkbox' },
        { name: 'At', type: 'dateTime' },
        { name: 'State', type: 'singleSelect', options: { choices: [{ name: 'Open' }] } },
      ],
    },
  ],
});
const base = new Airtable({ apiKey, endpointUrl }).base(made.id);
const table = base('Things / all');
const names = records => records.map(record => record.get('Name'));

/** The error's type and status. */
async function refused(call) {
  const error = await call.then(() => assert.fail('was not refused'), error => error);
  return [error.error, error.statusCode];
}

const tests = {
  async 'one record'() {
    const record = await table.create({ Name: 'one', Count: 2.5, Done: true, At: '2026-11-21T10:30:00.000Z', State: 'Open' });
    assert.deepEqual(record.fields, { Name: 'one', Count: 2.5, Done: true, At: '2026-11-21T10:30:00.000Z', State: 'Open' });
    const found = await table.find(record.id);
    assert.deepEqual(found._rawJson, record._rawJson);
    assert.match(found._rawJson.createdTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual((await table.update(record.id, { Count: null })).fields.Count, undefined);
    assert.deepEqual((await table.replace(record.id, { Name: 'two' })).fields, { Name: 'two' });
    assert.deepEqual((await table.update(record.id, { Count: '4', State: 'New' }, { typecast: true })).fields, { Name: 'two', Count: 4, State: 'New' });
    found.set('Name', 'saved');
    await found.save();
    await found.patchUpdate({ Count: 9 });
    await found.putUpdate({ Name: 'put' });
    await found.fetch();
    assert.deepEqual(found.fields, { Name: 'put' });
    assert.equal((await table.destroy(record.id)).id, record.id);
    assert.deepEqual(await refused(table.find(record.id)), ['NOT_FOUND', 404]);
  },

  async 'several records'() {
    const records = await table.create([{ fields: { Name: 'a' } }, { fields: { Name: 'b' } }], { typecast: true });
    assert.deepEqual(names(records), ['a', 'b']);
    const changed = await table.update(records.map(({ id }) => ({ id, fields: { Count: 1 } })));
    assert.deepEqual(changed.map(record => record.fields), [{ Name: 'a', Count: 1 }, { Name: 'b', Count: 1 }]);
    const replaced = await table.replace([{ id: records[0].id, fields: { Name: 'c' } }]);
    assert.deepEqual(replaced[0].fields, { Name: 'c' });
    const upserted = await table.update([{ fields: { Name: 'b', Count: 2 } }, { fields: { Name: 'd' } }], {
      performUpsert: { fieldsToMergeOn: ['Name'] },
    });
    assert.deepEqual(names(upserted), ['b', 'd']);
    assert.deepEqual([upserted[0].id, upserted[0].get('Count')], [records[1].id, 2]);
    const all = await table.select().all();
    assert.deepEqual(names(all), ['c', 'b', 'd']);
    const gone = await table.destroy(all.map(record => record.id));
    assert.deepEqual(gone.map(record => record.id), all.map(record => record.id));
  },

  async 'lists'() {
    for (let from = 0; from < 30; from += 10) {
      await table.create(Array.from({ length: 10 }, (_, n) => ({ fields: { Name: `n${from + n + 10}`, Count: (from + n) % 7 } })));
    }
    const pages = [];
    await table.select({ pageSize: 8, maxRecords: 20 }).eachPage((records, next) => {
      pages.push(records.length);
      next();
    });
    assert.deepEqual(pages, [8, 8, 4]);
    for (const method of ['get', 'post']) {
      const query = {
        method,
        fields: ['Name', 'Count'],
        filterByFormula: "AND({Count} > 4, FIND('n', {Name}))",
        sort: [{ field: 'Count', direction: 'desc' }, { field: 'Name' }],
        view: 'Grid',
        pageSize: 3,
        timeZone: 'Europe/Berlin',
        userLocale: 'de',
        recordMetadata: ['commentCount'],
      };
      delete query[method === 'get' ? 'method' : ''];
      query.view = (await ask('GET', `/meta/bases/${made.id}/tables`)).tables[0].views[0].name;
      const found = await table.select(query).all();
      assert.deepEqual(names(found), ['n16', 'n23', 'n30', 'n37', 'n15', 'n22', 'n29', 'n36'], method);
      assert.equal(found[0].commentCount, 0);
      const texts = await table.select({ ...query, cellFormat: 'string', maxRecords: 1 }).firstPage();
      assert.deepEqual(texts[0].fields, { Name: 'n16', Count: '6.00' });
      const ids = await table.select({ ...query, returnFieldsByFieldId: true }).firstPage();
      assert.ok(Object.keys(ids[0].fields).every(key => key.startsWith('fld')));
    }
    const long = await table.select({ filterByFormula: `OR({Name} = 'n10', {Name} = '${'x'.repeat(16000)}')` }).all();
    assert.deepEqual(names(long), ['n10']);
    // The calls of its first version, which it still has.
    const listed = await new Promise((done, fail) =>
      table.list(5, null, { sort: [{ field: 'Name', direction: 'desc' }] }, (error, records) => (error ? fail(error) : done(records))),
    );
    assert.deepEqual(names(listed), ['n39', 'n38', 'n37', 'n36', 'n35']);
    const each = [];
    await new Promise((done, fail) => table.forEach({}, record => each.push(record), error => (error ? fail(error) : done())));
    assert.equal(each.length, 30);
  },

  async 'refusals'() {
    assert.deepEqual(await refused(table.create({ Nope: 1 })), ['UNKNOWN_FIELD_NAME', 422]);
    assert.deepEqual(await refused(table.create({ Count: 'x' })), ['INVALID_VALUE_FOR_COLUMN', 422]);
    assert.deepEqual(await refused(table.select({ filterByFormula: '{Nope}' }).all()), ['INVALID_FILTER_BY_FORMULA', 422]);
    assert.deepEqual(await refused(base('Absent').select().all()), ['NOT_AUTHORIZED', 403]);
    const stranger = new Airtable({ apiKey: 'nclc_nobody', endpointUrl }).base(made.id);
    assert.deepEqual(await refused(stranger('Things / all').select().all()), ['AUTHENTICATION_REQUIRED', 401]);
    assert.deepEqual(await refused(base.makeRequest({ path: '/Things/rec1/reactions' })), ['NOT_FOUND', 404]);
    const answer = await base.makeRequest({ path: '/Things%20%2F%20all', qs: { maxRecords: 1 } });
    assert.equal(answer.body.records.length, 1);
  },

  async '25 at once wait when they are refused'() {
    const before = (await table.select({ fields: [] }).all()).length;
    const workers = Array.from({ length: 25 }, async (_, worker) => {
      const records = [];
      for (let n = 0; n < 8; n++) records.push(table.create({ Name: `w${worker}-${n}` }));
      return Promise.all(records);
    });
    let refusals = 0;
    const ask = globalThis.fetch;
    const flood = await Promise.all(
      Array.from({ length: 200 }, () => ask(`${endpointUrl}/v0/${made.id}/Things%20%2F%20all?maxRecords=1`, { headers: { authorization: `Bearer ${apiKey}` } })),
    );
    for (const answer of flood) refusals += answer.status === 429 ? 1 : 0;
    const records = (await Promise.all(workers)).flat();
    assert.ok(refusals > 0, 'nothing was refused, so nothing was tried again');
    assert.equal(new Set(records.map(record => record.id)).size, 200);
    assert.equal((await table.select().all()).length, before + 200, 'each once: a refused call did nothing');
  },
};

// It says on every deprecated call that the call is deprecated.
console.warn = () => {};
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  const began = Date.now();
  try {
    await test();
    console.log(`ok      ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
await ask('DELETE', `/meta/bases/${made.id}`);
const passed = Object.keys(tests).length - failed;
console.log(`test result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed`);
process.exitCode = failed ? 1 : 0;
