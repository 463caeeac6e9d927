// The third bar: what of the table this view shows.
import { useEffect, useState } from 'react';
import type { RowHeight } from '../api/types.ts';
import { countConditions } from '../conditions.ts';
import { nounOf } from '../nouns.ts';
import { PanelButton } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { MenuButton } from '../ui/menu.tsx';
import { useModel } from '../use_model.ts';
import { ViewButton } from '../bars/view_list.tsx';
import { ColourButton } from './colour.tsx';
import { FieldsPanel } from './fields.tsx';
import { FilterPanel } from './filter.tsx';
import { GroupPanel } from './group.tsx';
import { OwnReset } from './own.tsx';
import { SortPanel } from './sort.tsx';

const HEIGHTS: { id: RowHeight; label: string; icon: 'rows-4' | 'rows-3' | 'rows-2' | 'square' }[] = [
  { id: 'short', label: 'Short rows', icon: 'rows-4' },
  { id: 'medium', label: 'Medium rows', icon: 'rows-3' },
  { id: 'tall', label: 'Tall rows', icon: 'rows-2' },
  { id: 'extra', label: 'Extra tall rows', icon: 'square' },
];

export function Toolbar() {
  const model = useModel();
  const config = model.look;
  const hidden = (config.hidden ?? []).filter((id) => model.field(id) && id !== model.table?.primary_field).length;
  const filters = countConditions(config.where);
  const sorts = (config.sort ?? []).length;
  const sorted = sorts === 1 ? model.field(config.sort?.[0]?.field ?? '')?.name : undefined;
  const groups = model.groups.length;
  const grouped = groups === 1 ? model.groups[0]?.name : undefined;
  const height = config.row_height ?? 'short';
  const ready = model.table !== undefined && model.view !== undefined;
  return (
    <div className="bar tools" role="toolbar" aria-label="View">
      <ViewButton />
      {ready ? (
        <>
          <span className="vr" />
          <PanelButton label={hidden ? `${hidden} hidden fields` : 'Hide fields'} className={`btn ghost sm${hidden ? ' on' : ''}`} panel={() => <FieldsPanel />}><Icon name="eye-off" /><span className="hide-s">{hidden ? `${hidden} hidden` : 'Hide fields'}</span></PanelButton>
          <PanelButton label={filters ? `Filter ${filters}` : 'Filter'} className={`btn ghost sm${filters ? ' on' : ''}`} panel={() => <FilterPanel />} wide><Icon name="filter" /><span className="hide-s">Filter</span>{' '}{filters ? <b>{filters}</b> : null}</PanelButton>
          <PanelButton label={grouped ? `Group: ${grouped}` : groups ? `Group ${groups}` : 'Group'} className={`btn ghost sm${groups ? ' on' : ''}`} panel={() => <GroupPanel />}><Icon name="group" /><span className="hide-s">{grouped ?? 'Group'}</span>{' '}{groups > 1 ? <b>{groups}</b> : null}</PanelButton>
          <PanelButton label={sorted ? `Sort: ${sorted}` : sorts ? `Sort ${sorts}` : 'Sort'} className={`btn ghost sm${sorts ? ' on' : ''}`} panel={() => <SortPanel />}><Icon name="arrow-up-down" /><span className="hide-s">{sorted ?? 'Sort'}</span>{' '}{sorts > 1 ? <b>{sorts}</b> : null}</PanelButton>
          <ColourButton />
          <MenuButton label="Row height" className="btn ghost sm icon" items={HEIGHTS.map((h) => ({ ...h, on: h.id === height, run: () => void model.setView({ row_height: h.id }, false) }))}><Icon name={HEIGHTS.find((h) => h.id === height)?.icon ?? 'rows-4'} /></MenuButton>
          <OwnReset />
        </>
      ) : null}
      <span className="grow" />
      <Find />
      {model.table && model.may('write') ? <button type="button" className="btn primary sm" aria-label={`Add ${nounOf(model.table.name).one}`} onClick={() => void model.grid?.addRow()}><Icon name="plus" /><span className="hide-s">Add {nounOf(model.table.name).one}</span></button> : null}
    </div>
  );
}

/** Find in view: narrows the rows to those that contain the text and marks the cells that do. */
function Find() {
  const model = useModel();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => model.find !== text && model.setFind(text), 200);
    return () => clearTimeout(timer);
  }, [text, model]);
  useEffect(() => {
    if (model.find === '' && !open) setText('');
  }, [model.find, open]);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f' && !event.shiftKey) {
        event.preventDefault();
        setOpen(true);
      }
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);
  const close = () => {
    setOpen(false);
    setText('');
    model.setFind('');
    model.grid?.focus();
  };
  if (!open) return <button type="button" className="btn ghost sm" aria-label="Find in view" title="Find in view (Ctrl F)" onClick={() => setOpen(true)}><Icon name="search" /><span className="hide-s">Find in view</span></button>;
  const total = model.grid?.state;
  return (
    <div className="find search" role="search">
      <Icon name="search" />
      <input className="input" autoFocus placeholder="Find in view" aria-label="Find in view" value={text} onChange={(e) => setText(e.target.value)} onKeyDown={(e) => {
        if (e.key === 'Escape') close();
        else if (e.key === 'Enter' || e.key === 'ArrowDown') {
          e.preventDefault();
          model.grid?.focus();
        }
      }} />
      <span className="count muted" role="status">{model.find !== '' && total && total.status !== 'loading' ? total.total.toLocaleString() : ''}</span>
      <button type="button" className="btn ghost sm icon" aria-label="Close find" onClick={close}><Icon name="x" /></button>
    </div>
  );
}
