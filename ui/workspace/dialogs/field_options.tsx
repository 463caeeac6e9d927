// What each type needs to know: decimals, currency, zone, choices, linked table, what is looked up or summed, a formula.
import type { ReactNode } from 'react';
import { type Choice, type FieldType, kindIcon, show } from '../../grid/src/index.ts';
import { dye } from '../../grid/src/cells/select.ts';
import type { Field, FieldOptions, Summary, TableInfo, ValueType } from '../api/types.ts';
import { keepFocus } from '../ui/focus.ts';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';
import { shapeOf } from '../values.ts';
import { CURRENCIES, READ_ONLY, summariesOf, typeLabel } from './field_types.ts';
import { FormulaEditor } from './formula.tsx';

const COLOURS = ['teal', 'orange', 'violet', 'green', 'pink', 'blue', 'yellow', 'red', 'brown', 'gray'] as const;

interface Props {
  type: FieldType;
  options: FieldOptions;
  table: TableInfo;
  field: Field | undefined;
  onChange: (next: FieldOptions) => void;
}

function Line({ label, children, help }: { label: string; children: ReactNode; help?: ReactNode }) {
  return <div className="field"><span className="label" aria-hidden="true">{label}</span>{children}{help ? <span className="help">{help}</span> : null}</div>;
}

export function TypeOptions(props: Props) {
  const { type, options, table, field, onChange } = props;
  const set = (part: FieldOptions) => onChange({ ...options, ...part });
  switch (type) {
    case 'number': case 'percent': return <Decimals options={options} set={set} sample={type === 'percent' ? 0.25 : 1} type={type} />;
    case 'currency': return (
      <div className="pair">
        <div className="field"><label htmlFor="field-currency">Currency</label><input id="field-currency" className="input" list="currencies" maxLength={8} autoComplete="off" value={options.currency ?? ''} onChange={(e) => set({ currency: e.target.value })} /><datalist id="currencies">{CURRENCIES.map((code) => <option key={code} value={code} />)}</datalist></div>
        <Decimals options={options} set={set} sample={1} type={type} />
      </div>
    );
    case 'rating': return <Line label="Stars"><Select label="Stars" value={String(options.max ?? 5)} onChange={(max) => set({ max: Number(max) })}>{[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => <option key={n} value={n}>{n}</option>)}</Select></Line>;
    case 'datetime': case 'created_time': return <Zone options={options} set={set} />;
    case 'modified_time': return <><Zone options={options} set={set} /><Watched options={options} table={table} field={field} set={set} /></>;
    case 'modified_by': return <Watched options={options} table={table} field={field} set={set} />;
    case 'select': case 'multi_select': return <Choices choices={options.choices ?? []} onChange={(choices) => set({ choices })} />;
    case 'user': return <label className="row"><input type="checkbox" checked={options.many === true} onChange={(e) => set({ many: e.target.checked })} />Several people</label>;
    case 'link': return <Linked {...props} set={set} />;
    case 'lookup': case 'rollup': case 'count': return <Through {...props} set={set} />;
    case 'formula': return <><FormulaEditor label="Formula" value={options.formula ?? ''} table={table} field={field} onChange={(formula) => set({ formula })} /><Format options={options} set={set} /><Result field={field} type={type} /></>;
    case 'button': return (
      <>
        <div className="field"><label htmlFor="field-label">Words on the button</label><input id="field-label" className="input" autoComplete="off" maxLength={100} value={options.label ?? ''} onChange={(e) => set({ label: e.target.value })} /></div>
        <FormulaEditor label="Address that it opens" value={options.formula ?? ''} table={table} field={field} onChange={(formula) => set({ formula })} />
      </>
    );
    default: return null;
  }
}

type Set = (part: FieldOptions) => void;

