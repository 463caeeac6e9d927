// Adding or changing a field: its name, its type, what the type needs to know.
import { type FormEvent, useState } from 'react';
import { type Choice, kindIcon, type Kind } from '../../grid/src/index.ts';
import { message } from '../api/client.ts';
import type { Field, FieldOptions } from '../api/types.ts';
import { keepFocus } from '../ui/focus.ts';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';

export const TYPES: { type: Kind; label: string; about: string }[] = [
  { type: 'text', label: 'Single line text', about: 'Names, codes, anything short' },
  { type: 'long_text', label: 'Long text', about: 'Notes of several lines' },
  { type: 'number', label: 'Number', about: 'Counts, amounts, measures' },
  { type: 'checkbox', label: 'Checkbox', about: 'Yes or no' },
  { type: 'date', label: 'Date', about: 'A day' },
  { type: 'datetime', label: 'Date and time', about: 'A moment, in a time zone' },
  { type: 'select', label: 'Single select', about: 'One of a list of choices' },
  { type: 'link', label: 'Link to another table', about: 'Connects records on both sides' },
  { type: 'email', label: 'E-mail', about: 'An address' },
  { type: 'url', label: 'URL', about: 'A web address' },
];
export const typeLabel = (type: Kind): string => TYPES.find((t) => t.type === type)?.label ?? type;
const HAS_OPTIONS = new Set<Kind>(['number', 'datetime', 'select']);
const COLOURS = ['teal', 'orange', 'violet', 'green', 'pink', 'blue', 'yellow', 'red', 'brown', 'gray'] as const;

export function FieldDialog({ field, onClose }: { field?: Field; onClose: () => void }) {
  const model = useModel();
  const [name, setName] = useState(field?.name ?? '');
  const [type, setType] = useState<Kind>(field?.type ?? 'text');
  const [options, setOptions] = useState<FieldOptions>(field?.options ?? {});
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const linkTable = options.table ?? model.base?.tables.find((t) => t.id !== model.table?.id)?.id ?? model.table?.id ?? '';
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const target = type === 'link' ? model.base?.tables.find((t) => t.id === linkTable)?.name : undefined;
    const wanted = name.trim() || target || '';
    if (wanted === '') return setError('Give the field a name.');
    setBusy(true);
    try {
      const sent = optionsFor(type, { ...options, table: linkTable });
      if (!field) await model.addField(wanted, type, sent);
      else await model.changeField(field.id, { ...(wanted !== field.name ? { name: wanted } : {}), ...(HAS_OPTIONS.has(type) ? { options: sent ?? {} } : {}) });
      onClose();
    } catch (failure) {
      setError(message(failure));
      setBusy(false);
    }
  };
  const locked = field?.type === 'link' || field?.read_only === true;
  return (
    <form className="fieldform" onSubmit={save}>
      <div className={`field${error ? ' error' : ''}`}>
        <label htmlFor="field-name">Name</label>
        <input id="field-name" className="input" autoFocus autoComplete="off" maxLength={120} value={name} onChange={(e) => setName(e.target.value)} aria-invalid={error !== ''} aria-describedby={error ? 'field-error' : undefined} />
        {error ? <span className="help" id="field-error" role="alert">{error}</span> : null}
      </div>
      <div className="field">
        <label id="field-type">Type</label>
        {field ? (
          <span className="typeline" aria-labelledby="field-type"><Icon name={kindIcon[type]} />{typeLabel(type)}</span>
        ) : (
          <div className="types" role="radiogroup" aria-labelledby="field-type">
            {TYPES.map((t) => (
              <button key={t.type} type="button" role="radio" aria-checked={type === t.type} title={t.about} className={type === t.type ? 'on' : ''} onClick={() => setType(t.type)}><Icon name={kindIcon[t.type]} />{t.label}</button>
            ))}
          </div>
        )}
      </div>
      <TypeOptions type={type} options={options} linkTable={linkTable} locked={locked} onChange={setOptions} />
      <div className="row ends">
        <span className="grow" />
        <button type="button" className="btn" onClick={onClose}>Cancel</button>
        <button type="submit" className="btn primary" disabled={busy}>{field ? 'Save field' : 'Add field'}</button>
      </div>
    </form>
  );
}

