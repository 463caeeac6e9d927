// /v1 in memory, for work on the workspace without a server: the same shapes, a little latency, live events. Nothing is kept after it stops.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CellValue, LinkRef } from '../grid/src/index.ts';
import { formatNumber } from '../grid/src/cells/number.ts';
import { linksOf } from '../grid/src/cells/link.ts';
import { fromText } from '../grid/src/cells/index.ts';
import { splitNames } from '../grid/src/cells/names.ts';
import type { Condition, Field, SortKey, Where } from '../workspace/api/types.ts';
import { shapeOf } from '../workspace/values.ts';
import { type MockTable, mockTables, recordId } from './data.ts';
import { answerFiles, filesFrom } from './files.ts';

interface Query {
  view?: string;
  search?: string;
  where?: Where | null;
  sort?: SortKey[];
  group?: SortKey[];
  lines?: boolean;
  collapsed?: string[];
  expanded?: string[];
  totals?: Record<string, string>;
}

class Refused extends Error {
  status: number;
  code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

let version = 1;
let tables = mockTables();
const listeners = new Set<ServerResponse>();
const orders = new Map<string, { version: number; rows: number[] }>();
const history = new Map<string, unknown[]>();
const imports = new Map<string, { state: string; rows: string[][]; columns: { name: string; type: Field['type'] }[]; done: number; table: string | null; errors: unknown[]; created: number; updated: number; deleted: number }>();
let made = 0;
const id = (prefix: string) => `${prefix}New${(made += 1)}`;

const tableOf = (tbl: string): MockTable => {
  const found = tables.find((t) => t.id === tbl);
  if (!found) throw new Refused(404, 'not_found', 'There is no such table.');
  return found;
};
const value = (t: MockTable, row: number, field: string): CellValue => {
  const edited = t.edits.get(row);
  return edited && field in edited ? (edited[field] ?? null) : t.generate(row, field);
};
const find = (rec: string): { t: MockTable; row: number } => {
  for (const t of tables) {
    const prefix = recordId(t, 0).slice(0, -1);
    const row = Number(rec.slice(prefix.length));
    if (rec.startsWith(prefix) && Number.isInteger(row) && row < t.next && !t.gone.has(row)) return { t, row };
  }
  throw new Refused(404, 'not_found', 'There is no such record; it may have been deleted.');
};

function textOf(v: CellValue, f: Field): string {
  if (v === null) return '';
  if (f.type === 'link') return linksOf(v).map((l) => l.name).join(', ');
  if (Array.isArray(v)) return v.join(', ');
  if (f.type === 'select') return f.options?.choices?.find((c) => c.id === v)?.name ?? '';
  return typeof v === 'number' ? formatNumber(v, f.options?.precision) : String(v);
}

function holds(t: MockTable, row: number, where: Where): boolean {
  if ('and' in where) return where.and.every((part) => holds(t, row, part));
  if ('or' in where) return where.or.some((part) => holds(t, row, part));
  const { field, op, value: want } = where as Condition;
  const f = t.fields.find((x) => x.id === field);
  if (!f) throw new Refused(422, 'unknown_field', `There is no field ${field}.`);
  const have = value(t, row, field);
  const text = textOf(have, f).toLowerCase();
  const wanted = String(want ?? '').toLowerCase();
  const isEmpty = have === null || have === '' || (Array.isArray(have) && have.length === 0);
  switch (op) {
    case 'is_empty': return isEmpty;
    case 'is_not_empty': return !isEmpty;
    case 'contains': return text.includes(wanted);
    case 'does_not_contain': return !text.includes(wanted);
    case 'starts_with': return text.startsWith(wanted);
    case 'is': return f.type === 'checkbox' ? (have === true) === (want === true) : have === want || text === wanted;
    case 'is_not': return !(have === want || text === wanted);
    case 'gt': return typeof have === 'number' && have > Number(want);
    case 'gte': return typeof have === 'number' && have >= Number(want);
    case 'lt': return typeof have === 'number' && have < Number(want);
    case 'lte': return typeof have === 'number' && have <= Number(want);
    case 'has_file_type': return text.endsWith(wanted);
    case 'is_any_of': return (want as string[]).includes(String(have));
    case 'is_all_of': return Array.isArray(have) && (want as string[]).every((one) => have.includes(one));
    case 'is_none_of': return !(want as string[]).includes(String(have));
    case 'on': return !isEmpty && String(have).slice(0, 10) === want;
    case 'before': return !isEmpty && String(have).slice(0, 10) < String(want);
    case 'after': return !isEmpty && String(have).slice(0, 10) > String(want);
  }
}

const configOf = (t: MockTable, query: Query) => (t.views.find((v) => v.id === query.view)?.config ?? {}) as { where?: Where | null; sort?: SortKey[]; group?: SortKey[] };

/** Lines of a grouped window: a heading for each run of rows with the same values, then its rows unless it is folded. */
function linesOf(t: MockTable, rows: number[], query: Query, fields: string[]): unknown[] {
  const group = query.group ?? configOf(t, query).group ?? [];
  const out: unknown[] = [];
  const lay = (level: number, from: number, to: number, above: CellValue[]) => {
    const field = group[level]?.field;
    if (field === undefined) {
      for (const row of rows.slice(from, to)) out.push([recordId(t, row), ...fields.map((f) => value(t, row, f))]);
      return;
    }
    for (let first = from; first < to;) {
      const text = JSON.stringify(value(t, rows[first] ?? 0, field));
      let end = first + 1;
      while (end < to && JSON.stringify(value(t, rows[end] ?? 0, field)) === text) end += 1;
      const values = [...above, value(t, rows[first] ?? 0, field)];
      const key = keyOf(JSON.stringify(values));
      const collapsed = query.expanded ? !query.expanded.includes(key) : (query.collapsed ?? []).includes(key);
      out.push({ level, key, values, count: end - first, first, collapsed, totals: aggregate(t, rows.slice(first, end), query.totals ?? {}) });
      if (!collapsed) lay(level + 1, first, end, values);
      first = end;
    }
  };
  lay(0, 0, rows.length, []);
  return out;
}

const keyOf = (text: string): string => [...text].reduce((hash, c) => BigInt.asUintN(64, (hash ^ BigInt(c.charCodeAt(0))) * 0x100000001b3n), 0xcbf29ce484222325n).toString(16).padStart(16, '0');

/** Rows of a query in order; kept until something changes. */
function order(t: MockTable, query: Query): number[] {
  const config = configOf(t, query);
  const conditions = [config.where, query.where].filter((w): w is Where => w !== null && w !== undefined);
  const sort = [...(query.group ?? config.group ?? []), ...(query.sort ?? config.sort ?? [])];
  const search = query.search?.toLowerCase();
  const found = (row: number) => !search || t.fields.some((f) => textOf(value(t, row, f.id), f).toLowerCase().includes(search));
  if (conditions.length === 0 && sort.length === 0 && !search) return t.rows;
  const key = JSON.stringify([t.id, conditions, sort, search]);
  const kept = orders.get(key);
  if (kept?.version === version) return kept.rows;
  const rows = t.rows.filter((row) => found(row) && conditions.every((w) => holds(t, row, w)));
  for (const { field, desc } of [...sort].reverse()) {
    const f = t.fields.find((x) => x.id === field);
    if (!f) continue;
    const keys = new Map(rows.map((row) => [row, f.type === 'number' ? value(t, row, field) : textOf(value(t, row, field), f).toLowerCase()]));
    rows.sort((a, b) => {
      const [x, y] = [keys.get(a) ?? null, keys.get(b) ?? null];
      const c = x === y ? 0 : x === null ? 1 : y === null ? -1 : x < y ? -1 : 1;
      return desc ? -c : c;
    });
  }
  orders.clear();
  orders.set(key, { version, rows });
  return rows;
}

function announce(t: string | null, records: string[] | null, schema = false): void {
  version += 1;
  const data = JSON.stringify({ version, actor: 'usrMe', schema, tables: t ? { [t]: { records } } : {} });
  for (const answer of listeners) answer.write(`event: change\nid: ${version}\ndata: ${data}\n\n`);
}

function coerce(t: MockTable, raw: Record<string, unknown>): Record<string, CellValue> {
  const out: Record<string, CellValue> = {};
  for (const [fieldId, v] of Object.entries(raw)) {
    const f = t.fields.find((x) => x.id === fieldId);
    if (!f) throw new Refused(422, 'unknown_field', `There is no field ${fieldId}.`);
    if (f.type === 'select' && v !== null) {
      const choice = f.options?.choices?.find((c) => c.name === v);
      if (!choice) throw new Refused(422, 'invalid_choice', `“${String(v)}” is not a choice of ${f.name}.`);
      out[fieldId] = choice.id;
    } else if (f.type === 'link') out[fieldId] = (v as string[] | null)?.map((x) => linkOf(tableOf(f.options?.table ?? ''), x)) ?? null;
    else if (f.type === 'attachment' || f.type === 'signature') out[fieldId] = filesFrom(v);
    else if (v === 'refuse') throw new Refused(422, 'invalid_value', 'The mock refuses the word “refuse”.');
    else out[fieldId] = v as CellValue;
  }
  return out;
}

function linkOf(t: MockTable, x: string): LinkRef {
  for (const row of t.rows) {
    const name = String(value(t, row, t.primary) ?? '');
    if (recordId(t, row) === x || name === x) return { id: recordId(t, row), name };
  }
  throw new Refused(422, 'unknown_link', `“${x}” is not a record of ${t.name}.`);
}

function edit(rec: string, raw: Record<string, unknown>): { id: string } {
  const { t, row } = find(rec);
  const cells = coerce(t, raw);
  const log = history.get(rec) ?? [];
  log.unshift({ version: version + 1, at: new Date().toISOString(), actor: { id: 'usrMe', name: 'Mina Ott' }, kind: 'updated', cells: Object.entries(cells).map(([field, after]) => ({ field, before: value(t, row, field), after })) });
  history.set(rec, log);
  t.edits.set(row, { ...t.edits.get(row), ...cells });
  return { id: rec };
}

function add(t: MockTable, raw: Record<string, unknown>): { id: string } {
  const row = t.next;
  const cells = Object.fromEntries(t.fields.map((f) => [f.id, null as CellValue]));
  Object.assign(cells, coerce(t, raw));
  t.next += 1;
  t.edits.set(row, cells);
  t.rows.push(row);
  return { id: recordId(t, row) };
}

const schema = () => ({
  id: 'appRoutes', name: 'Route network', icon: 'plane', colour: 'teal', version, may: ['read', 'write', 'delete', 'views', 'schema'],
  tables: tables.map((t) => ({ id: t.id, name: t.name, primary_field: t.primary, records: t.rows.length, fields: t.fields, views: t.views })),
});

function aggregate(t: MockTable, rows: number[], fields: Record<string, string>): Record<string, number | null> {
  const out: Record<string, number | null> = {};
  for (const [fieldId, fn] of Object.entries(fields)) {
    const all = rows.map((row) => value(t, row, fieldId));
    const filled = all.filter((v) => v !== null && v !== '' && !(Array.isArray(v) && v.length === 0));
    const numbers = filled.filter((v): v is number => typeof v === 'number');
    const sum = numbers.reduce((a, b) => a + b, 0);
    const by: Record<string, number | null> = {
      sum, avg: numbers.length ? sum / numbers.length : null, min: numbers.length ? numbers.reduce((a, b) => Math.min(a, b)) : null, max: numbers.length ? numbers.reduce((a, b) => Math.max(a, b)) : null,
      filled: filled.length, empty: all.length - filled.length, unique: new Set(filled.map((v) => JSON.stringify(v))).size,
    };
    out[fieldId] = by[fn] ?? null;
  }
  return out;
}

type Handler = (parts: string[], body: never, url: URL) => unknown;
const routes: [string, RegExp, Handler][] = [
  ['GET', /^\/v1\/bases\/([^/]+)$/, () => schema()],
  ['POST', /^\/v1\/tables\/([^/]+)\/window$/, ([tbl = ''], body: Query & { offset: number; limit: number; fields?: string[] }) => {
    const t = tableOf(tbl);
    const rows = order(t, body);
    const fields = body.fields ?? t.fields.map((f) => f.id);
    if (body.lines) {
      const lines = linesOf(t, rows, body, fields);
      const isRow = (line: unknown): line is [string] => Array.isArray(line);
      const at = lines.slice(body.offset).find(isRow)?.[0];
      const place = isRow(lines[body.offset]) ? rows.findIndex((row) => recordId(t, row) === at) : 0;
      return { version, total: lines.length, records: rows.length, offset: body.offset, place, fields, lines: lines.slice(body.offset, body.offset + body.limit) };
    }
    return { version, total: rows.length, offset: body.offset, fields, rows: rows.slice(body.offset, body.offset + Math.min(500, body.limit)).map((row) => [recordId(t, row), ...fields.map((f) => value(t, row, f))]) };
  }],
  ['POST', /^\/v1\/tables\/([^/]+)\/aggregates$/, ([tbl = ''], body: Query & { fields: Record<string, string> }) => {
    const t = tableOf(tbl);
    const rows = order(t, body);
    return { total: rows.length, values: aggregate(t, rows, body.fields) };
  }],
  ['POST', /^\/v1\/tables\/([^/]+)\/position$/, ([tbl = ''], body: Query & { record: string }) => {
    const t = tableOf(tbl);
    const at = body.lines ? linesOf(t, order(t, body), body, []).findIndex((line) => Array.isArray(line) && line[0] === body.record) : order(t, body).indexOf(find(body.record).row);
    return { version, position: at < 0 ? null : at };
  }],
  ['POST', /^\/v1\/tables\/([^/]+)\/restore$/, ([tbl = ''], body: { records: string[] }) => {
    const t = tableOf(tbl);
    for (const rec of body.records) {
      const row = Number(rec.replace(/^\D+/, ''));
      t.gone.delete(row);
      t.rows.push(row);
    }
    t.rows.sort((a, b) => a - b);
    announce(t.id, body.records);
    return { restored: body.records.length };
  }],
  ['POST', /^\/v1\/tables\/([^/]+)\/fields$/, ([tbl = ''], body: { name: string; type: Field['type']; options: Field['options'] }) => {
    const t = tableOf(tbl);
    if (t.fields.some((f) => f.name === body.name)) throw new Refused(422, 'name_taken', `${t.name} already has a field named ${body.name}.`);
    const options = body.options?.choices ? { ...body.options, choices: body.options.choices.map((c) => ({ ...c, id: c.id || id('cho') })) } : body.options;
    const f: Field = { id: id('fld'), name: body.name, type: body.type, description: null, options, read_only: false };
    t.fields.push(f);
    announce(t.id, null, true);
    return f;
  }],
  ['POST', /^\/v1\/tables\/([^/]+)\/views$/, ([tbl = ''], body: { name: string; config?: Record<string, unknown> }) => {
    const v = { id: id('viw'), name: body.name, type: 'grid', access: 'shared', may: ['edit', 'access', 'share'], config: body.config ?? {} };
    tableOf(tbl).views.push(v);
    announce(null, null, true);
    return v;
  }],
  ['GET', /^\/v1\/tables\/([^/]+)\/export\.csv$/, ([tbl = '']) => {
    const t = tableOf(tbl);
    const line = (cells: string[]) => cells.map((c) => (/[",\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c)).join(',');
    return [line(t.fields.map((f) => f.name)), ...t.rows.slice(0, 10_000).map((row) => line(t.fields.map((f) => textOf(value(t, row, f.id), f))))].join('\n');
  }],
  ['POST', /^\/v1\/tables$/, (_, body: { name: string }) => {
    const primary = id('fld');
    const t: MockTable = { id: id('tbl'), name: body.name, primary, rows: [], gone: new Set(), next: 0, generate: () => null, edits: new Map(), fields: [{ id: primary, name: 'Name', type: 'text', description: null, options: null, read_only: false }], views: [{ id: id('viw'), name: 'All records', type: 'grid', access: 'shared', may: ['edit', 'access', 'share'], config: {} }] };
    tables.push(t);
    announce(null, null, true);
    return { id: t.id };
  }],
  ['PATCH', /^\/v1\/tables\/([^/]+)$/, ([tbl = ''], body: { name: string }) => { tableOf(tbl).name = body.name; announce(null, null, true); return {}; }],
  ['DELETE', /^\/v1\/tables\/([^/]+)$/, ([tbl = '']) => { tables.splice(tables.indexOf(tableOf(tbl)), 1); announce(null, null, true); return {}; }],
  ['PATCH', /^\/v1\/fields\/([^/]+)$/, ([fld], body: Partial<Field>) => {
    for (const t of tables) for (const f of t.fields) if (f.id === fld) Object.assign(f, body);
    announce(null, null, true);
    return {};
  }],
  ['POST', /^\/v1\/fields\/([^/]+)\/conversion$/, ([fld], body: { type: Field['type']; options?: Field['options'] }) => {
    const t = tables.find((one) => one.fields.some((f) => f.id === fld));
    const f = t?.fields.find((one) => one.id === fld);
    if (!t || !f) throw new Refused(404, 'not_found', 'There is no such field.');
    const column = { ...shapeOf({ type: body.type, options: body.options ?? null }), name: f.name };
    const filled = t.rows.map((row) => ({ id: recordId(t, row), before: textOf(value(t, row, f.id), f) })).filter(({ before }) => before !== '');
    const read = filled.map((one) => ({ ...one, after: fromText(one.before, column).ok ? one.before : null })).sort((a, b) => Number(a.after !== null) - Number(b.after !== null));
    return { filled: filled.length, lost: read.filter(({ after }) => after === null).length, samples: read.slice(0, 20) };
  }],
  ['DELETE', /^\/v1\/fields\/([^/]+)$/, ([fld]) => { for (const t of tables) t.fields = t.fields.filter((f) => f.id !== fld); announce(null, null, true); return {}; }],
  ['PATCH', /^\/v1\/views\/([^/]+)$/, ([viw], body: { name?: string; config?: Record<string, unknown> }) => {
    for (const t of tables) for (const v of t.views) if (v.id === viw) Object.assign(v, body);
    announce(null, null, true);
    return {};
  }],
  ['DELETE', /^\/v1\/views\/([^/]+)$/, ([viw]) => { for (const t of tables) t.views = t.views.filter((v) => v.id !== viw); announce(null, null, true); return {}; }],
  ['GET', /^\/v1\/records\/([^/]+)\/history$/, ([rec = '']) => ({ data: [...(history.get(rec) ?? []), { version: 1, at: '2026-11-02T08:30:00Z', actor: { id: 'usrJan', name: 'Jan Sand' }, kind: 'created', cells: [] }] })],
  ['GET', /^\/v1\/records\/([^/]+)$/, ([rec = '']) => {
    const { t, row } = find(rec);
    const fields = Object.fromEntries(t.fields.map((f) => {
      const v = value(t, row, f.id);
      return [f.id, f.type === 'select' ? (f.options?.choices?.find((c) => c.id === v)?.name ?? null) : f.type === 'link' ? linksOf(v).map((l) => l.id) : v];
    }));
    return { id: rec, fields, created_at: '2026-11-02T08:30:00Z', updated_at: '2026-11-21T09:31:00Z' };
  }],
  ['PATCH', /^\/v1\/records$/, (_, body: { records: { id: string; fields: Record<string, unknown> }[] }) => {
    const t = find(body.records[0]?.id ?? '').t;
    for (const r of body.records) coerce(t, r.fields);
    const data = body.records.map((r) => edit(r.id, r.fields));
    announce(t.id, body.records.map((r) => r.id));
    return { data };
  }],
  ['POST', /^\/v1\/records$/, (_, body: { table: string; records: { fields: Record<string, unknown> }[] }) => {
    const t = tableOf(body.table);
    const data = body.records.map((r) => add(t, r.fields));
    announce(t.id, data.map((r) => r.id));
    return { data };
  }],
  ['DELETE', /^\/v1\/records$/, (_, __, url) => {
    const ids = (url.searchParams.get('ids') ?? '').split(',');
    const t = find(ids[0] ?? '').t;
    for (const rec of ids) t.gone.add(find(rec).row);
    t.rows = t.rows.filter((row) => !t.gone.has(row));
    announce(t.id, ids);
    return { deleted: ids.length };
  }],
  ['POST', /^\/v1\/imports\/([^/]+)\/start$/, ([imp = ''], body: { name?: string; table?: string; columns: { column: string; type: Field['type']; name?: string; field?: string; skip?: boolean }[] }) => startImport(imp, body)],
  ['POST', /^\/v1\/imports\/([^/]+)\/cancel$/, ([imp = '']) => { const i = imports.get(imp); if (i) i.state = 'cancelled'; return {}; }],
  ['GET', /^\/v1\/imports\/([^/]+)$/, ([imp = '']) => {
    const i = imports.get(imp);
    return i && { state: i.state, table: i.table, done: i.done, total: i.rows.length, created: i.created, updated: i.updated, deleted: i.deleted, errors: i.errors, error_count: i.errors.length, failure: null };
  }],
];

function startImport(imp: string, body: { name?: string; table?: string; columns: { column: string; type: Field['type']; name?: string; field?: string; skip?: boolean }[] }): unknown {
  const job = imports.get(imp);
  if (!job) throw new Refused(404, 'not_found', 'There is no such import.');
  const used = body.columns.filter((c) => !c.skip);
  let t = body.table ? tableOf(body.table) : undefined;
  if (!t) {
    const fields: Field[] = used.map((c) => ({ id: id('fld'), name: c.name ?? c.column, type: c.type === 'link' ? 'text' : c.type, description: null, options: null, read_only: false }));
    t = { id: id('tbl'), name: body.name ?? 'Imported', primary: fields[0]?.id ?? '', rows: [], gone: new Set(), next: 0, generate: () => null, edits: new Map(), fields, views: [{ id: id('viw'), name: 'All records', type: 'grid', access: 'shared', may: ['edit', 'access', 'share'], config: {} }] };
    tables.push(t);
  }
  const target = t;
  job.table = target.id;
  job.state = 'running';
  const map = used.map((c) => ({ at: job.columns.findIndex((x) => x.name === c.column), field: target.fields.find((f) => f.id === c.field || f.name === (c.name ?? c.column)) }));
  const work = () => {
    for (let n = 0; n < 400 && job.done < job.rows.length && job.state === 'running'; n += 1, job.done += 1) {
      const cells: Record<string, unknown> = {};
      for (const { at, field } of map) {
        const raw = job.rows[job.done]?.[at] ?? '';
        if (!field || raw === '') continue;
        if (field.type === 'number' && Number.isNaN(Number(raw))) job.errors.push({ row: job.done + 2, column: field.name, value: raw, message: 'Not a number' });
        else cells[field.id] = field.type === 'number' ? Number(raw) : field.type === 'checkbox' ? raw === 'true' : field.type === 'link' ? splitNames(raw) : raw;
      }
      try {
        add(target, cells);
        job.created += 1;
      } catch (error) {
        job.errors.push({ row: job.done + 2, column: '', value: '', message: (error as Error).message });
      }
    }
    if (job.state === 'running' && job.done >= job.rows.length) job.state = 'done';
    if (job.state === 'running') setTimeout(work, 120);
    announce(target.id, null, true);
  };
  setTimeout(work, 50);
  return {};
}

function previewImport(text: string): unknown {
  const lines = text.split(/\r?\n/).filter(Boolean).map((l) => l.split(','));
  const [head = [], ...rows] = lines;
  const guess = (at: number): Field['type'] => (rows.slice(0, 50).every((r) => !Number.isNaN(Number(r[at] || 'x'))) ? 'number' : rows.slice(0, 50).every((r) => /^\d{4}-\d\d-\d\d$/.test(r[at] ?? '')) ? 'date' : 'text');
  const columns = head.map((name, at) => ({ name, type: guess(at) }));
  const imp = id('imp');
  imports.set(imp, { state: 'preview', rows, columns, done: 0, table: null, errors: [], created: 0, updated: 0, deleted: 0 });
  return { id: imp, columns: columns.map((c, at) => ({ ...c, samples: rows.slice(0, 3).map((r) => r[at] ?? '') })), rows: rows.slice(0, 20), total: rows.length, primary: columns.find((c) => c.type === 'text')?.name ?? '', delimiter: ',', format: 'csv', encoding: 'utf-8', sheets: [], sheet: null, dates: 'iso', numbers: 'point', bytes: text.length };
}

const read = (request: IncomingMessage): Promise<string> => new Promise((resolve) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => resolve(body));
});

function send(answer: ServerResponse, status: number, body: unknown): void {
  answer.statusCode = status;
  answer.setHeader('Base-Version', String(version));
  answer.setHeader('Content-Type', status >= 400 ? 'application/problem+json' : typeof body === 'string' ? 'text/csv' : 'application/json');
  answer.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Answers one request of /v1; false if it is none. */
export async function mockApi(request: IncomingMessage, answer: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://mock');
  if (url.pathname === '/mock/reset') {
    tables = mockTables();
    history.clear();
    orders.clear();
    answer.end();
    return true;
  }
  if (!url.pathname.startsWith('/v1/')) return false;
  if (/\/events$/.test(url.pathname)) {
    answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    answer.write(': hello\n\n');
    listeners.add(answer);
    request.on('close', () => listeners.delete(answer));
    return true;
  }
  if (await answerFiles(request, answer, url)) return true;
  const text = await read(request);
  if (request.method === 'POST' && url.pathname === '/v1/imports') {
    const file = /filename="[^"]*"\r\n(?:.*\r\n)*?\r\n([\s\S]*?)\r\n--/.exec(text)?.[1] ?? '';
    send(answer, 201, previewImport(file));
    return true;
  }
  try {
    for (const [method, pattern, handle] of routes) {
      const match = pattern.exec(url.pathname);
      if (method !== request.method || !match) continue;
      const result = handle(match.slice(1), (text ? JSON.parse(text) : {}) as never, url);
      setTimeout(() => send(answer, 200, result), 25);
      return true;
    }
    throw new Refused(404, 'not_found', `The mock has no ${request.method} ${url.pathname}.`);
  } catch (error) {
    const refused = error instanceof Refused ? error : new Refused(500, 'internal', String(error));
    send(answer, refused.status, { title: refused.code, detail: refused.message, code: refused.code, status: refused.status, request_id: 'req_mock' });
    return true;
  }
}
