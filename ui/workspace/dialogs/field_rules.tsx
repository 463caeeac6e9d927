// What is asked of the cells of a field (required, unique, a default), and its description.
import { useState } from 'react';
import { type FieldType, fromText, type Shape } from '../../grid/src/index.ts';
import { edited } from '../../grid/src/cells/index.ts';
import { dye } from '../../grid/src/cells/select.ts';
import type { FieldOptions } from '../api/types.ts';
import { Select } from '../ui/select.tsx';
import { shapeOf } from '../values.ts';
import { canBeUnique, canHaveDefault, READ_ONLY } from './field_types.ts';

interface Props {
  type: FieldType;
  options: FieldOptions;
  description: string;
  onOptions: (next: FieldOptions) => void;
  onDescription: (next: string) => void;
}

/** Defaults that are made when the record is: their word on the wire and for people. */
const MADE: Partial<Record<FieldType, [string, string]>> = {
  date: ['now', 'The day on which the record is made'], datetime: ['now', 'The moment in which the record is made'], time: ['now', 'The time at which the record is made'],
  user: ['me', 'Who makes the record'], uuid: ['new', 'A new UUID'],
};

export function Rules({ type, options, description, onOptions, onDescription }: Props) {
  const writable = !READ_ONLY.has(type);
  return (
    <>
      {writable && canHaveDefault(type) ? <Default type={type} options={options} onChange={(value) => onOptions({ ...options, default: value })} /> : null}
      {writable ? (
        <div className="rules">
          <label className="row"><input type="checkbox" checked={options.required === true} onChange={(e) => onOptions({ ...options, required: e.target.checked })} />Required</label>
          {canBeUnique(type) ? <label className="row"><input type="checkbox" checked={options.unique === true} onChange={(e) => onOptions({ ...options, unique: e.target.checked })} />No value twice</label> : null}
        </div>
      ) : null}
      <div className="field">
        <label htmlFor="field-about">Description <span className="muted">optional</span></label>
        <input id="field-about" className="input" autoComplete="off" value={description} onChange={(e) => onDescription(e.target.value)} />
      </div>
    </>
  );
}

function Default({ type, options, onChange }: { type: FieldType; options: FieldOptions; onChange: (value: FieldOptions['default']) => void }) {
  const shape: Shape = shapeOf({ type, options: { ...options, result: undefined } });
  const made = MADE[type];
  const label = 'Default';
  if (type === 'checkbox') {
    return <label className="row"><input type="checkbox" checked={options.default === true} onChange={(e) => onChange(e.target.checked ? true : undefined)} />Ticked in new records</label>;
  }
  if (type === 'select') {
    return (
      <div className="field">
        <span className="label">{label}</span>
        <Select label={label} value={typeof options.default === 'string' ? options.default : ''} onChange={(name) => onChange(name || undefined)}>
          <option value="">Empty</option>
          {options.choices?.filter((choice) => choice.name.trim() !== '').map((choice) => <option key={choice.id || choice.name} value={choice.name}>{choice.name}</option>)}
        </Select>
      </div>
    );
  }
  if (type === 'multi_select') {
    const on = Array.isArray(options.default) ? options.default : [];
    const choices = options.choices?.filter((choice) => choice.name.trim() !== '') ?? [];
    if (choices.length === 0) return null;
    return (
      <div className="field">
        <span className="label">{label}</span>
        <span className="pills" role="group" aria-label={label}>
          {choices.map(({ id, name, colour }) => <button key={id || name} type="button" className={`pill ${on.includes(name) ? dye(colour) : 'off'}`} aria-pressed={on.includes(name)} onClick={() => onChange(on.includes(name) ? on.filter((one) => one !== name) : [...on, name])}>{name}</button>)}
        </span>
      </div>
    );
  }
  if (type === 'user' || type === 'uuid') {
    const [word = '', about = ''] = made ?? [];
    return <div className="field"><span className="label">{label}</span><Select label={label} value={options.default === word || (Array.isArray(options.default) && options.default[0] === word) ? word : ''} onChange={(value) => onChange(value || undefined)}><option value="">Empty</option><option value={word}>{about}</option></Select></div>;
  }
  return <TextDefault key={type} shape={shape} made={made} value={options.default} onChange={onChange} />;
}

function TextDefault({ shape, made, value, onChange }: { shape: Shape; made: [string, string] | undefined; value: FieldOptions['default']; onChange: (value: FieldOptions['default']) => void }) {
  const column = { ...shape, id: 'default', name: 'Default', width: 0, readOnly: false };
  const special = made !== undefined && value === made[0];
  const [text, setText] = useState(value === undefined || special ? '' : edited(value, column));
  const [why, setWhy] = useState('');
  return (
    <div className={`field${why ? ' error' : ''}`}>
      <label htmlFor="field-default">Default</label>
      {made ? <label className="row"><input type="checkbox" checked={special} onChange={(e) => onChange(e.target.checked ? made[0] : undefined)} />{made[1]}</label> : null}
      {special ? null : <input id="field-default" className="input" autoComplete="off" value={text} placeholder="Empty" aria-invalid={why !== ''} aria-describedby={why ? 'default-error' : undefined} onChange={(e) => {
        setText(e.target.value);
        const parsed = fromText(e.target.value, column);
        setWhy(parsed.ok ? '' : parsed.why);
        onChange(parsed.ok && parsed.value !== null ? parsed.value : undefined);
      }} />}
      {why ? <span className="help" id="default-error" role="alert">{why}.</span> : null}
    </div>
  );
}
