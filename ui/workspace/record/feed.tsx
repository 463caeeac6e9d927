// What happened to the record: who changed what, from what to what, and a way back to a value.
import { useEffect, useState } from 'react';
import { type CellValue, kindIcon, show } from '../../grid/src/index.ts';
import { choiceOf, dye } from '../../grid/src/cells/select.ts';
import { idsOf } from '../../grid/src/cells/multi_select.ts';
import { initials } from '../../grid/src/cells/user.ts';
import { message } from '../api/client.ts';
import type { Field, HistoryEntry } from '../api/types.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { toColumn } from '../values.ts';
import { linkChange } from './link_change.ts';
import { when } from './time.ts';

export function Feed({ id, fields, pulse, onRestore }: { id: string; fields: Field[]; pulse: string; onRestore: (field: Field, value: CellValue) => void }) {
  const model = useModel();
  const [entries, setEntries] = useState<HistoryEntry[]>();
  const [error, setError] = useState('');
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      model.api.get<{ data: HistoryEntry[] }>(`/v1/records/${id}/history`, { signal: stop.signal }).then(({ data }) => {
        setEntries(data.data);
        model.know(data.data.map((entry) => entry.actor));
        setError('');
      }).catch((failure: unknown) => !stop.signal.aborted && setError(message(failure)));
    }, entries ? 150 : 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [id, pulse]);
  return (
    <aside className="talk" aria-label="History">
      <h3>History</h3>
      <div className="feed">
        {error ? <p className="muted" role="alert">The history could not be read. {error}</p> : null}
        {entries?.length === 0 ? <p className="muted">Nothing has changed since it was made.</p> : null}
        {entries?.map((entry) => <Entry key={entry.version} entry={entry} fields={fields} onRestore={onRestore} />)}
      </div>
    </aside>
  );
}

function Entry({ entry, fields, onRestore }: { entry: HistoryEntry; fields: Field[]; onRestore: (field: Field, value: CellValue) => void }) {
  const known = entry.cells.flatMap((cell) => {
    const field = fields.find((f) => f.id === cell.field);
    return field ? [{ ...cell, field }] : [];
  });
  const made = entry.kind.startsWith('create') || entry.kind.startsWith('import');
  const what = made ? 'made this' : entry.kind.startsWith('delete') ? 'deleted this' : entry.kind.startsWith('restore') ? 'brought this back' : known.length === 1 ? '' : `changed ${known.length} fields`;
  return (
    <div className="ev">
      <span className="avatar" aria-hidden="true">{initials(entry.actor.name)}</span>
      <div>
        <p className="who">{entry.actor.name} <span className="muted">{what ? `${what} · ` : ''}<time dateTime={entry.at}>{when(entry.at)}</time></span></p>
        {made ? null : known.map(({ field, before, after }) => (
          <div className="chg" key={field.id}>
            <span className="f"><Icon name={kindIcon[field.type]} />{field.name}</span>
            <BeforeAfter field={field} before={before} after={after} />
            {field.read_only ? null : <button type="button" className="btn sm" onClick={() => onRestore(field, before)}><Icon name="undo-2" />Restore{before === null ? ' empty' : ''}</button>}
          </div>
        ))}
      </div>
    </div>
  );
}

function BeforeAfter({ field, before, after }: { field: Field; before: CellValue; after: CellValue }) {
  const links = field.type === 'link' ? linkChange(before, after) : undefined;
  if (links) {
    return (
      <>
        {links.removed ? <><span className="k">Unlinked</span><del>{links.removed}</del></> : null}
        {links.added ? <><span className="k">Linked</span><span className="val">{links.added}</span></> : null}
      </>
    );
  }
  return <><span className="k">Before</span><Shown field={field} value={before} old /><span className="k">After</span><Shown field={field} value={after} /></>;
}

function Shown({ field, value, old }: { field: Field; value: CellValue; old?: boolean }) {
  const model = useModel();
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return <span className="muted">empty</span>;
  const column = toColumn(field, false, {}, false, { people: model.people });
  if (field.type === 'select' || field.type === 'multi_select') {
    return <span className="row">{idsOf(value).map((id) => <span key={id} className={`pill ${dye(choiceOf(column, id)?.colour ?? 'gray')}`}>{choiceOf(column, id)?.name ?? id}</span>)}</span>;
  }
  const text = field.type === 'checkbox' ? (value === true ? 'ticked' : 'not ticked') : field.type === 'rich_text' ? String(value) : show(value, column);
  return old ? <del>{text}</del> : <span className="val">{text}</span>;
}
