// The value of one condition, by what its comparison needs: a text, a number in the words of its field, a day or days counted from today, choices, people.
import { useState } from 'react';
import { fromText } from '../../grid/src/index.ts';
import { edited } from '../../grid/src/cells/index.ts';
import { dye } from '../../grid/src/cells/select.ts';
import type { Condition, Field } from '../api/types.ts';
import { isRelative, opInfo, RELATIVE } from '../conditions.ts';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';
import { shapeOf } from '../values.ts';

interface Props {
  condition: Condition;
  field: Field;
  onChange: (value: Condition['value']) => void;
}

export function FilterValue({ condition, field, onChange }: Props) {
  const model = useModel();
  const { needs } = opInfo(field, condition.op);
  const label = `Value for ${field.name}`;
  const { value } = condition;
  const shape = shapeOf(field);
  const text = typeof value === 'string' ? value : '';
  switch (needs) {
    case 'none': return <span />;
    case 'bool': return <Select label={label} value={value === false ? 'no' : 'yes'} onChange={(v) => onChange(v === 'yes')}><option value="yes">ticked</option><option value="no">not ticked</option></Select>;
    case 'choice': return <One label={label} value={text} of={shape.choices ?? []} onChange={onChange} />;
    case 'person': return <One label={label} value={text} of={known(model.people, [text])} onChange={onChange} />;
    case 'choices': return <Several label={label} value={value} of={shape.choices ?? []} onChange={onChange} />;
    case 'people': return <Several label={label} value={value} of={known(model.people, Array.isArray(value) ? value : [])} onChange={onChange} />;
    case 'number': return shape.kind === 'number'
      ? <input className="input" type="number" step="any" aria-label={label} value={typeof value === 'number' ? value : ''} onChange={(e) => onChange(e.target.value === '' ? undefined : Number(e.target.value))} />
      : <Written label={label} field={field} value={value} onChange={onChange} />;
    case 'filetype': return <One label={label} value={text} of={FILE_TYPES} onChange={onChange} />;
    case 'time': return <input className="input" type="time" aria-label={label} value={text} onChange={(e) => onChange(e.target.value)} />;
    case 'date': return <Days label={label} value={value} onChange={onChange} />;
    case 'text': return <input className="input" aria-label={label} value={text} onChange={(e) => onChange(e.target.value)} autoComplete="off" />;
  }
}

/** Kinds of files, as the API knows them. */
const FILE_TYPES: Named[] = [
  { id: 'image', name: 'Picture' }, { id: 'pdf', name: 'PDF' }, { id: 'text', name: 'Text' }, { id: 'video', name: 'Video' }, { id: 'audio', name: 'Sound' },
  { id: 'docx', name: 'Word document' }, { id: 'xlsx', name: 'Excel workbook' }, { id: 'pptx', name: 'Presentation' }, { id: 'zip', name: 'Archive' },
];

interface Named {
  id: string;
  name: string;
  colour?: string;
}

/** People whose name is known, and those whom the condition names already. */
const known = (people: readonly Named[], ids: string[]): Named[] => [...people, ...ids.filter((id) => id !== '' && !people.some((one) => one.id === id)).map((id) => ({ id, name: id }))];

interface PickProps {
  label: string;
  value: Condition['value'];
  of: readonly Named[];
  onChange: (value: Condition['value']) => void;
}

function One({ label, value, of, onChange }: PickProps) {
  return (
    <Select label={label} value={typeof value === 'string' ? value : ''} onChange={onChange}>
      <option value="" disabled>Choose</option>
      {of.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
    </Select>
  );
}

function Several({ label, value, of, onChange }: PickProps) {
  const chosen = Array.isArray(value) ? value : [];
  return (
    <span className="pills" role="group" aria-label={label}>
      {of.map(({ id, name, colour }) => (
        <button key={id} type="button" className={`pill ${chosen.includes(id) ? dye(colour ?? 'teal') : 'off'}`} aria-pressed={chosen.includes(id)} onClick={() => onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id])}>{name}</button>
      ))}
    </span>
  );
}

/** A number as it is written in its field: 25 %, 1:30:00, €5. What cannot be read is no value yet. */
function Written({ label, field, value, onChange }: { label: string; field: Field; value: Condition['value']; onChange: (value: Condition['value']) => void }) {
  const column = { ...shapeOf(field), id: field.id, name: field.name, width: 0, readOnly: false };
  const [text, setText] = useState(typeof value === 'number' ? edited(value, column) : '');
  const [wrong, setWrong] = useState(false);
  return (
    <input className="input" aria-label={label} aria-invalid={wrong} autoComplete="off" value={text} placeholder={column.kind === 'percent' ? '25' : column.kind === 'duration' ? '1:30:00' : undefined} onChange={(e) => {
      setText(e.target.value);
      const parsed = fromText(e.target.value, column);
      setWrong(!parsed.ok);
      onChange(parsed.ok && typeof parsed.value === 'number' ? parsed.value : undefined);
    }} />
  );
}

const EXACT = 'exact';

function Days({ label, value, onChange }: { label: string; value: Condition['value']; onChange: (value: Condition['value']) => void }) {
  const chosen = isRelative(value) ? value.relative : EXACT;
  const counted = RELATIVE.find((day) => day.name === chosen)?.n;
  return (
    <span className="days">
      <Select label={`Days for ${label.replace('Value for ', '')}`} value={chosen} onChange={(name) => {
        const day = RELATIVE.find((one) => one.name === name);
        onChange(day ? { relative: day.name, ...(day.n ? { n: isRelative(value) && value.n ? value.n : 7 } : {}) } : '');
      }}>
        <option value={EXACT}>the day</option>
        {RELATIVE.map((day) => <option key={day.name} value={day.name}>{day.label}</option>)}
      </Select>
      {chosen === EXACT ? <input className="input" type="date" max="9999-12-31" aria-label={label} value={typeof value === 'string' ? value : ''} onChange={(e) => onChange(e.target.value)} /> : null}
      {counted && isRelative(value) ? <input className="input count" type="number" min={0} max={100000} aria-label={`Number of ${counted}`} value={value.n ?? ''} onChange={(e) => onChange({ relative: value.relative, n: e.target.value === '' ? undefined : Math.max(0, Math.trunc(Number(e.target.value))) })} /> : null}
    </span>
  );
}
