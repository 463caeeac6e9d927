// Versions of tables, fields and views: what going back to one would do is said before it is done, and it can be undone.
import { useEffect, useRef, useState } from 'react';
import { message } from '../api/client.ts';
import type { ActivityEntry, SchemaReturn } from '../api/types.ts';
import { when } from '../record/time.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { told } from './activity_text.ts';
import { blockLine, loses, returnLine } from './schema_return_text.ts';

export function SchemaVersions() {
  const model = useModel();
  const path = `/v1/bases/${model.config.base}/schema/versions`;
  const [versions, setVersions] = useState<ActivityEntry[]>([]);
  const [next, setNext] = useState<number | null>();
  const [plan, setPlan] = useState<SchemaReturn>();
  const [done, setDone] = useState<number>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const place = useRef<HTMLUListElement>(null);
  const read = async (before?: number) => {
    const query = { limit: '20', before: before === undefined ? undefined : String(before) };
    const { data } = await model.api.get<{ data: ActivityEntry[]; next: number | null }>(path, { query });
    setVersions((known) => (before === undefined ? data.data : [...known, ...data.data]));
    setNext(data.next);
  };
  const attempt = (work: () => Promise<void>) => {
    if (busy) return;
    setError('');
    setBusy(true);
    work().catch((failure: unknown) => setError(message(failure))).finally(() => setBusy(false));
  };
  useEffect(() => attempt(() => read()), []);
  const look = (version: number) => attempt(async () => {
    setDone(undefined);
    setPlan((await model.api.write<SchemaReturn>('POST', `${path}/${version}/validate`)).data);
  });
  const close = () => {
    setPlan(undefined);
    place.current?.focus();
  };
  const go = (told: SchemaReturn) => attempt(async () => {
    const version = await model.goBack(told);
    close();
    setDone(version);
    await read();
  });
  const undo = (version: number) => attempt(async () => {
    await model.undo(version);
    setDone(undefined);
    place.current?.focus();
    await read();
  });
  return (
    <>
      <h3>Versions of tables, fields and views</h3>
      {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
      {done === undefined ? null : <div className="notice" role="status"><Icon name="check" /><span className="grow">Tables, fields and views are as they were then.</span><button type="button" className="btn sm" onClick={() => undo(done)}><Icon name="undo-2" />Undo</button></div>}
      <ul className="log" ref={place} tabIndex={-1} aria-busy={next === undefined && !error} aria-label="Versions of tables, fields and views">
        {versions.map((entry, at) => (
          <li key={entry.version}>
            <Icon name="list" />
            <div>
              <p className="what"><b>{entry.actor.name || 'NCLC'}</b> {told(entry)}</p>
              <p className="muted"><time dateTime={entry.at} title={new Date(entry.at).toLocaleString()}>{when(entry.at)}</time> · version {entry.version.toLocaleString()}</p>
              {plan?.to === entry.version ? <Plan plan={plan} busy={busy} onBack={close} onGo={() => go(plan)} /> : null}
            </div>
            <span className="acts">{at === 0 ? <span className="muted">Now</span> : <button type="button" className="btn sm ghost" aria-expanded={plan?.to === entry.version} onClick={() => (plan?.to === entry.version ? close() : look(entry.version))} aria-label={`Go back to this… version ${entry.version}`}><Icon name="undo-2" />Go back to this…</button>}</span>
          </li>
        ))}
      </ul>
      {typeof next === 'number' ? <button type="button" className="btn" onClick={() => attempt(() => read(next))}>Older versions</button> : null}
    </>
  );
}

function Plan({ plan, busy, onBack, onGo }: { plan: SchemaReturn; busy: boolean; onBack: () => void; onGo: () => void }) {
  const label = plan.lost > 0 ? `Go back, lose ${loses(plan.lost)}` : 'Go back';
  return (
    <div className="goback" role="group" aria-label={`Go back to version ${plan.to}`}>
      {plan.data.length === 0 ? <p>Tables, fields and views are the same now.</p> : (
        <>
          <p>Going back would:</p>
          <ul className="diff">{plan.data.map((part) => <li key={part.id} className={part.lost > 0 ? 'lostword' : undefined}>{returnLine(part)}</li>)}</ul>
        </>
      )}
      {plan.blocked.length > 0 ? (
        <>
          <p>This can’t be as it was:</p>
          <ul className="diff">{plan.blocked.map((one) => <li key={one.id}>{blockLine(one)}</li>)}</ul>
        </>
      ) : null}
      <p className="muted">Records stay. What goes, goes to the trash. You can undo all of it{plan.lost > 0 ? ', and the values that are lost stay in the history of each record' : ''}.</p>
      <div className="row ends">
        <span className="grow" />
        <button type="button" className="btn" autoFocus onClick={onBack}>Stay</button>
        {plan.data.length > 0 ? <button type="button" className={plan.lost > 0 ? 'btn danger' : 'btn primary'} disabled={busy} onClick={onGo}>{label}</button> : null}
      </div>
    </div>
  );
}
