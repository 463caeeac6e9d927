// What each column of an import becomes: a field of the table (an existing one or a new one), of a type; a link finds its record by a field of the other table.
import { type FieldType, kindIcon } from '../../grid/src/index.ts';
import type { ImportPreview, TableInfo } from '../api/types.ts';
import { nounOf } from '../nouns.ts';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';
import { READ_ONLY, TYPES, typeLabel } from './field_types.ts';
import { APPEND, type Mode, modeBody } from './import_mode.tsx';

export type Target = { kind: 'new'; name: string } | { kind: 'table'; id: string };

export interface Mapping {
  column: string;
  skip: boolean;
  /** An existing field; without it a new one named `name`. */
  field?: string;
  name: string;
  type: FieldType;
  link?: { table: string; by: string };
}

const plain = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Columns go to fields of the same name; others become new fields, if those may be made. */
export function guessMapping(preview: ImportPreview, table: TableInfo | undefined, mayAdd: boolean): Mapping[] {
  return preview.columns.map((column) => {
    const field = table?.fields.find((f) => plain(f.name) === plain(column.name) && !f.read_only);
    return { column: column.name, skip: table !== undefined && !field && !mayAdd, field: field?.id, name: column.name, type: field?.type ?? column.type, ...linkOf(field?.options?.table, field?.type) };
  });
}

function linkOf(table: string | undefined, type: FieldType | undefined): { link?: Mapping['link'] } {
  return type === 'link' && table ? { link: { table, by: '' } } : {};
}

/** Whether a column can name the records of a new table. */
const canName = (m: Mapping): boolean => !m.skip && !NAMELESS.has(m.type);
const NAMELESS = new Set<FieldType>(['link', 'checkbox', 'multi_select', 'user']);

/** Types that a column of a file can become: what a text says, without more being asked. */
const OFFERED = TYPES.filter((info) => !READ_ONLY.has(info.type) && info.type !== 'currency');

/** The column that names the records: the wanted one as long as it can, else the first that can. */
export const namesOf = (mapping: Mapping[], wanted: string): string | undefined =>
  (mapping.find((m) => m.column === wanted && canName(m)) ?? mapping.find(canName))?.column;

export function startBody(target: Target, mapping: Mapping[], primary?: string, mode: Mode = APPEND): unknown {
  const columns = mapping.map((m) => {
    if (m.skip) return { column: m.column, skip: true };
    return { column: m.column, ...(m.field ? { field: m.field } : { name: m.name.trim() || m.column, type: m.type }), ...(m.type === 'link' && m.link ? { link: m.link.by ? m.link : { table: m.link.table } } : {}) };
  });
  return { ...(target.kind === 'new' ? { name: target.name.trim(), ...(primary ? { primary } : {}) } : { table: target.id, ...modeBody(mode) }), columns };
}

export function Target({ target, onChange }: { target: Target; onChange: (next: Target) => void }) {
  const model = useModel();
  return (
    <div className="into">
      <label className="row">Into
        <Select label="Into" value={target.kind === 'new' ? '' : target.id} onChange={(id) => onChange(id === '' ? { kind: 'new', name: 'Imported' } : { kind: 'table', id })}>
          <option value="">A new table</option>
          {model.base?.tables.map((t) => <option key={t.id} value={t.id}>{t.name}</option>)}
        </Select>
      </label>
      {target.kind === 'new' ? <label className="row">named <input className="input" value={target.name} onChange={(e) => onChange({ kind: 'new', name: e.target.value })} aria-label="Name of the table" /></label> : null}
    </div>
  );
}

interface MapProps {
  preview: ImportPreview;
  target: Target;
  mapping: Mapping[];
  /** The column that names the records of a new table. */
  names: string | undefined;
  onNames: (column: string) => void;
  onChange: (next: Mapping[]) => void;
}

