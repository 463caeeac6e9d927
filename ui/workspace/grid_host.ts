// The grid's host over /v1: windows of the shown view, writes, and what the person asks for at a place.
import type { CellValue, CellWrite, Column, Host, LinkRef, MenuPlace, Row, Window } from '../grid/src/index.ts';
import type { LinesAnswer, WindowAnswer } from './api/types.ts';
import { fold, foldAll } from './folds.ts';
import { linesWindow } from './lines.ts';
import type { Model } from './model.ts';
import { positionOf, readRecord } from './read_record.ts';
import { linesQuery, rowsQuery } from './rows_query.ts';
import { totalsOf } from './totals.ts';
import { needsTypecast, toApi, visibleFields, windowRows } from './values.ts';

const WRITE_CHUNK = 500;
const DELETE_CHUNK = 100;

export function createHost(model: Model, menu: (place: MenuPlace) => void, changed: () => void): Host {
  const { api } = model;
  const fieldsOf = () => model.table?.fields ?? [];

  const write = async (writes: CellWrite[]): Promise<number> => {
    const records = new Map<string, Record<string, unknown>>();
    let typecast = false;
    for (const { record, field, value } of writes) {
      const info = fieldsOf().find((f) => f.id === field);
      if (!info) continue;
      typecast ||= needsTypecast(value, info);
      records.set(record, { ...records.get(record), [field]: toApi(value, info) });
    }
    const all = [...records].map(([id, fields]) => ({ id, fields }));
    let version = 0;
    for (let i = 0; i < all.length; i += WRITE_CHUNK) {
      const answer = await api.write('PATCH', '/v1/records', { records: all.slice(i, i + WRITE_CHUNK), typecast }, { keys: 'id' });
      version = answer.version;
    }
    return version;
  };

  const create = async (rows: Record<string, CellValue>[]): Promise<{ ids: string[]; version: number }> => {
    const ids: string[] = [];
    let version = 0;
    for (let i = 0; i < rows.length; i += WRITE_CHUNK) {
      const part = rows.slice(i, i + WRITE_CHUNK);
      const records = part.map((cells) => ({
        fields: Object.fromEntries(Object.entries(cells).flatMap(([id, value]) => {
          const info = fieldsOf().find((f) => f.id === id);
          return info && value !== null ? [[id, toApi(value, info)]] : [];
        })),
      }));
      const typecast = part.some((cells) => Object.entries(cells).some(([id, value]) => {
        const info = fieldsOf().find((f) => f.id === id);
        return info !== undefined && needsTypecast(value, info);
      }));
      const answer = await api.write<{ data: { id: string }[] }>('POST', '/v1/records', { table: model.table?.id, records, typecast }, { keys: 'id' });
      ids.push(...answer.data.data.map((r) => r.id));
      version = answer.version;
    }
    return { ids, version };
  };

  return {
    async window(offset, limit, signal): Promise<Window> {
      const { table } = model;
      if (!table) return { version: 0, total: 0, offset, rows: [] };
      const shows = visibleFields(table.fields, table.primary_field, model.look).map((f) => f.id);
      // What a record's group and colour are read from is needed also where it does not show.
      const fields = [...new Set([...shows, ...model.groups.map((f) => f.id), ...(model.colour ? [model.colour.id] : [])])];
      if (model.groups.length > 0) {
        const totals = totalsOf(model);
        const body = { ...linesQuery(model), totals, offset, limit, fields };
        const { data } = await api.ask<LinesAnswer>('POST', `/v1/tables/${table.id}/window`, { body, signal, reads: true });
        return linesWindow(data, table.fields, totals);
      }
      const { data } = await api.ask<WindowAnswer>('POST', `/v1/tables/${table.id}/window`, { body: { ...rowsQuery(model), offset, limit, fields }, signal, reads: true });
      return { version: data.version, total: data.total, offset: data.offset, rows: windowRows(data) };
    },
    write,
    create,
    async remove(ids) {
      let version = 0;
      for (let i = 0; i < ids.length; i += DELETE_CHUNK) {
        version = (await api.write('DELETE', '/v1/records', undefined, { ids: ids.slice(i, i + DELETE_CHUNK).join(',') })).version;
      }
      if (model.recordId !== undefined && ids.includes(model.recordId)) model.openRecord(undefined);
      return version;
    },
    async restore(ids) {
      return (await api.write('POST', `/v1/tables/${model.table?.id ?? ''}/restore`, { records: ids })).version;
    },
    async record(id): Promise<Row | null> {
      return model.table ? (await readRecord(model, model.table, id)).row : null;
    },
    position: (record) => (model.table ? positionOf(model, model.table.id, record, linesQuery(model)) : Promise.resolve(null)),
    links: (column: Column, text: string, signal: AbortSignal): Promise<LinkRef[]> => findLinks(model, model.field(column.id)?.options?.table, text, signal),
    notice: (notice) => model.notice(notice),
    files: (record, field, given) => model.show({ kind: 'files', record, field, given: given ?? [] }),
    open: (record) => model.openRecord(record),
    menu,
    resized: (field, width) => void model.setView({ widths: { ...model.look.widths, [field]: width } }, false),
    reordered(field, before) {
      const { table } = model;
      if (!table) return;
      const ids = visibleFields(table.fields, table.primary_field, model.look).map((f) => f.id).filter((id) => id !== field);
      const at = before === null ? ids.length : Math.max(1, ids.indexOf(before));
      const hidden = table.fields.map((f) => f.id).filter((id) => id !== field && !ids.includes(id));
      void model.setView({ order: [...ids.slice(0, at), field, ...ids.slice(at), ...hidden] }, false);
    },
    fold: (group, folded) => model.setFolds(group === 'all' ? foldAll(folded) : fold(model.folds, group, folded)),
    changed,
  };
}

/** Records of a table whose name contains the text, at most 50: what a link can point to. */
export async function findLinks(model: Model, tableId: string | undefined, text: string, signal?: AbortSignal): Promise<LinkRef[]> {
  const table = model.base?.tables.find((t) => t.id === tableId);
  if (!table) return [];
  const where = text === '' ? undefined : { field: table.primary_field, op: 'contains', value: text };
  const { data } = await model.api.ask<WindowAnswer>('POST', `/v1/tables/${table.id}/window`, { body: { where, offset: 0, limit: 50, fields: [table.primary_field] }, signal, reads: true });
  return data.rows.map(([id, name]) => ({ id, name: name === null || name === undefined ? '' : String(name) }));
}