function optionsFor(type: Kind, options: FieldOptions): FieldOptions | null {
  switch (type) {
    case 'number': return options.precision === undefined ? null : { precision: options.precision };
    case 'datetime': return options.zone ? { zone: options.zone } : null;
    case 'select': return { choices: (options.choices ?? []).filter((c) => c.name.trim() !== '').map((c) => ({ ...(c.id ? { id: c.id } : {}), name: c.name.trim(), colour: c.colour }) as Choice) };
    case 'link': return { table: options.table };
    default: return null;
  }
}

function TypeOptions({ type, options, linkTable, locked, onChange }: { type: Kind; options: FieldOptions; linkTable: string; locked: boolean; onChange: (next: FieldOptions) => void }) {
  const model = useModel();
  if (type === 'number') {
    return (
      <div className="field">
        <label>Decimals</label>
        <Select label="Decimals" value={String(options.precision ?? '')} onChange={(v) => onChange({ ...options, precision: v === '' ? undefined : Number(v) })}>
          <option value="">As typed</option>
          {[0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => <option key={n} value={n}>{n === 0 ? 'Whole numbers' : `${n} (${(1).toFixed(n)})`}</option>)}
        </Select>
      </div>
    );
  }
  if (type === 'datetime') {
    return (
      <div className="field">
        <label>Time zone</label>
        <Select label="Time zone" value={options.zone ?? ''} onChange={(zone) => onChange({ ...options, zone: zone || undefined })}>
          <option value="">Each person’s own</option>
          {Intl.supportedValuesOf('timeZone').map((zone) => <option key={zone} value={zone}>{zone.replaceAll('_', ' ')}</option>)}
        </Select>
      </div>
    );
  }
  if (type === 'link') {
    return (
      <div className="field">
        <label>Table</label>
        <Select label="Linked table" value={linkTable} disabled={locked} onChange={(table) => onChange({ ...options, table })}>{model.base?.tables.map((t) => <option key={t.id} value={t.id}>{t.name}</option>)}</Select>
        {locked ? null : <span className="help">A field for the way back appears in that table.</span>}
      </div>
    );
  }
  return type === 'select' ? <Choices choices={options.choices ?? []} onChange={(choices) => onChange({ ...options, choices })} /> : null;
}

function Choices({ choices, onChange }: { choices: Choice[]; onChange: (next: Choice[]) => void }) {
  const set = (i: number, part: Partial<Choice>) => onChange(choices.map((c, k) => (k === i ? { ...c, ...part } : c)));
  const add = () => onChange([...choices, { id: '', name: '', colour: COLOURS[choices.length % COLOURS.length] as string }]);
  return (
    <div className="field">
      <label>Choices</label>
      <ul className="choices">
        {choices.map((choice, i) => (
          <li key={i}>
            <button type="button" className={`dye pill ${choice.colour}`} aria-label={`Colour ${choice.colour}, change`} title="Change the colour" onClick={() => set(i, { colour: COLOURS[(COLOURS.indexOf(choice.colour as (typeof COLOURS)[number]) + 1) % COLOURS.length] })} />
            <input className="input" aria-label={`Choice ${i + 1}`} value={choice.name} autoFocus={choice.id === '' && choice.name === ''} onChange={(e) => set(i, { name: e.target.value })} onKeyDown={(e) => {
              if (e.key !== 'Enter') return;
              e.preventDefault();
              add();
            }} />
            <button type="button" className="btn ghost sm icon" aria-label={`Remove ${choice.name || 'choice'}`} onClick={(e) => {
              keepFocus(e);
              onChange(choices.filter((_, k) => k !== i));
            }}><Icon name="x" /></button>
          </li>
        ))}
      </ul>
      <div><button type="button" className="btn ghost sm" onClick={add}><Icon name="plus" />Add a choice</button></div>
    </div>
  );
}
