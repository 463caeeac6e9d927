// One record, whole: every field, also those the view hides, and what happened to it. A panel at the right; on a phone the page.
import { useEffect, useRef, useState } from 'react';
import { kindIcon, show, type CellValue, type Row } from '../../grid/src/index.ts';
import { ApiError, message } from '../api/client.ts';
import type { Field } from '../api/types.ts';
import { nounOf } from '../nouns.ts';
import { Icon } from '../ui/icon.tsx';
import { MenuButton } from '../ui/menu.tsx';
import { useModel } from '../use_model.ts';
import { readRecord } from '../read_record.ts';
import { orderedFields, toColumn } from '../values.ts';
import { FieldEditor } from './editors.tsx';
import { Feed } from './feed.tsx';
import { ago } from './time.ts';

export default function RecordPanel({ id }: { id: string }) {
  const model = useModel();
  const { table, view, grid } = model;
  const [row, setRow] = useState<Row>();
  const [updated, setUpdated] = useState('');
  const [error, setError] = useState<Error>();
  const panel = useRef<HTMLElement>(null);
  const fields = table ? orderedFields(table.fields, table.primary_field, model.look) : [];

  useEffect(() => {
    if (!table) return undefined;
    const stop = new AbortController();
    readRecord(model, table, id, stop.signal).then((read) => {
      setUpdated(read.updated);
      setRow(read.row);
      setError(undefined);
    }).catch((failure: Error) => {
      if (!stop.signal.aborted) setError(failure);
    });
    return () => stop.abort();
  }, [id, model.pulse, table?.id, table?.fields.length]);
  useEffect(() => {
    setRow(undefined);
    setUpdated('');
  }, [id]);
  useEffect(() => {
    panel.current?.focus();
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('.popover, .scrim')) model.openRecord(undefined);
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);

  if (!table) return null;
  const noun = nounOf(table.name);
  const total = grid?.state.total ?? 0;
  const at = grid?.find(id);
  const place = grid?.placeOf(id);
  const step = async (by: 1 | -1) => {
    const next = at === undefined ? undefined : await grid?.beside(at, by);
    if (!next || !grid) return;
    grid.goTo(next.index);
    model.openRecord(next.row.id);
  };
  const save = (field: Field, value: CellValue) => {
    if (!row) return;
    const before = row.cells[field.id] ?? null;
    setRow({ ...row, cells: { ...row.cells, [field.id]: value } });
    grid?.write({ record: id, field: field.id, before, after: value });
  };
  const primary = table.fields.find((f) => f.id === table.primary_field);
  const name = row && primary ? show(row.cells[primary.id] ?? null, toColumn(primary, true, {}, false, { people: model.people })) : '';
  const link = location.origin + model.address(view?.id, table.id, id);
  return (
    <section className="record" aria-label={name || `Unnamed ${noun.one}`} tabIndex={-1} ref={panel}>
      <header>
        <button type="button" className="btn ghost sm icon" aria-label={`Previous ${noun.one}`} disabled={place === undefined || place <= 0} onClick={() => void step(-1)}><Icon name="arrow-up" /></button>
        <button type="button" className="btn ghost sm icon" aria-label={`Next ${noun.one}`} disabled={at === undefined || at >= (grid?.state.lines ?? 0) - 1} onClick={() => void step(1)}><Icon name="arrow-down" /></button>
        <span className="pos num">{place !== undefined ? `${(place + 1).toLocaleString()} of ${total.toLocaleString()}` : ''}</span>
        <span className="grow" />
        <button type="button" className="btn ghost sm" onClick={() => void navigator.clipboard.writeText(link).then(() => model.notice({ kind: 'info', text: `The link to ${name || `this ${noun.one}`} is on the clipboard.` }))}><Icon name="link" />Copy link</button>
        <MenuButton label="More" className="btn ghost sm icon" end items={[...(model.may('delete') ? [{ id: 'delete', label: `Delete ${noun.one}`, icon: 'trash-2' as const, danger: true, run: () => void grid?.delete([id]) }] : []), { id: 'copy', label: 'Copy the record’s id', icon: 'copy', run: () => void navigator.clipboard.writeText(id) }]}><Icon name="ellipsis" /></MenuButton>
        <button type="button" className="btn ghost sm icon" aria-label="Close" onClick={() => model.openRecord(undefined)}><Icon name="x" /></button>
      </header>
      {error ? <Missing error={error} noun={noun.one} /> : (
        <>
          <div className="fields">
            <h2 className="title">{row ? name || `Unnamed ${noun.one}` : '\u00a0'}</h2>
            <p className="sub">{updated ? `Changed ${ago(updated)}` : '\u00a0'}</p>
            <dl>
              {fields.map((field) => (
                <div className="fl" key={field.id}>
                  <dt id={`label-${field.id}`}><Icon name={kindIcon[field.type]} /><span className="trunc">{field.name}</span></dt>
                  <dd>{row ? <FieldEditor key={`${id}-${field.id}`} field={model.may('write') ? field : { ...field, read_only: true }} value={row.cells[field.id] ?? null} onSave={(value) => save(field, value)} /> : <span className="bone" />}</dd>
                </div>
              ))}
            </dl>
          </div>
          <Feed id={id} fields={model.may('write') ? table.fields : table.fields.map((f) => ({ ...f, read_only: true }))} pulse={`${model.pulse}-${grid?.state.version ?? 0}`} onRestore={(field, value) => save(field, value)} />
        </>
      )}
    </section>
  );
}

function Missing({ error, noun }: { error: Error; noun: string }) {
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <div className="empty fields" role="alert">
      <h2>{gone ? `This ${noun} is not here` : `This ${noun} could not be read`}</h2>
      <p>{gone ? 'It was deleted, or the link is for somebody else.' : message(error)}</p>
    </div>
  );
}
