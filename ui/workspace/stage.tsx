// The grid in its place, with the states around it (loading, empty, error) and the menus that it asks for.
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { type Column, createGrid, type FieldType, type MenuPlace } from '../grid/src/index.ts';
import type { Aggregate, Field, RowHeight } from './api/types.ts';
import { message } from './api/client.ts';
import { createHost } from './grid_host.ts';
import type { Model } from './model.ts';
import { nounOf } from './nouns.ts';
import { positionOf } from './read_record.ts';
import { linesQuery } from './rows_query.ts';
import { aggregateLabel, aggregatesOf, chooseTotal, readTotals } from './totals.ts';
import { canGroup, groupBy } from './tools/group.tsx';
import { directions } from './tools/sort.tsx';
import { Confirm } from './ui/ask.tsx';
import { PanelAt } from './ui/dialog.tsx';
import { Icon } from './ui/icon.tsx';
import { type Items, MenuAt } from './ui/menu.tsx';
import { useModel } from './use_model.ts';
import { kindLine } from './view_kinds.ts';
import { shapeOf, toColumn, visibleFields } from './values.ts';

const FieldDialog = lazy(() => import('./dialogs/field.tsx'));

/** Types whose values cannot be what a record is called. */
const NAMELESS = new Set<FieldType>(['link', 'checkbox', 'lookup', 'rollup', 'count', 'button', 'user', 'multi_select', 'created_by', 'modified_by', 'attachment', 'signature']);
const canName = (type: FieldType): boolean => !NAMELESS.has(type);

const HEIGHTS: Record<RowHeight, number> = { short: 32, medium: 56, tall: 88, extra: 128 };

function columnsOf(model: Model): Column[] {
  const { table, look: config } = model;
  if (!table) return [];
  return visibleFields(table.fields, table.primary_field, config).map((f) => toColumn(f, f.id === table.primary_field, config, innerWidth < 560, { people: model.people, grows: model.may('schema') }));
}