function Decimals({ options, set, sample, type }: { options: FieldOptions; set: Set; sample: number; type: FieldType }) {
  const example = (precision: number) => show(sample, shapeOf({ type, options: { ...options, currency: options.currency || 'EUR', result: undefined, precision } }));
  return (
    <Line label="Decimals">
      <Select label="Decimals" value={String(options.precision ?? '')} onChange={(v) => set({ precision: v === '' ? undefined : Number(v) })}>
        <option value="">{type === 'currency' ? 'Two' : 'As typed'}</option>
        {[0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => <option key={n} value={n}>{n} ({example(n)})</option>)}
      </Select>
    </Line>
  );
}

function Zone({ options, set }: { options: FieldOptions; set: Set }) {
  return (
    <Line label="Time zone">
      <Select label="Time zone" value={options.zone ?? ''} onChange={(zone) => set({ zone: zone || undefined })}>
        <option value="">Each person’s own</option>
        {Intl.supportedValuesOf('timeZone').map((zone) => <option key={zone} value={zone}>{zone.replaceAll('_', ' ')}</option>)}
      </Select>
    </Line>
  );
}

function Watched({ options, table, field, set }: { options: FieldOptions; table: TableInfo; field: Field | undefined; set: Set }) {
  const on = options.fields ?? [];
  return (
    <Line label="Changes of" help={on.length === 0 ? 'Changes of any field count.' : undefined}>
      <span className="pills" role="group" aria-label="Fields whose changes count">
        {table.fields.filter((one) => one.id !== field?.id && !READ_ONLY.has(one.type)).map((one) => <button key={one.id} type="button" className={`pill ${on.includes(one.id) ? 'teal' : 'off'}`} aria-pressed={on.includes(one.id)} onClick={() => set({ fields: on.includes(one.id) ? on.filter((id) => id !== one.id) : [...on, one.id] })}>{one.name}</button>)}
      </span>
    </Line>
  );
}

function Linked({ options, field, set }: Props & { set: Set }) {
  const model = useModel();
  const fixed = field?.type === 'link';
  return (
    <>
      <Line label="Linked table" help={fixed ? undefined : 'A field for the way back appears in that table.'}>
        <Select label="Linked table" value={options.table ?? ''} disabled={fixed} onChange={(table) => set({ table })}>{model.base?.tables.map((t) => <option key={t.id} value={t.id}>{t.name}</option>)}</Select>
      </Line>
      <label className="row"><input type="checkbox" checked={options.many !== false} onChange={(e) => set({ many: e.target.checked })} />Several records</label>
    </>
  );
}

