// What becomes of the records that a table has: they stay, those with the same key change, or all are deleted first.
import type { TableInfo } from '../api/types.ts';
import { counted, nounOf } from '../nouns.ts';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import type { Mapping } from './import_map.tsx';

export interface Mode {
  mode: 'append' | 'update' | 'replace';
  /** The column by which records are found. */
  key?: string;
  missing: 'create' | 'skip';
  blanks: 'keep' | 'clear';
  /** The table's name, typed by whoever replaces its records. */
  confirmed: string;
}

export const APPEND: Mode = { mode: 'append', missing: 'create', blanks: 'keep', confirmed: '' };

const KEYLESS = new Set(['link', 'checkbox', 'multi_select', 'user']);

/** Columns by which records can be found. */
export const keys = (mapping: Mapping[]): Mapping[] => mapping.filter((m) => !m.skip && m.field && !KEYLESS.has(m.type));

/** What the server is told of it. */
export function modeBody(mode: Mode): Record<string, string> {
  if (mode.mode === 'update') return { mode: 'update', key: mode.key ?? '', missing: mode.missing, blanks: mode.blanks };
  return mode.mode === 'replace' ? { mode: 'replace' } : {};
}

/** Whether the import may begin. */
export const isReady = (mode: Mode, table: TableInfo | undefined, mapping: Mapping[]): boolean =>
  mode.mode === 'append' || (mode.mode === 'update' ? keys(mapping).some((m) => m.column === mode.key) : mode.confirmed.trim() === table?.name);

export function ModeChoice({ mode, table, mapping, mayDelete, onChange }: { mode: Mode; table: TableInfo; mapping: Mapping[]; mayDelete: boolean; onChange: (next: Mode) => void }) {
  const noun = nounOf(table.name);
  const possible = keys(mapping);
  const set = (part: Partial<Mode>) => onChange({ ...mode, ...part });
  const count = table.records.toLocaleString();
  const pick = (next: string) => {
    const primary = possible.find((m) => m.field === table.primary_field) ?? possible[0];
    set({ mode: next as Mode['mode'], key: primary?.column, confirmed: '' });
  };
  return (
    <div className="into mode">
      <label className="row">Rows
        <Select label="Rows" value={mode.mode} onChange={pick}>
          <option value="append">are added</option>
          <option value="update" disabled={possible.length === 0}>change {noun.many} with the same key</option>
          {mayDelete ? <option value="replace">replace all {noun.many}</option> : null}
        </Select>
      </label>
      {mode.mode === 'append' ? <span className="muted">Nothing that is there changes.</span> : null}
      {mode.mode === 'update' ? <>
        <label className="row">found by
          <Select label="Found by" value={mode.key ?? ''} onChange={(key) => set({ key })}>{possible.map((m) => <option key={m.column} value={m.column}>{m.column}</option>)}</Select>
        </label>
        <label className="row">others
          <Select label="Rows that are not found" value={mode.missing} onChange={(missing) => set({ missing: missing as Mode['missing'] })}>
            <option value="create">are added</option>
            <option value="skip">are passed over</option>
          </Select>
        </label>
        <label className="row">empty values
          <Select label="Empty values" value={mode.blanks} onChange={(blanks) => set({ blanks: blanks as Mode['blanks'] })}>
            <option value="keep">change nothing</option>
            <option value="clear">empty the field</option>
          </Select>
        </label>
      </> : null}
      {mode.mode === 'replace' ? (
        <div className="notice bad loss">
          <Icon name="triangle-alert" />
          <label>{table.records === 0 ? 'The table has no records yet.' : <>{counted(table.records, noun)} and the links to {table.records === 1 ? 'it' : 'them'} will be deleted.</>} Type <b>{table.name}</b> to go on.
            <input className="input" value={mode.confirmed} aria-label={`Type ${table.name} to delete ${count} ${table.records === 1 ? noun.one : noun.many}`} autoComplete="off" onChange={(e) => set({ confirmed: e.target.value })} />
          </label>
        </div>
      ) : null}
    </div>
  );
}