export function Stage() {
  const model = useModel();
  const holder = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<MenuPlace>();
  const [dialog, setDialog] = useState<{ kind: 'edit' | 'delete'; field: Field } | { kind: 'add'; box: DOMRect }>();
  const { table, view, find } = model;
  const columns = columnsOf(model);
  const shape = JSON.stringify(columns);
  const groups = model.groups.map((field) => toColumn(field, false, model.look, false, { people: model.people }));
  const grouped = JSON.stringify(groups);
  const height = HEIGHTS[model.look.row_height ?? 'short'];
  const tint = model.colour && toColumn(model.colour, false, model.look, false);
  const tinted = JSON.stringify(tint);
  const fieldSet = columns.map((c) => c.id).sort().join();

  useEffect(() => {
    if (!holder.current || !table) return undefined;
    let last = '';
    const changed = () => {
      const s = model.grid?.state;
      const now = s ? `${s.status}|${s.total}|${s.canUndo}|${s.canRedo}|${s.failure ?? ''}|${s.version}` : '';
      if (now === last) return;
      last = now;
      queueMicrotask(() => model.changed());
    };
    const grid = createGrid(holder.current, { label: table.name, columns: columnsOf(model), rowHeight: height, noun: nounOf(table.name), canWrite: model.may('write'), host: createHost(model, setPlace, changed) });
    model.grid = grid;
    grid.focus();
    return () => {
      model.grid = undefined;
      grid.destroy();
    };
  }, [table?.id, table?.name]);

  const first = useRef('');
  useEffect(() => {
    const now = `${table?.id ?? ''}|${view?.id ?? ''}|${find}`;
    if (first.current !== '' && first.current !== now && first.current.startsWith(`${table?.id ?? ''}|`)) model.grid?.reset();
    first.current = now;
    model.grid?.setMark(find);
  }, [table?.id, view?.id, find]);
  useEffect(() => model.grid?.setColumns(columns), [shape]);
  useEffect(() => model.grid?.setGroups(groups), [grouped, table?.id, table?.name]);
  useEffect(() => model.grid?.setColour(tint), [tinted, table?.id, table?.name]);
  useEffect(() => model.grid?.setRowHeight(height), [height]);
  useEffect(() => model.grid?.invalidate(), [fieldSet, tint?.id]);
  useEffect(() => model.grid?.setOpened(model.recordId), [model.recordId, table?.id]);

  const kind = kindLine(view?.type);
  const state = model.grid?.state;
  const reached = useRef<string>(undefined);
  useEffect(() => {
    if (!model.recordId) reached.current = undefined;
    else if (reached.current !== model.recordId && table && state?.status === 'ready') {
      const record = model.recordId;
      reached.current = record;
      if (model.grid?.reach(record) === undefined) {
        positionOf(model, table.id, record, linesQuery(model)).then((row) => row !== null && model.recordId === record && model.grid?.goTo(row)).catch((error: unknown) => model.fail(error));
      }
    }
  }, [model.recordId, state?.status]);
  const totals = JSON.stringify(model.look.totals ?? null);
  useEffect(() => {
    if (groups.length > 0) model.grid?.invalidate();
  }, [totals]);
  useEffect(() => {
    if (!state || state.status === 'loading' || state.status === 'error') return undefined;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      readTotals(model, stop.signal).then((cells) => model.grid?.setFooter(cells)).catch((error: unknown) => {
        if (!stop.signal.aborted) model.notice({ kind: 'error', text: `The totals could not be read. ${message(error)}` });
      });
    }, 120);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [state?.total, state?.version, state?.status, view?.id, find, totals]);

  const { panel } = model;
  useEffect(() => {
    if (panel.kind !== 'field') return;
    const field = panel.field === undefined ? undefined : model.field(panel.field);
    if (field) setDialog({ kind: 'edit', field });
    else setDialog({ kind: 'add', box: document.querySelector('.g-add button')?.getBoundingClientRect() ?? MIDDLE() });
    model.show({ kind: 'none' });
  }, [panel]);

  const closeDialog = () => {
    setDialog(undefined);
    requestAnimationFrame(() => model.grid?.focus());
  };
  return (
    <div className="stage">
      {kind ? <p className="kindline" role="note"><Icon name={kind.icon} />{kind.line}</p> : null}
      <div className={kind ? 'gridhold low' : 'gridhold'} ref={holder} />
      {state?.status === 'empty' ? <Empty /> : null}
      {state?.status === 'error' ? (
        <div className="over empty" role="alert">
          <h2>{table?.name} could not be read</h2>
          <p>{state.failure}</p>
          <div className="row"><button type="button" className="btn primary" onClick={() => model.grid?.invalidate()}>Try again</button></div>
        </div>
      ) : null}
      {place ? <PlaceMenu place={place} onClose={() => setPlace(undefined)} onEdit={(field) => setDialog({ kind: 'edit', field })} onDelete={(field) => setDialog({ kind: 'delete', field })} onAdd={(box) => setDialog({ kind: 'add', box })} /> : null}
      {dialog?.kind === 'add' ? <PanelAt box={dialog.box} label="Add a field" onClose={closeDialog}><Suspense fallback={<div className="fieldform" />}><FieldDialog onClose={closeDialog} /></Suspense></PanelAt> : null}
      {dialog?.kind === 'edit' ? <PanelAt box={headBox(dialog.field, columns)} label={`Field ${dialog.field.name}`} onClose={closeDialog}><Suspense fallback={<div className="fieldform" />}><FieldDialog field={dialog.field} onClose={closeDialog} /></Suspense></PanelAt> : null}
      {dialog?.kind === 'delete' ? <DeleteField field={dialog.field} onClose={closeDialog} /> : null}
    </div>
  );
}

/** Where a panel opens whose place is out of sight. */
const MIDDLE = (): DOMRect => new DOMRect(innerWidth / 2 - 160, 160, 1, 1);

