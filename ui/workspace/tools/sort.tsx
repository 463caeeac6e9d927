// The order of a view: by one field, then by the next.
import type { Field, SortKey } from '../api/types.ts';
import { keepFocus } from '../ui/focus.ts';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';
import { shapeOf } from '../values.ts';
import { OwnHint } from './own.tsx';

/** Words for the two directions of a type. */
export function directions(field: Field | undefined): [string, string] {
  switch (field && shapeOf(field).kind) {
    case 'number': case 'currency': case 'percent': case 'year': return ['1 → 9', '9 → 1'];
    case 'duration': return ['Shortest first', 'Longest first'];
    case 'rating': return ['Fewest stars first', 'Most stars first'];
    case 'date': case 'datetime': return ['Oldest first', 'Newest first'];
    case 'time': return ['Earliest first', 'Latest first'];
    case 'checkbox': return ['Not ticked first', 'Ticked first'];
    case 'select': case 'multi_select': return ['First choice first', 'Last choice first'];
    default: return ['A → Z', 'Z → A'];
  }
}

export function SortPanel() {
  const model = useModel();
  const { table, view } = model;
  if (!table || !view) return null;
  const sort = model.look.sort ?? [];
  const save = (next: SortKey[]) => void model.setView({ sort: next }, true);
  const unused = table.fields.filter((f) => !sort.some((s) => s.field === f.id));
  const change = (i: number, part: Partial<SortKey>) => save(sort.map((s, k) => (k === i ? { ...s, ...part } : s)));
  return (
    <div className="sorts">
      <b>Sort by</b>
      <OwnHint />
      {sort.map((key, i) => {
        const field = table.fields.find((f) => f.id === key.field);
        const [up, down] = directions(field);
        return (
          <div className="sortrow" key={key.field}>
            <Select label={i === 0 ? 'Sort by' : 'Then by'} value={key.field} onChange={(id) => change(i, { field: id })}>
              {table.fields.filter((f) => f.id === key.field || unused.includes(f)).map((f) => <option key={f.id} value={f.id}>{f.name}</option>)}
            </Select>
            <Select label="Direction" value={key.desc ? 'down' : 'up'} onChange={(v) => change(i, { desc: v === 'down' })}><option value="up">{up}</option><option value="down">{down}</option></Select>
            <button type="button" className="btn ghost sm icon" aria-label={`Do not sort by ${field?.name ?? 'this field'}`} onClick={(e) => {
              keepFocus(e);
              save(sort.filter((_, k) => k !== i));
            }}><Icon name="x" /></button>
          </div>
        );
      })}
      {sort.length === 0 ? <p className="muted">Rows stand in the order in which they were added.</p> : null}
      <div className="row">
        <Select label="Add a field to sort by" className="addsel" value="" disabled={unused.length === 0} onChange={(id) => id && save([...sort, { field: id, desc: false }])}>
          <option value="" disabled>{sort.length === 0 ? 'Choose a field' : 'Then by'}</option>
          {unused.map((f) => <option key={f.id} value={f.id}>{f.name}</option>)}
        </Select>
      </div>
    </div>
  );
}
