// One record with the names of what it links to. /v1/records answers links as ids; a window of one row has their names.
import type { Row } from '../grid/src/index.ts';
import type { RecordAnswer, TableInfo, WindowAnswer } from './api/types.ts';
import type { Model } from './model.ts';
import { toRow, windowRows } from './values.ts';

export interface RecordRead {
  row: Row;
  updated: string;
}

/** Throws an ApiError 404 when the record is gone. */
export async function readRecord(model: Model, table: TableInfo, id: string, signal?: AbortSignal): Promise<RecordRead> {
  const { data } = await model.api.get<RecordAnswer>(`/v1/records/${id}`, { query: { keys: 'id' }, signal });
  const row = toRow(data, table.fields);
  const linked = table.fields.some((field) => field.type === 'link' && Array.isArray(row.cells[field.id]));
  const named = linked ? await withNames(model, table, id, signal) : undefined;
  return { row: named ?? row, updated: data.updated_at };
}

/** Where a record stands among the rows of a query; null when they do not have it. */
export async function positionOf(model: Model, table: string, record: string, query: Record<string, unknown>, signal?: AbortSignal): Promise<number | null> {
  const { data } = await model.api.ask<{ position: number | null }>('POST', `/v1/tables/${table}/position`, { body: { ...query, record }, signal, reads: true });
  return data.position;
}

async function withNames(model: Model, table: TableInfo, id: string, signal?: AbortSignal): Promise<Row | undefined> {
  const position = await positionOf(model, table.id, id, {}, signal);
  if (position === null) return undefined;
  const body = { offset: position, limit: 1, fields: table.fields.map((f) => f.id) };
  const { data } = await model.api.ask<WindowAnswer>('POST', `/v1/tables/${table.id}/window`, { body, signal, reads: true });
  return windowRows(data).find((row) => row.id === id);
}
