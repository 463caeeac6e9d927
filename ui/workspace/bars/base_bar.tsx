// The first bar: back to the bases, the base's name, undo and redo, theme, what else can be done.
import { setTheme } from '../../small/theme.ts';
import { useModel } from '../use_model.ts';
import { Icon, isIcon } from '../ui/icon.tsx';
import { type Items, MenuButton } from '../ui/menu.tsx';
import { exportItems } from '../export.ts';

export function BaseBar() {
  const model = useModel();
  const { base, grid } = model;
  const state = grid?.state;
  const calculating = model.calculating;
  const icon = isIcon(base?.icon) ? base.icon : 'database';
  const more: Items = [
    ...(model.may('write') ? [{ id: 'import', label: 'Import a file', icon: 'upload' as const, run: () => model.show({ kind: 'import' }) }] : []),
    ...exportItems(model),
    'line',
    { id: 'past', label: 'History and snapshots', icon: 'calendar-clock', run: () => model.show({ kind: 'past' }) },
    ...(model.asOf === undefined ? [{ id: 'trash', label: 'Trash', icon: 'trash-2' as const, run: () => model.show({ kind: 'trash' }) }] : []),
    ...(model.may('schema') ? [{ id: 'activity', label: 'Activity', icon: 'history' as const, run: () => model.show({ kind: 'activity' }) }] : []),
    'line',
    { id: 'palette', label: 'Find a command', icon: 'command', keys: 'Ctrl K', run: () => model.show({ kind: 'palette' }) },
    { id: 'keys', label: 'Keyboard shortcuts', icon: 'keyboard', keys: '?', run: () => model.show({ kind: 'shortcuts' }) },
    { id: 'theme', label: document.documentElement.dataset.theme === 'dark' ? 'Light theme' : 'Dark theme', icon: document.documentElement.dataset.theme === 'dark' ? 'sun' : 'moon', run: () => {
      setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
      model.changed();
    } },
    'line',
    { id: 'logout', label: 'Log out', icon: 'log-out', run: () => document.querySelector<HTMLFormElement>('#logout')?.requestSubmit() },
  ];
  return (
    <header className="bar">
      <a className="btn ghost sm icon" href={`/o/${model.config.org}/bases`} aria-label="All bases"><Icon name="chevron-left" /></a>
      <span className={`baseicon ${base?.colour || 'teal'}`}><Icon name={icon} /></span>
      <h1 className="name trunc">{base?.name ?? ''}</h1>
      <span className="grow" />
      {calculating ? <span className="muted trunc" role="status">Calculating {calculating.name} {Math.floor((calculating.calculated ?? 0) * 100)} %</span> : null}
      <button type="button" className="btn ghost sm icon" aria-label="Undo" title="Undo (Ctrl Z)" disabled={!state?.canUndo} onClick={() => void grid?.undo()}><Icon name="undo-2" /></button>
      <button type="button" className="btn ghost sm icon" aria-label="Redo" title="Redo (Ctrl Y)" disabled={!state?.canRedo} onClick={() => void grid?.redo()}><Icon name="redo-2" /></button>
      {model.may('write') ? <button type="button" className="btn sm hide-s" onClick={() => model.show({ kind: 'import' })}><Icon name="upload" />Import</button> : null}
      <MenuButton className="btn ghost sm icon" label="More" items={more} end><Icon name="ellipsis" /></MenuButton>
    </header>
  );
}
