// The workspace: bars, views, the grid, the open record and the dialogs. Keys that work everywhere are here.
import { lazy, Suspense, useEffect, useState } from 'react';
import { BaseBar } from './bars/base_bar.tsx';
import { PastBanner } from './bars/past_banner.tsx';
import { TableTabs } from './bars/table_tabs.tsx';
import { ViewList } from './bars/view_list.tsx';
import { message } from './api/client.ts';
// Not on demand: what is typed right after Ctrl K belongs to it.
import Palette from './dialogs/palette.tsx';
import { Stage } from './stage.tsx';
import { Toolbar } from './tools/toolbar.tsx';
import { AskName } from './ui/ask.tsx';
import { Icon } from './ui/icon.tsx';
import { Toasts } from './ui/toasts.tsx';
import { useModel } from './use_model.ts';

const RecordPanel = lazy(() => import('./record/panel.tsx'));
const ImportDialog = lazy(() => import('./dialogs/import.tsx'));
const FilesDialog = lazy(() => import('./dialogs/files.tsx'));
const Shortcuts = lazy(() => import('./dialogs/shortcuts.tsx'));
const TrashDialog = lazy(() => import('./dialogs/trash.tsx'));
const ActivityDialog = lazy(() => import('./dialogs/activity.tsx'));
const PastDialog = lazy(() => import('./dialogs/past.tsx'));

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable);
}

export function App() {
  const model = useModel();
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const ctrl = event.ctrlKey || event.metaKey;
      if (ctrl && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        model.show({ kind: 'palette' });
      } else if (event.key === '?' && !ctrl && !typing(event.target)) {
        event.preventDefault();
        event.stopPropagation();
        model.show({ kind: 'shortcuts' });
      }
    };
    addEventListener('keydown', key, true);
    return () => removeEventListener('keydown', key, true);
  }, [model]);
  useEffect(() => {
    if (model.base) document.title = `${model.table ? `${model.table.name} · ` : ''}${model.base.name}`;
  }, [model.base?.name, model.table?.name]);

  if (!model.base && model.failure) return <Failure />;
  const close = () => {
    model.show({ kind: 'none' });
    model.grid?.focus();
  };
  return (
    <>
      <BaseBar />
      {model.asOf === undefined ? null : <PastBanner moment={model.asOf} />}
      <TableTabs />
      <Toolbar />
      <main className="main">
        <ViewList />
        {model.base && model.table ? <Stage key={model.table.id} /> : model.base ? <NoTables /> : <div className="stage" aria-busy="true" />}
        {model.recordId ? <Suspense><RecordPanel id={model.recordId} /></Suspense> : null}
      </main>
      {model.online ? null : <div className="offline" role="status"><Icon name="cloud-off" />The connection is broken. What you see stays; changes can be saved when it is back.</div>}
      <Toasts />
      <Suspense>
        {model.panel.kind === 'import' ? <ImportDialog file={model.panel.file} onClose={close} /> : null}
        {model.panel.kind === 'shortcuts' ? <Shortcuts onClose={close} /> : null}
        {model.panel.kind === 'trash' ? <TrashDialog onClose={close} /> : null}
        {model.panel.kind === 'activity' ? <ActivityDialog onClose={close} /> : null}
        {model.panel.kind === 'files' ? <FilesDialog key={`${model.panel.record}${model.panel.field}`} {...model.panel} onClose={close} /> : null}
        {model.panel.kind === 'past' ? <PastDialog onClose={close} /> : null}
        {model.panel.kind === 'palette' ? <Palette onClose={close} /> : null}
      </Suspense>
    </>
  );
}

function NoTables() {
  const model = useModel();
  const [asking, setAsking] = useState(false);
  const makes = model.may('schema');
  return (
    <div className="stage">
      <div className="over empty">
        <h2>This base has no tables</h2>
        <p>A table holds one kind of thing: customers, orders, airports. {makes ? 'Bring one from a file, or begin with an empty one.' : 'An admin of your organisation can add one.'}</p>
        {makes ? <div className="row">
          <button type="button" className="btn" onClick={() => setAsking(true)}><Icon name="plus" />New table</button>
          <button type="button" className="btn primary" onClick={() => model.show({ kind: 'import' })}><Icon name="upload" />Import a file</button>
        </div> : null}
      </div>
      {asking ? <AskName title="New table" label="Name" button="Create table" onSave={(name) => model.addTable(name)} onClose={() => setAsking(false)} /> : null}
    </div>
  );
}

function Failure() {
  const model = useModel();
  return (
    <main className="failure empty" role="alert">
      <h2>{model.asOf === undefined ? 'This base could not be opened' : 'There is no look at that moment'}</h2>
      <p>{message(model.failure)}</p>
      <div className="row">
        {model.asOf === undefined ? <button type="button" className="btn primary" onClick={() => void model.load()}>Try again</button> : <button type="button" className="btn primary" onClick={() => model.lookAt(undefined)}>Back to now</button>}
        <a className="btn" href={`/o/${model.config.org}/bases`}>All bases</a>
      </div>
    </main>
  );
}
