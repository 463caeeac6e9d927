// What happened in the base, newest first: by table and kind, and taken back from here.
import { useEffect, useRef, useState } from 'react';
import { message } from '../api/client.ts';
import type { ActivityEntry, SchemaDifference } from '../api/types.ts';
import { initials } from '../../grid/src/cells/user.ts';
import { when } from '../record/time.ts';
import { Sheet } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';
import { exportActivity } from '../export.ts';
import { differs, told } from './activity_text.ts';

const KINDS: [string, string][] = [['', 'Everything'], ['create', 'New records'], ['update', 'Changed cells'], ['delete', 'Deleted records'], ['restore', 'Restored records'], ['schema', 'Tables, fields, views'], ['mixed', 'Several at once']];

export default function ActivityDialog({ onClose }: { onClose: () => void }) {
  const model = useModel();
  const [entries, setEntries] = useState<ActivityEntry[]>([]);
  const [next, setNext] = useState<number | null>();
  const [since, setSince] = useState<string | null>(null);
  const [table, setTable] = useState('');
  const [kind, setKind] = useState('');
  const [busy, setBusy] = useState(0);
  const [error, setError] = useState('');
  /** What is different now from the base right after a change. */
  const [compared, setCompared] = useState<{ version: number; data: SchemaDifference[] }>();
  const list = useRef<HTMLUListElement>(null);
  const read = async (before?: number) => {
    const query = { limit: '50', table: table || undefined, kind: kind || undefined, before: before === undefined ? undefined : String(before) };
    const { data } = await model.api.get<{ data: ActivityEntry[]; next: number | null; kept_since: string | null }>(`/v1/bases/${model.config.base}/activity`, { query });
    setEntries((known) => (before === undefined ? data.data : [...known, ...data.data]));
    setNext(data.next);
    setSince(data.kept_since);
  };
  const attempt = (work: () => Promise<void>) => {
    setError('');
    work().catch((failure: unknown) => setError(message(failure)));
  };
  useEffect(() => attempt(() => read()), [table, kind]);
  const compare = (entry: ActivityEntry) => {
    if (compared?.version === entry.version) return setCompared(undefined);
    attempt(async () => {
      const { data } = await model.api.get<{ data: SchemaDifference[] }>(`/v1/bases/${model.config.base}/schema/versions/${entry.version}/diff`);
      setCompared({ version: entry.version, data: data.data });
    });
  };
  const undo = (entry: ActivityEntry) => {
    // The pressed button goes: the keyboard stays in the dialog.
    list.current?.focus();
    setBusy(entry.version);
    attempt(async () => {
      try {
        await model.undo(entry.version);
        await read();
      } finally {
        setBusy(0);
      }
    });
  };
  return (
    <Sheet title="Activity" sub={`Every change of ${model.base?.name ?? 'this base'}. What was not changed again can be taken back.`} onClose={onClose} size="l">
      <div className="body stack">
        <div className="row">
          <Select label="Table" value={table} onChange={setTable}><option value="">All tables</option>{model.base?.tables.map((t) => <option key={t.id} value={t.id}>{t.name}</option>)}</Select>
          <Select label="Kind of change" value={kind} onChange={setKind}>{KINDS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}</Select>
          {model.may('export') ? <button type="button" className="btn sm end" onClick={() => void exportActivity(model, { table: table || undefined, kind: kind || undefined })}><Icon name="download" />Export as CSV</button> : null}
        </div>
        {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
        {entries.length === 0 && next === null ? <div className="empty"><h3>Nothing of this kind happened</h3><p>Choose another table or kind of change.</p></div> : null}
        <ul className="log" ref={list} tabIndex={-1} aria-busy={next === undefined && !error} aria-label="Changes">
          {entries.map((entry) => (
            <li key={entry.version}>
              <span className="avatar" aria-hidden="true">{initials(entry.actor.name || 'N')}</span>
              <div>
                <p className="what"><b>{entry.actor.name || 'NCLC'}</b> {told(entry)}</p>
                <p className="muted"><time dateTime={entry.at} title={new Date(entry.at).toLocaleString()}>{when(entry.at)}</time> · version {entry.version.toLocaleString()}</p>
                {compared?.version === entry.version ? <ul className="diff" role="status" aria-label={`Different since version ${entry.version}`}>
                  {compared.data.map((part) => <li key={part.id}>{differs(part)}</li>)}
                  {compared.data.length === 0 ? <li>Tables, fields and views are the same now.</li> : null}
                </ul> : null}
              </div>
              <span className="acts">{entry.schema.length > 0 ? <button type="button" className="btn sm ghost" aria-expanded={compared?.version === entry.version} onClick={() => compare(entry)} aria-label={`Compare version ${entry.version} with now`}><Icon name="list" />Compare</button> : null}
              <button type="button" className="btn sm ghost" onClick={() => model.lookAt(String(entry.version))} aria-label={`Look at the base as of version ${entry.version}`}><Icon name="history" />Look</button>
              <button type="button" className="btn sm" disabled={busy !== 0} onClick={() => undo(entry)} aria-label={`Undo version ${entry.version}`}><Icon name="undo-2" />{busy === entry.version ? 'Undoing' : 'Undo'}</button></span>
            </li>
          ))}
        </ul>
        {next === null && since ? <p className="muted">The history begins on {new Date(since).toLocaleString()}.</p> : null}
        {typeof next === 'number' ? <button type="button" className="btn" onClick={() => attempt(() => read(next))}>Older changes</button> : null}
      </div>
    </Sheet>
  );
}
