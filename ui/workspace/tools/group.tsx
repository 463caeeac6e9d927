// What the records are grouped by: a field, then another within its groups.
import { foldAll, OPEN } from '../folds.ts';
import type { Field, GroupKey } from '../api/types.ts';
import type { Model } from '../model.ts';
import { keepFocus } from '../ui/focus.ts';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';
import { shapeOf } from '../values.ts';
import { OwnHint } from './own.tsx';
import { directions } from './sort.tsx';

/** Levels that a view may have. */
const MAX_GROUPS = 4;

/** What holds lists of values stands for no one group. */
export const canGroup = (field: Field): boolean => !['list', 'button'].includes(shapeOf(field).kind);

/** Groups by other fields than before: what was folded means nothing any more. */
export function groupBy(model: Model, group: GroupKey[]): void {
  const fields = (keys: readonly GroupKey[] | undefined) => (keys ?? []).map((key) => key.field).join();
  if (fields(group) !== fields(model.look.group)) model.setFolds(OPEN);
  void model.setView({ group }, true);
}

export function GroupPanel() {
  const model = useModel();
  const { table, view } = model;
  if (!table || !view) return null;
  const group = model.look.group ?? [];
  const save = (next: GroupKey[]) => groupBy(model, next);
  const unused = table.fields.filter((f) => canGroup(f) && !group.some((g) => g.field === f.id));
  const change = (i: number, part: Partial<GroupKey>) => save(group.map((g, k) => (k === i ? { ...g, ...part } : g)));
  const all = (folded: boolean) => {
    model.setFolds(foldAll(folded));
    model.grid?.invalidate();
  };
  return (
    <div className="sorts">
      <b>Group by</b>
      <OwnHint />
      {group.map((key, i) => {
        const field = table.fields.find((f) => f.id === key.field);
        const [up, down] = directions(field);
        return (
          <div className="sortrow" key={key.field}>
            <Select label={i === 0 ? 'Group by' : 'Then by'} value={key.field} onChange={(id) => change(i, { field: id })}>
              {table.fields.filter((f) => f.id === key.field || unused.includes(f)).map((f) => <option key={f.id} value={f.id}>{f.name}</option>)}
            </Select>
            <Select label="Direction" value={key.desc ? 'down' : 'up'} onChange={(v) => change(i, { desc: v === 'down' })}><option value="up">{up}</option><option value="down">{down}</option></Select>
            <button type="button" className="btn ghost sm icon" aria-label={`Do not group by ${field?.name ?? 'this field'}`} onClick={(e) => {
              keepFocus(e);
              save(group.filter((_, k) => k !== i));
            }}><Icon name="x" /></button>
          </div>
        );
      })}
      {group.length === 0 ? <p className="muted">Records with the same value stand together under a heading, with their count and totals.</p> : null}
      {group.length < MAX_GROUPS ? <div className="row">
        <Select label="Add a field to group by" className="addsel" value="" disabled={unused.length === 0} onChange={(id) => id && save([...group, { field: id, desc: false }])}>
          <option value="" disabled>{group.length === 0 ? 'Choose a field' : 'Then by'}</option>
          {unused.map((f) => <option key={f.id} value={f.id}>{f.name}</option>)}
        </Select>
      </div> : null}
      {group.length > 0 ? <div className="row">
        <button type="button" className="btn ghost sm" onClick={() => all(true)}><Icon name="chevron-right" />Collapse all</button>
        <button type="button" className="btn ghost sm" onClick={() => all(false)}><Icon name="chevron-down" />Expand all</button>
      </div> : null}
    </div>
  );
}
