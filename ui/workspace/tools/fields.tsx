// Which fields the view shows. The first field always shows: it names the record.
import { useState } from 'react';
import { kindIcon } from '../../grid/src/index.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { orderedFields } from '../values.ts';
import { OwnHint } from './own.tsx';

export function FieldsPanel() {
  const model = useModel();
  const [find, setFind] = useState('');
  const { table, view } = model;
  if (!table || !view) return null;
  const hidden = new Set(model.look.hidden ?? []);
  const fields = orderedFields(table.fields, table.primary_field, model.look);
  const save = (next: Set<string>) => void model.setView({ hidden: [...next].filter((id) => table.fields.some((f) => f.id === id)) }, true);
  const toggle = (id: string) => {
    const next = new Set(hidden);
    if (!next.delete(id)) next.add(id);
    save(next);
  };
  const shown = fields.filter((f) => f.name.toLocaleLowerCase().includes(find.trim().toLocaleLowerCase()));
  return (
    <div className="fieldlist">
      <OwnHint />
      {fields.length > 8 ? <div className="search"><Icon name="search" /><input className="input" placeholder="Find a field" aria-label="Find a field" value={find} onChange={(e) => setFind(e.target.value)} autoFocus /></div> : null}
      <ul>
        {shown.map((f) => (
          <li key={f.id}>
            <button type="button" role="switch" aria-checked={!hidden.has(f.id) || f.id === table.primary_field} disabled={f.id === table.primary_field} onClick={() => toggle(f.id)} title={f.id === table.primary_field ? 'The first field names the record and always shows' : undefined}>
              <Icon name={kindIcon[f.type]} /><span className="trunc grow">{f.name}</span><i className={hidden.has(f.id) && f.id !== table.primary_field ? 'switch' : 'switch on'} />
            </button>
          </li>
        ))}
        {shown.length === 0 ? <li className="none muted">No field has this name.</li> : null}
      </ul>
      <div className="row ends">
        <button type="button" className="btn ghost sm" onClick={() => save(new Set())}>Show all</button>
        <button type="button" className="btn ghost sm" onClick={() => save(new Set(table.fields.map((f) => f.id).filter((id) => id !== table.primary_field)))}>Hide all</button>
      </div>
    </div>
  );
}
