// What was deleted in the last 30 days, and the way back.
import { useEffect, useRef, useState } from 'react';
import { message } from '../api/client.ts';
import type { TrashItem } from '../api/types.ts';
import { ago } from '../record/time.ts';
import { Sheet } from '../ui/dialog.tsx';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';

const ICONS: Record<TrashItem['kind'], IconName> = { table: 'table-2', field: 'type', view: 'table-properties', record: 'file-text' };
const KINDS: [TrashItem['kind'] | '', string][] = [['', 'Everything'], ['table', 'Tables'], ['field', 'Fields'], ['view', 'Views'], ['record', 'Records']];

const days = (item: TrashItem): string => {
  if (!item.purged_at) return '';
  const left = Math.max(0, Math.ceil((Date.parse(item.purged_at) - Date.now()) / 86_400_000));
  return ` · ${left} ${left === 1 ? 'day' : 'days'} left`;
};

export default function TrashDialog({ onClose }: { onClose: () => void }) {
  const model = useModel();
  const [items, setItems] = useState<TrashItem[]>();
  const [kind, setKind] = useState('');
  const [busy, setBusy] = useState('');
  const [error, setError] = useState('');
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    model.trash().then(setItems).catch((failure: unknown) => setError(message(failure)));
  }, [model]);
  const restore = async (item: TrashItem) => {
    // The pressed button goes: the keyboard stays in the dialog.
    list.current?.focus();
    setBusy(item.id);
    setError('');
    try {
      await model.restore(item.id);
      // A table that comes back shows its own deleted fields, views and records here.
      setItems(await model.trash());
    } catch (failure) {
      setError(message(failure));
    }
    setBusy('');
  };
  const shown = items?.filter((item) => kind === '' || item.kind === kind);
  return (
    <Sheet title="Trash" sub="Deleted tables, fields and views come back with all that was in them, for 30 days." onClose={onClose} size="l">
      <div className="body stack">
        <Select label="Show" value={kind} onChange={setKind} className="short">{KINDS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}</Select>
        {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
        {shown?.length === 0 ? <div className="empty"><h3>{kind === '' ? 'The trash is empty' : 'Nothing of this kind is in the trash'}</h3><p>What you delete from this base waits here.</p></div> : null}
        <ul className="log" ref={list} tabIndex={-1} aria-busy={!items && !error} aria-label="Deleted">
          {shown?.map((item) => (
            <li key={item.id}>
              <Icon name={ICONS[item.kind]} />
              <div>
                <p className="what"><b>{item.name || 'Without a name'}</b> <span className="muted">{item.kind}{item.table ? ` of ${item.table.name}` : ''}</span></p>
                <p className="muted">{item.deleted_by?.name ? `${item.deleted_by.name}, ` : ''}<time dateTime={item.deleted_at} title={new Date(item.deleted_at).toLocaleString()}>{ago(item.deleted_at)}</time>{days(item)}</p>
              </div>
              <button type="button" className="btn sm" disabled={busy !== ''} onClick={() => void restore(item)} aria-label={`Restore ${item.name || 'it'}`}><Icon name="undo-2" />{busy === item.id ? 'Restoring' : 'Restore'}</button>
            </li>
          ))}
        </ul>
      </div>
    </Sheet>
  );
}