function Through({ type, options, table, field, set }: Props & { set: Set }) {
  const model = useModel();
  const links = table.fields.filter((one) => one.type === 'link');
  const link = links.find((one) => one.id === options.link_field);
  const linked = model.base?.tables.find((one) => one.id === link?.options?.table);
  const target = linked?.fields.find((one) => one.id === options.field);
  if (links.length === 0) return <p className="notice">This table has no link to another table yet. Add one first.</p>;
  const chooseLink = (id: string) => {
    const other = model.base?.tables.find((one) => one.id === links.find((l) => l.id === id)?.options?.table);
    set({ link_field: id, ...(type === 'count' ? {} : { field: other?.primary_field }), ...(type === 'rollup' ? { function: 'join' } : {}) });
  };
  const summaries = summariesOf(target);
  return (
    <>
      <Line label="Through the link"><Select label="Through the link" value={link?.id ?? ''} onChange={chooseLink}>{link ? null : <option value="" disabled>Choose a link</option>}{links.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</Select></Line>
      {type === 'count' ? null : (
        <Line label={linked ? `Field of ${linked.name}` : 'Field'}>
          <Select label={linked ? `Field of ${linked.name}` : 'Field'} value={target?.id ?? ''} onChange={(id) => {
            const next = linked?.fields.find((one) => one.id === id);
            const fits = summariesOf(next).some((one) => one.name === options.function);
            set({ field: id, ...(type === 'rollup' && !fits ? { function: summariesOf(next)[0]?.name } : {}) });
          }}>{target ? null : <option value="" disabled>Choose a field</option>}{linked?.fields.filter((one) => one.id !== field?.id).map((one) => <option key={one.id} value={one.id}>{one.name} · {typeLabel(one.type)}</option>)}</Select>
        </Line>
      )}
      {type === 'rollup' ? <Line label="Summary"><Select label="Summary" value={options.function ?? ''} onChange={(name) => set({ function: name as Summary })}>{summaries.map((one) => <option key={one.name} value={one.name}>{one.label}</option>)}</Select></Line> : null}
      {type === 'rollup' ? <Format options={options} set={set} /> : null}
      <Result field={field} type={type} />
    </>
  );
}

/** Ways to show a result; only one that is stored like it is taken, the server says so. */
const FORMATS: [string, ValueType | undefined][] = [
  ['As it comes', undefined], ['Number', { type: 'number', options: {} }], ['Number, whole', { type: 'number', options: { precision: 0 } }], ['Number, 2 decimals', { type: 'number', options: { precision: 2 } }],
  ['Percent', { type: 'percent', options: {} }], ['Euro', { type: 'currency', options: { currency: 'EUR', precision: 2 } }], ['US dollar', { type: 'currency', options: { currency: 'USD', precision: 2 } }],
  ['Pound', { type: 'currency', options: { currency: 'GBP', precision: 2 } }], ['Swiss franc', { type: 'currency', options: { currency: 'CHF', precision: 2 } }], ['Duration', { type: 'duration', options: {} }], ['Rating', { type: 'rating', options: { max: 5 } }],
  ['Long text', { type: 'long_text', options: {} }], ['Rich text', { type: 'rich_text', options: {} }], ['URL', { type: 'url', options: {} }], ['E-mail', { type: 'email', options: {} }], ['Phone', { type: 'phone', options: {} }], ['Colour', { type: 'colour', options: {} }],
];

function Format({ options, set }: { options: FieldOptions; set: Set }) {
  const same = (format: ValueType | undefined) => JSON.stringify([format?.type, format?.options ?? {}]) === JSON.stringify([options.format?.type, options.format?.options ?? {}]);
  const at = FORMATS.findIndex(([, format]) => same(format));
  return (
    <Line label="Shown as">
      <Select label="Shown as" value={String(at)} onChange={(index) => set({ format: FORMATS[Number(index)]?.[1] })}>
        {at < 0 ? <option value="-1">{typeLabel(options.format?.type as FieldType)}</option> : null}
        {FORMATS.map(([label], i) => <option key={label} value={i}>{label}</option>)}
      </Select>
    </Line>
  );
}

/** What a calculated field comes to now, or why it does not. */
function Result({ field, type }: { field: Field | undefined; type: FieldType }) {
  if (field?.type !== type) return null;
  const { problem, result } = field.options ?? {};
  if (problem) return <div className="notice bad"><Icon name="triangle-alert" />{problem}</div>;
  if (!result) return null;
  const of = result.options?.of;
  const kind = result.type === 'list' ? `a list of ${typeLabel((of?.type ?? 'text') as FieldType).toLowerCase()}` : typeLabel(result.type as FieldType).toLowerCase();
  return <p className="row small muted"><Icon name={kindIcon[result.type]} />Result: {kind}</p>;
}

function Choices({ choices, onChange }: { choices: Choice[]; onChange: (next: Choice[]) => void }) {
  const set = (i: number, part: Partial<Choice>) => onChange(choices.map((c, k) => (k === i ? { ...c, ...part } : c)));
  const add = () => onChange([...choices, { id: '', name: '', colour: COLOURS[choices.length % COLOURS.length] as string }]);
  const next = (colour: string) => COLOURS[(COLOURS.indexOf(dye(colour) as (typeof COLOURS)[number]) + 1) % COLOURS.length] as string;
  return (
    <Line label="Choices">
      <ul className="choices" aria-label="Choices">
        {choices.map((choice, i) => (
          <li key={i}>
            <button type="button" className={`dye pill ${dye(choice.colour)}`} aria-label={`Colour ${dye(choice.colour)}, change`} title="Change the colour" onClick={() => set(i, { colour: next(choice.colour) })} />
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
    </Line>
  );
}