/** Where a field's header is now, for a panel that opens under it. */
function headBox(field: Field, columns: Column[]): DOMRect {
  const at = columns.findIndex((c) => c.id === field.id);
  const cell = document.querySelector(`.g-head [data-col="${at}"]`);
  return cell?.getBoundingClientRect() ?? MIDDLE();
}

function Empty() {
  const model = useModel();
  const { table, view, find } = model;
  const noun = nounOf(table?.name ?? '');
  const filtered = find !== '' || (model.look.where ?? null) !== null || (model.look.filter ?? null) !== null;
  if (filtered) {
    return (
      <div className="over empty">
        <h2>{find !== '' ? `Nothing here contains “${find}”` : `No ${noun.one} meets the filter`}</h2>
        <p>{find !== '' ? `Looked in every text and link field that ${view?.name ?? 'this view'} shows.` : `${table?.name ?? ''} has ${(table?.records ?? 0).toLocaleString()} in all.`}</p>
      </div>
    );
  }
  return (
    <div className="over empty">
      <h2>No {noun.many} yet</h2>
      <p>{model.may('write') ? 'Add the first one by hand, paste rows from a spreadsheet, or bring a CSV file.' : 'Nobody has added one.'}</p>
      {model.may('write') ? <div className="row">
        <button type="button" className="btn" onClick={() => void model.grid?.addRow()}><Icon name="plus" />Add {noun.one}</button>
        <button type="button" className="btn" onClick={() => model.show({ kind: 'import' })}><Icon name="upload" />Import a file</button>
      </div> : null}
    </div>
  );
}

interface PlaceProps {
  place: MenuPlace;
  onClose: () => void;
  onEdit: (field: Field) => void;
  onDelete: (field: Field) => void;
  onAdd: (box: DOMRect) => void;
}

