// What the values of a field must be besides their type: bounds, lengths, a pattern, a formula over the record, and what people are told.
import { useState } from 'react';
import type { FieldType } from '../../grid/src/index.ts';
import type { Field, FieldOptions, TableInfo, Validation } from '../api/types.ts';
import { FormulaEditor } from './formula.tsx';
import { boundOf, hasRule, ruleKind } from './field_rule_parts.ts';

interface Props {
  type: FieldType;
  table: TableInfo;
  field: Field | undefined;
  options: FieldOptions;
  onOptions: (next: FieldOptions) => void;
}

export function FieldRule({ type, table, field, options, onOptions }: Props) {
  const rule = options.validation ?? {};
  const [open, setOpen] = useState(() => hasRule(rule));
  const kind = ruleKind(type);
  const set = (part: Validation) => onOptions({ ...options, validation: { ...rule, ...part } });
  if (kind === 'none') return null;
  return (
    <details className="fieldrule" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>Rule</summary>
      <div className="stack">
        {rule.problem ? <p className="notice bad" role="status">This rule is not asked: {rule.problem}</p> : null}
        {kind === 'number' || kind === 'date' || kind === 'datetime' ? (
          <div className="row">
            <Bound id="rule-min" label="At least" kind={kind} value={rule.min} onChange={(min) => set({ min })} />
            <Bound id="rule-max" label="At most" kind={kind} value={rule.max} onChange={(max) => set({ max })} />
          </div>
        ) : null}
        {kind === 'text' ? (
          <>
            <div className="row">
              <Length id="rule-min-length" label="Characters at least" value={rule.min_length} onChange={(min_length) => set({ min_length })} />
              <Length id="rule-max-length" label="Characters at most" value={rule.max_length} onChange={(max_length) => set({ max_length })} />
            </div>
            <div className="field">
              <label htmlFor="rule-pattern">Pattern</label>
              <input id="rule-pattern" className="input mono" autoComplete="off" spellCheck={false} placeholder="[A-Z]{2}-\d+" value={rule.pattern ?? ''} aria-describedby="rule-pattern-help" onChange={(e) => set({ pattern: e.target.value || undefined })} />
              <span className="help" id="rule-pattern-help">A regular expression that the whole text must match.</span>
            </div>
          </>
        ) : null}
        {field ? <FormulaEditor value={rule.formula ?? ''} table={table} field={undefined} label="Must be true" placeholder={`{${field.name}} > 0`} onChange={(formula) => set({ formula: formula.trim() === '' ? undefined : formula })} /> : <p className="muted">Add the field first to give it a rule with a formula.</p>}
        <div className="field">
          <label htmlFor="rule-message">What people are told</label>
          <input id="rule-message" className="input" autoComplete="off" maxLength={500} placeholder="Made of the rule" value={rule.message ?? ''} onChange={(e) => set({ message: e.target.value || undefined })} />
        </div>
        <p className="muted">An empty cell breaks no rule. Values that are there already stay until somebody changes them.</p>
      </div>
    </details>
  );
}

function Bound({ id, label, kind, value, onChange }: { id: string; label: string; kind: 'number' | 'date' | 'datetime'; value: number | string | undefined; onChange: (value: number | string | undefined) => void }) {
  const input = kind === 'number' ? 'number' : kind === 'date' ? 'date' : 'datetime-local';
  return (
    <div className="field grow">
      <label htmlFor={id}>{label}</label>
      <input id={id} className="input" type={input} step="any" autoComplete="off" value={kind === 'datetime' && typeof value === 'string' ? local(value) : value ?? ''} onChange={(e) => onChange(boundOf(kind, e.target.value))} />
    </div>
  );
}

/** A moment as the field takes it, where the person is. */
function local(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? '' : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function Length({ id, label, value, onChange }: { id: string; label: string; value: number | undefined; onChange: (value: number | undefined) => void }) {
  return (
    <div className="field grow">
      <label htmlFor={id}>{label}</label>
      <input id={id} className="input" type="number" min="0" step="1" value={value ?? ''} onChange={(e) => onChange(e.target.value === '' ? undefined : Math.max(0, Math.floor(Number(e.target.value))))} />
    </div>
  );
}
