// The views of the table, at the left; on a phone the view's button in the toolbar has the same list.
import { lazy, Suspense, useState } from 'react';
import type { ViewInfo } from '../api/types.ts';
import { AskName, Confirm } from '../ui/ask.tsx';
import { Icon } from '../ui/icon.tsx';
import { type Items, MenuButton } from '../ui/menu.tsx';
import type { Model } from '../model.ts';
import { useModel } from '../use_model.ts';
import { kindIcon } from '../view_kinds.ts';

const ShareDialog = lazy(() => import('../dialogs/share.tsx'));

type Asking = { kind: 'add' } | { kind: 'copy' | 'rename' | 'delete' | 'share'; view: ViewInfo };

export function ViewList() {
  const model = useModel();
  const [find, setFind] = useState('');
  const [asking, setAsking] = useState<Asking>();
  const { table, view } = model;
  const shown = (table?.views ?? []).filter((v) => v.name.toLocaleLowerCase().includes(find.trim().toLocaleLowerCase()));
  return (
    <aside className="views" aria-label="Views">
      {(table?.views.length ?? 0) > 7 || find ? (
        <div className="search"><Icon name="search" /><input className="input" placeholder="Find a view" aria-label="Find a view" value={find} onChange={(e) => setFind(e.target.value)} /></div>
      ) : null}
      {shown.map((v) => (
        <div key={v.id} className={v.id === view?.id ? 'vw on' : 'vw'}>
          <a href={model.address(v.id)} aria-current={v.id === view?.id ? 'true' : undefined} onClick={(e) => {
            if (e.metaKey || e.ctrlKey || e.shiftKey || !table) return;
            e.preventDefault();
            model.go(table.id, v.id);
          }}><Icon name={kindIcon(v.type)} /><span className="trunc">{v.name}</span><Mark view={v} /></a>
          {model.may('views') ? <MenuButton label={`View ${v.name}`} className="vwmenu" items={viewMenu(model, v, setAsking)}><Icon name="ellipsis" /></MenuButton> : null}
        </div>
      ))}
      {table && shown.length === 0 ? <p className="none muted">No view has this name.</p> : null}
      <span className="grow" />
      {table && model.may('views') ? <button type="button" className="new" onClick={() => setAsking({ kind: 'add' })}><Icon name="plus" />New view</button> : null}
      <ViewQuestions asking={asking} onClose={() => setAsking(undefined)} />
    </aside>
  );
}

/** What tells a personal or locked view from the others. */
function Mark({ view }: { view: ViewInfo }) {
  if (view.access === 'shared') return null;
  const personal = view.access === 'personal';
  return <><Icon name={personal ? 'user' : 'lock'} className="mark" /><span className="sr">{personal ? '(only yours)' : '(locked)'}</span></>;
}

function viewMenu(model: Model, v: ViewInfo, ask: (asking: Asking) => void): Items {
  const may = (word: ViewInfo['may'][number]) => v.may.includes(word);
  const shared = model.table?.views.filter((one) => one.access !== 'personal').length ?? 0;
  const last = v.access !== 'personal' && shared < 2;
  const locked = v.access === 'locked';
  const access: Items = may('access') ? [
    ...(v.access === 'personal'
      ? [{ id: 'shared', label: 'Share with everybody here', icon: 'users' as const, run: () => void model.setAccess(v.id, 'shared') }]
      : [{ id: 'lock', label: locked ? 'Unlock' : 'Lock', icon: locked ? 'lock-open' as const : 'lock' as const, run: () => void model.setAccess(v.id, locked ? 'shared' : 'locked') }]),
    ...(may('personal') && v.access === 'shared' && !last ? [{ id: 'personal', label: 'Make it only yours', icon: 'user' as const, run: () => void model.setAccess(v.id, 'personal') }] : []),
  ] : [];
  return [
    ...(may('edit') ? [{ id: 'rename', label: 'Rename', icon: 'pencil' as const, run: () => ask({ kind: 'rename', view: v }) }] : []),
    { id: 'copy', label: 'Duplicate', icon: 'copy', run: () => ask({ kind: 'copy', view: v }) },
    ...(access.length > 0 ? (['line', ...access] as Items) : []),
    ...(may('share') ? (['line', { id: 'share', label: 'Links for everybody', icon: 'link', run: () => ask({ kind: 'share', view: v }) }] as Items) : []),
    ...(may('edit') && !last ? (['line', { id: 'delete', label: 'Delete view', icon: 'trash-2', danger: true, run: () => ask({ kind: 'delete', view: v }) }] as Items) : []),
  ];
}

function ViewQuestions({ asking, onClose }: { asking: Asking | undefined; onClose: () => void }) {
  const model = useModel();
  if (!asking) return null;
  if (asking.kind === 'add') return <AskName title="New view" label="Name" button="Create view" onSave={(name) => model.addView(name)} onClose={onClose} />;
  const { view } = asking;
  if (asking.kind === 'copy') return <AskName title={`Duplicate ${view.name}`} label="Name" value={`${view.name} copy`} button="Create view" onSave={(name) => model.addView(name, view.config, view.type)} onClose={onClose} />;
  if (asking.kind === 'share') return <Suspense><ShareDialog view={view} onClose={onClose} /></Suspense>;
  if (asking.kind === 'rename') return <AskName title={`Rename ${view.name}`} label="Name" value={view.name} button="Rename view" onSave={(name) => model.renameView(view.id, name)} onClose={onClose} />;
  return (
    <Confirm title={`Delete the view ${view.name}?`} button={`Delete ${view.name}`} onConfirm={() => model.deleteView(view.id)} onClose={onClose}>
      <p>Its filters, sorts and hidden fields go. The records stay.</p>
      <p className="muted">It stays in the trash for 30 days.</p>
    </Confirm>
  );
}

/** The same list as a menu, for the toolbar on a phone. */
export function ViewButton() {
  const model = useModel();
  const [asking, setAsking] = useState<Asking>();
  const { table, view } = model;
  if (!table || !view) return null;
  const items: Items = [
    ...table.views.map((v) => ({ id: v.id, label: v.access === 'personal' ? `${v.name} (only yours)` : v.access === 'locked' ? `${v.name} (locked)` : v.name, icon: kindIcon(v.type), on: v.id === view.id, run: () => model.go(table.id, v.id) })),
    ...(model.may('views') ? (['line',
      ...viewMenu(model, view, setAsking).filter((item) => item === 'line' || item.id !== 'copy').map((item) => item === 'line' || item.id !== 'rename' ? item : { ...item, label: `Rename ${view.name}` }),
      'line',
      { id: 'add', label: 'New view', icon: 'plus', run: () => setAsking({ kind: 'add' }) },
    ] as Items) : []),
  ];
  return (
    <>
      <MenuButton label={`View ${view.name}`} className="btn ghost sm" items={items}><Icon name={kindIcon(view.type)} /><b className="trunc">{view.name}</b><Icon name="chevron-down" /></MenuButton>
      <ViewQuestions asking={asking} onClose={() => setAsking(undefined)} />
    </>
  );
}