function PlaceMenu({ place, onClose, onEdit, onDelete, onAdd }: PlaceProps) {
  const model = useModel();
  const { table, view, grid } = model;
  useEffect(() => {
    if (place.at !== 'add-field') return;
    onAdd(place.box);
    onClose();
  }, [place]);
  if (!table || place.at === 'add-field') return null;
  const noun = nounOf(table.name);
  const close = () => {
    onClose();
    grid?.focus();
  };
  if (place.at === 'cell') {
    const count = place.records.length;
    const one = place.records[0];
    const items: Items = [
      ...(count === 1 && one ? [{ id: 'open', label: `Open ${noun.one}`, icon: 'maximize-2' as const, keys: 'Space', run: () => model.openRecord(one) }] : []),
      { id: 'copy', label: 'Copy', icon: 'copy', keys: 'Ctrl C', run: () => void grid?.copy() },
      ...(count > 1 && model.may('write') ? [{ id: 'fill', label: 'Fill down', icon: 'arrow-down-to-line' as const, keys: 'Ctrl D', run: () => void grid?.fillDown() }] : []),
      ...(model.may('write') ? [{ id: 'clear', label: 'Clear cells', icon: 'minus' as const, keys: 'Del', run: () => void grid?.clear() }] : []),
      ...(count === 1 && one ? [{ id: 'link', label: 'Copy link', icon: 'link' as const, run: () => void navigator.clipboard.writeText(location.origin + model.address(view?.id, table.id, one)) }] : []),
      ...(model.may('delete') ? (['line', { id: 'delete', label: count === 1 ? `Delete ${noun.one}` : `Delete ${count.toLocaleString()} ${noun.many}`, icon: 'trash-2', danger: true, run: () => void grid?.delete(place.records) }] as Items) : []),
    ];
    return <MenuAt box={{ left: place.x, top: place.y, width: 1, height: 1 }} label={`${noun.one} menu`} items={items} onClose={close} />;
  }
  const field = model.field(place.field);
  if (!field) return null;
  if (place.at === 'footer') {
    const chosen = model.look.totals?.[field.id];
    const set = (fn?: Aggregate) => chooseTotal(model, field.id, fn);
    if (field.id === table.primary_field) return null;
    const items: Items = [...aggregatesOf(shapeOf(field).kind).map((fn) => ({ id: fn, label: aggregateLabel[fn], on: chosen === fn, run: () => set(fn) })), 'line', { id: 'none', label: 'No total', on: !chosen, run: () => set() }];
    return <MenuAt box={place.box} label={`Total of ${field.name}`} items={items} onClose={close} />;
  }
  const primary = field.id === table.primary_field;
  const sort = (model.look.sort ?? []).filter((s) => s.field !== field.id);
  const [up, down] = directions(field).map((word) => (/^[A-Z][a-z]/.test(word) ? word.charAt(0).toLowerCase() + word.slice(1) : word));
  const items: Items = [
    ...(model.may('schema') ? ([{ id: 'edit', label: 'Edit field', icon: 'pencil', run: () => onEdit(field) }, 'line'] as Items) : []),
    { id: 'up', label: `Sort ${up}`, icon: 'arrow-up', run: () => void model.setView({ sort: [{ field: field.id, desc: false }, ...sort] }, true) },
    { id: 'down', label: `Sort ${down}`, icon: 'arrow-down', run: () => void model.setView({ sort: [{ field: field.id, desc: true }, ...sort] }, true) },
    ...(canGroup(field) ? [{ id: 'group', label: `Group by ${field.name}`, icon: 'group' as const, run: () => groupBy(model, [{ field: field.id, desc: false }]) }] : []),
    ...(primary ? [] : ([
      { id: 'hide', label: model.may('views') ? 'Hide in this view' : 'Hide for me', icon: 'eye-off', run: () => void model.setView({ hidden: [...(model.look.hidden ?? []), field.id] }, true) },
      ...(model.may('schema') && canName(field.type) ? [{ id: 'primary', label: `Name each ${noun.one} by this`, icon: 'tag' as const, run: () => void model.setPrimary(field.id).catch((error: unknown) => model.fail(error)) }] : []),
      ...(model.may('schema') ? (['line', { id: 'delete', label: `Delete ${field.name}`, icon: 'trash-2', danger: true, run: () => onDelete(field) }] as Items) : []),
    ] as Items)),
  ];
  return <MenuAt box={place.box} label={`Field ${field.name}`} items={items} onClose={close} />;
}

function DeleteField({ field, onClose }: { field: Field; onClose: () => void }) {
  const model = useModel();
  const { table } = model;
  const [filled, setFilled] = useState<number>();
  useEffect(() => {
    if (!table) return;
    model.api.ask<{ values: Record<string, number> }>('POST', `/v1/tables/${table.id}/aggregates`, { body: { fields: { [field.id]: 'filled' } }, reads: true })
      .then(({ data }) => setFilled(data.values[field.id] ?? 0)).catch(() => setFilled(undefined));
  }, [field.id]);
  const views = (table?.views ?? []).filter((v) => JSON.stringify(v.config.where ?? null).includes(field.id) || v.config.sort?.some((s) => s.field === field.id) || v.config.group?.some((s) => s.field === field.id));
  const noun = nounOf(table?.name ?? '');
  return (
    <Confirm title={`Delete the field ${field.name}?`} button={`Delete ${field.name}`} onConfirm={() => model.deleteField(field.id)} onClose={onClose}>
      <p>{filled === undefined ? `Its value goes from every ${noun.one}.` : filled === 0 ? `No ${noun.one} has a value in it.` : `${filled.toLocaleString()} ${filled === 1 ? `${noun.one} loses its value` : `${noun.many} lose their value`} in it.`}</p>
      {field.type === 'link' && field.options?.symmetric_field ? <p>The field on the other side of the link goes as well.</p> : null}
      {views.length > 0 ? <p>{views.map((v) => v.name).join(', ')} {views.length === 1 ? 'uses' : 'use'} it to filter, sort or group.</p> : null}
      <p className="muted">It stays in the trash for 30 days.</p>
    </Confirm>
  );
}
