// The filter of a view: conditions joined by and/or, groups inside groups. What is complete is applied at once; a condition without a value waits.
import { useEffect, useRef, useState } from 'react';
import type { Condition, Field, Op, Where } from '../api/types.ts';
import { complete, freshCondition, group, isGroup, joinOf, opInfo, opsOf, partsOf, retarget } from '../conditions.ts';
import { nounOf } from '../nouns.ts';
import { keepFocus } from '../ui/focus.ts';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';
import { FilterValue } from './filter_value.tsx';
import { OwnHint } from './own.tsx';

const DEEPEST = 3;

export function FilterPanel() {
  const model = useModel();
  const { table, view } = model;
  const [draft, setDraft] = useState<Where>(() => {
    const now = model.look.where;
    return now ? (isGroup(now) ? now : { and: [now] }) : { and: [] };
  });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pending = useRef<(() => void) | undefined>(undefined);
  useEffect(() => () => {
    clearTimeout(timer.current);
    pending.current?.();
  }, []);
  if (!table || !view) return null;
  const change = (next: Where) => {
    setDraft(next);
    clearTimeout(timer.current);
    pending.current = () => {
      pending.current = undefined;
      const where = complete(next, table.fields);
      if (JSON.stringify(where) !== JSON.stringify(model.look.where ?? null)) void model.setView({ where }, true);
    };
    timer.current = setTimeout(() => pending.current?.(), 350);
  };
  const first = table.fields[0];
  const noun = nounOf(table.name);
  const state = model.grid?.state;
  return (
    <div className="filter">
      <b>Show {noun.many} where</b>
      <OwnHint />
      <Group where={draft} fields={table.fields} depth={1} onChange={change} />
      {partsOf(draft).length === 0 ? <p className="muted">No conditions: every {noun.one} shows.</p> : null}
      <div className="row">
        <button type="button" className="btn sm" disabled={!first} onClick={() => first && change(group(joinOf(draft), [...partsOf(draft), freshCondition(first)]))}><Icon name="plus" />Condition</button>
        <button type="button" className="btn ghost sm" disabled={!first} onClick={() => first && change(group(joinOf(draft), [...partsOf(draft), group(joinOf(draft) === 'and' ? 'or' : 'and', [freshCondition(first)])]))}>Group</button>
        <span className="grow" />
        <span className="muted num" role="status">{state && state.status !== 'loading' ? `${state.total.toLocaleString()} of ${table.records.toLocaleString()}` : ''}</span>
      </div>
    </div>
  );
}

function Group({ where, fields, depth, onChange }: { where: Where; fields: Field[]; depth: number; onChange: (where: Where) => void }) {
  const parts = partsOf(where);
  const join = joinOf(where);
  const set = (index: number, part: Where | undefined) => onChange(group(join, part ? parts.map((p, i) => (i === index ? part : p)) : parts.filter((_, i) => i !== index)));
  return (
    <>
      {parts.map((part, i) => (
        <div className="cond" key={i}>
          <span className="join">
            {i === 0 ? <span className="muted">{depth === 1 ? 'Where' : join === 'and' ? 'All of' : 'Any of'}</span>
              : i === 1 ? <Select label="Join conditions by" value={join} onChange={(value) => onChange(group(value as 'and' | 'or', parts))}><option value="and">and</option><option value="or">or</option></Select>
              : <span className="muted">{join}</span>}
          </span>
          {isGroup(part) ? (
            <div className="nest">
              <Group where={part} fields={fields} depth={depth + 1} onChange={(next) => set(i, next)} />
              <div className="row">
                <button type="button" className="btn ghost sm" onClick={() => set(i, group(joinOf(part), [...partsOf(part), freshCondition(fields[0] as Field)]))}><Icon name="plus" />Condition</button>
                {depth < DEEPEST ? <button type="button" className="btn ghost sm" onClick={() => set(i, group(joinOf(part), [...partsOf(part), group('and', [freshCondition(fields[0] as Field)])]))}>Group</button> : null}
                <span className="grow" />
                <button type="button" className="btn ghost sm icon" aria-label="Remove the group" onClick={(e) => {
                  keepFocus(e);
                  set(i, undefined);
                }}><Icon name="x" /></button>
              </div>
            </div>
          ) : <ConditionRow condition={part as Condition} fields={fields} onChange={(next) => set(i, next)} onRemove={() => set(i, undefined)} />}
        </div>
      ))}
    </>
  );
}

function ConditionRow({ condition, fields, onChange, onRemove }: { condition: Condition; fields: Field[]; onChange: (next: Condition) => void; onRemove: () => void }) {
  const field = fields.find((f) => f.id === condition.field) ?? (fields[0] as Field);
  const info = opInfo(field, condition.op);
  return (
    <div className="one">
      <Select label="Field" value={field.id} onChange={(id) => onChange(retarget(condition, fields.find((f) => f.id === id) ?? field))}>
        {fields.map((f) => <option key={f.id} value={f.id}>{f.name}</option>)}
      </Select>
      <Select label="Comparison" value={info.op} onChange={(op) => onChange(retarget(condition, field, op as Op))}>
        {opsOf(field).map((o) => <option key={o.op} value={o.op}>{o.label}</option>)}
      </Select>
      <FilterValue key={`${field.id}-${info.op}`} condition={condition} field={field} onChange={(value) => onChange({ ...condition, value })} />
      <button type="button" className="btn ghost sm icon" aria-label={`Remove the condition on ${field.name}`} onClick={(e) => {
        keepFocus(e);
        onRemove();
      }}><Icon name="x" /></button>
    </div>
  );
}