export function MapTable({ preview, target, mapping, names, onNames, onChange }: MapProps) {
  const model = useModel();
  const table = target.kind === 'table' ? model.base?.tables.find((t) => t.id === target.id) : undefined;
  const noun = nounOf(target.kind === 'new' ? target.name : (table?.name ?? ''));
  const set = (i: number, part: Partial<Mapping>) => onChange(mapping.map((m, k) => (k === i ? { ...m, ...part } : m)));
  return (
    <div className="tw">
      <table className="list map">
        <thead><tr><th><span className="sr">Import</span></th><th>Column</th><th>First values</th><th>Field</th><th>Type</th>{table ? null : <th className="nm" title="What a link to a record shows">Name</th>}</tr></thead>
        <tbody>
          {mapping.map((m, i) => (
            <tr key={m.column} className={m.skip ? 'off' : ''}>
              <td><button type="button" className="tick" role="checkbox" aria-checked={!m.skip} aria-label={`Import ${m.column}`} onClick={() => set(i, { skip: !m.skip })}><span className={m.skip ? 'check' : 'check on'}>{m.skip ? null : <Icon name="check" />}</span></button></td>
              <td className="mono trunc">{m.column}</td>
              <td className="muted trunc sm">{preview.columns[i]?.samples.filter(Boolean).slice(0, 3).join(' · ')}</td>
              <td>{m.skip ? <span className="muted">Left out</span> : <FieldCell m={m} table={table} mayAdd={model.may('schema')} onChange={(part) => set(i, part)} />}</td>
              <td>{m.skip ? null : <TypeCell m={m} onChange={(part) => set(i, part)} />}</td>
              {table ? null : <td className="nm">{canName(m) ? <label><input type="radio" name="names" checked={m.column === names} onChange={() => onNames(m.column)} /><span className="short" aria-hidden="true">Name</span><span className="sr">{m.column} is the name of a {noun.one}</span></label> : null}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FieldCell({ m, table, mayAdd, onChange }: { m: Mapping; table: TableInfo | undefined; mayAdd: boolean; onChange: (part: Partial<Mapping>) => void }) {
  if (!table) return <input className="input" aria-label={`Field for ${m.column}`} value={m.name} onChange={(e) => onChange({ name: e.target.value })} />;
  return (
    <Select label={`Field for ${m.column}`} value={m.field ?? ''} onChange={(id) => {
      const field = table.fields.find((f) => f.id === id);
      onChange({ field: field?.id, link: undefined, ...(field ? { type: field.type, ...linkOf(field.options?.table, field.type) } : {}) });
    }}>
      {mayAdd || !m.field ? <option value="" disabled={!mayAdd}>New field “{m.name}”</option> : null}
      {table.fields.filter((f) => !f.read_only).map((f) => <option key={f.id} value={f.id}>{f.name}</option>)}
    </Select>
  );
}

function TypeCell({ m, onChange }: { m: Mapping; onChange: (part: Partial<Mapping>) => void }) {
  const model = useModel();
  const linked = model.base?.tables.find((t) => t.id === m.link?.table);
  return (
    <span className="typecell">
      {m.field ? <span className="row"><Icon name={kindIcon[m.type]} />{typeLabel(m.type)}</span> : (
        <Select label={`Type of ${m.column}`} value={m.type} onChange={(t) => onChange({ type: t as FieldType, link: t === 'link' ? { table: model.base?.tables[0]?.id ?? '', by: '' } : undefined })}>
          {OFFERED.filter((t) => t.type !== 'link' || (model.base?.tables.length ?? 0) > 0).map((t) => <option key={t.type} value={t.type}>{t.label}</option>)}
        </Select>
      )}
      {m.type === 'link' && m.link ? (
        <>
          {m.field ? null : <Select label={`Table that ${m.column} links to`} value={m.link.table} onChange={(id) => onChange({ link: { table: id, by: '' } })}>{model.base?.tables.map((t) => <option key={t.id} value={t.id}>{t.name}</option>)}</Select>}
          <span className="muted">by</span>
          <Select label={`Field that ${m.column} is looked up in`} value={m.link.by || (linked?.primary_field ?? '')} onChange={(by) => m.link && onChange({ link: { ...m.link, by } })}>
            {linked?.fields.filter((f) => f.type !== 'link' && f.type !== 'checkbox').map((f) => <option key={f.id} value={f.id}>{f.name}</option>)}
          </Select>
        </>
      ) : null}
    </span>
  );
}
