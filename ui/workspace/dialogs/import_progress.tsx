// The running import, and its end: numbers, and every row that lost a value, with why.
import { useEffect, useRef } from 'react';
import type { ImportState } from '../api/types.ts';
import { counted } from '../nouns.ts';
import { Sheet } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';

const ROWS = { one: 'row', many: 'rows' };

/** What became of the rows, in few words. */
function told(state: ImportState): string {
  const parts = [...(state.created > 0 || state.updated === 0 ? [`${counted(state.created, ROWS)} imported`] : []), ...(state.updated > 0 ? [`${counted(state.updated, { one: 'record', many: 'records' })} changed`] : [])];
  return parts.join(', ');
}

export function Progress({ name, state, error, onCancel, onClose, onOpen }: { name: string; state: ImportState | undefined; error: string; onCancel: () => void; onClose: () => void; onOpen: () => void }) {
  const bar = useRef<HTMLElement>(null);
  const began = useRef(performance.now());
  const share = state && state.total > 0 ? state.done / state.total : 0;
  const running = !state || state.state === 'running' || state.state === 'preview';
  useEffect(() => {
    if (bar.current) bar.current.style.width = `${Math.round(share * 100)}%`;
  }, [share]);
  const seconds = share > 0.05 && running ? Math.ceil(((performance.now() - began.current) / share) * (1 - share) / 1000) : 0;
  const title = !state || running ? `Importing ${name}` : state.state === 'done' ? told(state) : state.state === 'cancelled' ? 'The import was stopped' : 'The import failed';
  const problems = state?.error_count ?? 0;
  return (
    <Sheet title={title} sub={name} size={problems > 0 && !running ? 'l' : 'm'} onClose={onClose} fixed footer={<>
      {running ? <><span className="grow muted">You can leave this; the import goes on.</span><button type="button" className="btn danger" onClick={onCancel}>Stop the import</button><button type="button" className="btn" onClick={onClose}>Leave</button></>
        : <><button type="button" className="btn" onClick={onClose}>Close</button>{state?.table ? <button type="button" className="btn primary" onClick={onOpen}>Open the table</button> : null}</>}
    </>}>
      <div className="body stack">
        {running ? (
          <div className="prog">
            <div className="row"><span className="grow muted num">{state && state.total > 0 ? `${state.done.toLocaleString()} of ${counted(state.total, ROWS)}${seconds > 1 ? `, about ${seconds.toLocaleString()} seconds left` : ''}` : 'Starting'}</span><span className="num">{Math.round(share * 100)} %</span></div>
            <div className="progress" role="progressbar" aria-label="Rows imported" aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}><i ref={bar} /></div>
          </div>
        ) : state?.state === 'cancelled' ? <p>{counted(state.created, ROWS)} had come in before it was stopped and stay in the table.</p>
          : state?.state === 'failed' ? <p>{counted(state.created, ROWS)} came in. {state.failure ?? 'The rest could not be written.'}</p> : null}
        {state && state.deleted > 0 ? <p className="muted">{counted(state.deleted, { one: 'record was', many: 'records were' })} deleted before.</p> : null}
        {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
        {state && problems > 0 ? <Errors state={state} name={name} /> : null}
      </div>
    </Sheet>
  );
}

function Errors({ state, name }: { state: ImportState; name: string }) {
  const save = () => {
    const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = [['row', 'column', 'value', 'why'], ...state.errors.map((e) => [String(e.row), e.column ?? '', e.value ?? '', e.message])].map((cells) => cells.map(quote).join(','));
    const url = URL.createObjectURL(new Blob([lines.join('\n')], { type: 'text/csv' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${name.replace(/\.[a-z0-9]+$/i, '')} - rows with errors.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <section className="errs">
      <div className="row">
        <h3 className="row"><Icon name="triangle-alert" className="warn" />{state.error_count === 1 ? 'One thing did not fit' : `${state.error_count.toLocaleString()} things did not fit`}</h3>
        <span className="grow muted">{state.error_count > state.errors.length ? `The first ${state.errors.length.toLocaleString()} are listed.` : ''}</span>
        <button type="button" className="btn ghost sm" onClick={save}><Icon name="download" />Save as CSV</button>
      </div>
      <div className="tw">
        <table className="list">
          <thead><tr><th className="num">Row</th><th>Field</th><th>Value</th><th>Why</th></tr></thead>
          <tbody>{state.errors.slice(0, 100).map((e, i) => <tr key={i}><td className="num muted">{e.row.toLocaleString()}</td><td><b>{e.column}</b></td><td>{e.value ? <span className="mono bad">{e.value}</span> : null}</td><td>{e.message}</td></tr>)}</tbody>
        </table>
      </div>
    </section>
  );
}
