// The base as of a time, and its snapshots: look at one, keep a moment under a name, restore one as a new base.
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { message, pause } from '../api/client.ts';
import type { RestoreState, Snapshot } from '../api/types.ts';
import { Sheet } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { SchemaVersions } from './schema_versions.tsx';
import { localTime, momentOf, momentText } from './past_text.ts';

/** Between two looks at a restore, in milliseconds. */
const FOLLOW = 700;

export default function PastDialog({ onClose }: { onClose: () => void }) {
  const model = useModel();
  const path = `/v1/bases/${model.config.base}/snapshots`;
  const [time, setTime] = useState(() => localTime(new Date(model.asOf !== undefined && !/^\d+$/.test(model.asOf) ? model.asOf : Date.now() - 86_400_000)));
  const [name, setName] = useState('');
  const [snapshots, setSnapshots] = useState<Snapshot[]>();
  const [restore, setRestore] = useState<RestoreState>();
  const [sure, setSure] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const stop = useRef(new AbortController());
  // What the base lets nobody do in the past is still allowed to whom it is now: the server says.
  const keeps = model.asOf !== undefined || model.may('schema');
  // A pressed button stays where it is, so that the keyboard stays in the dialog; a second press does nothing meanwhile.
  const attempt = (work: () => Promise<void>) => {
    if (busy) return;
    setError('');
    setBusy(true);
    work().catch((failure: unknown) => !stop.current.signal.aborted && setError(message(failure))).finally(() => setBusy(false));
  };
  const read = async () => setSnapshots((await model.api.get<{ data: Snapshot[] }>(path)).data.data);
  useEffect(() => {
    attempt(read);
    return () => stop.current.abort();
  }, []);
  const look = (event: FormEvent) => {
    event.preventDefault();
    const moment = momentOf(time);
    if (moment) model.lookAt(moment);
    else setError('Enter a day and a time.');
  };
  const keep = (event: FormEvent) => {
    event.preventDefault();
    attempt(async () => {
      await model.api.write('POST', path, { name, as_of: model.asOf });
      setName('');
      await read();
    });
  };
  const remove = (snapshot: Snapshot) => {
    if (sure !== snapshot.id) return setSure(snapshot.id);
    list.current?.focus();
    attempt(async () => {
      await model.api.write('DELETE', `${path}/${snapshot.id}`);
      await read();
    });
  };
  const bring = (snapshot: Snapshot) => attempt(async () => {
    let state = (await model.api.write<RestoreState>('POST', `${path}/${snapshot.id}/restore`, {})).data;
    for (setRestore(state); state.state === 'running'; setRestore(state)) {
      await pause(FOLLOW, stop.current.signal);
      state = (await model.api.get<RestoreState>(`/v1/bases/${model.config.base}/restores/${state.id}`)).data;
    }
  });
  return (
    <Sheet title="History and snapshots" sub={`See ${model.base?.name ?? 'this base'} as it was. Looking changes nothing.`} onClose={onClose} size="l">
      <div className="body stack">
        <form className="pastform" onSubmit={look}>
          <label className="field"><span className="label">As of</span><input className="input" type="datetime-local" step="1" required max={localTime(new Date())} value={time} onChange={(e) => setTime(e.target.value)} /></label>
          <button type="submit" className="btn primary"><Icon name="history" />Look</button>
        </form>
        {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
        {restore ? <Restored state={restore} org={model.config.org} /> : null}
        <h3>Snapshots</h3>
        {keeps ? <form className="pastform" onSubmit={keep}>
          <label className="field"><span className="label">{model.asOf === undefined ? 'Keep the base as it is now' : `Keep the base as of ${momentText(model.asOf)}`}</span><input className="input" required maxLength={100} placeholder="Name of the snapshot" value={name} onChange={(e) => setName(e.target.value)} /></label>
          <button type="submit" className="btn"><Icon name="camera" />Make a snapshot</button>
        </form> : null}
        {snapshots?.length === 0 ? <div className="empty"><h3>There are no snapshots</h3><p>A snapshot keeps a moment of the base under a name, for as long as you want.</p></div> : null}
        <ul className="log" ref={list} tabIndex={-1} aria-busy={!snapshots && !error} aria-label="Snapshots">
          {snapshots?.map((snapshot) => (
            <li key={snapshot.id}>
              <Icon name="camera" />
              <div>
                <p className="what"><b>{snapshot.name}</b></p>
                <p className="muted">{snapshot.created_by.name ? `${snapshot.created_by.name}, ` : ''}<time dateTime={snapshot.at}>{momentText(snapshot.at)}</time> · version {snapshot.version.toLocaleString()}</p>
              </div>
              <span className="acts">
                <button type="button" className="btn sm" onClick={() => model.lookAt(String(snapshot.version))} aria-label={`Look at ${snapshot.name}`}><Icon name="history" />Look</button>
                {keeps ? <button type="button" className="btn sm" onClick={() => bring(snapshot)} aria-label={`Restore ${snapshot.name} as a new base`}><Icon name="copy" />Restore</button> : null}
                {keeps ? <button type="button" className={`btn sm ${sure === snapshot.id ? 'danger' : 'ghost'}`} onClick={() => remove(snapshot)} aria-label={`${sure === snapshot.id ? 'Really delete' : 'Delete'} ${snapshot.name}`}><Icon name="trash-2" />{sure === snapshot.id ? 'Really delete' : 'Delete'}</button> : null}
              </span>
            </li>
          ))}
        </ul>
        {model.asOf === undefined && model.may('schema') ? <SchemaVersions /> : null}
      </div>
    </Sheet>
  );
}

function Restored({ state, org }: { state: RestoreState; org: string }) {
  if (state.state === 'failed') return <div className="notice bad" role="alert"><Icon name="circle-alert" />{state.failure ?? 'The snapshot could not be restored.'}</div>;
  if (state.state === 'running') return <div className="notice" role="status"><Icon name="copy" />Restoring {state.name}: {state.done.toLocaleString()} of {state.total.toLocaleString()} records</div>;
  return <div className="notice" role="status"><Icon name="check" /><span>{state.name} is there. <a href={`/o/${org}/b/${state.base}`}>Open it</a></span></div>;
}
