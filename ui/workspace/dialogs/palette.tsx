// The command palette: tables, views and what can be done, found by typing.
import { useState } from 'react';
import { Dialog, Modal, ModalOverlay } from 'react-aria-components';
import { setTheme } from '../../small/theme.ts';
import { FORMATS, exportView } from '../export.ts';
import type { Model } from '../model.ts';
import { nounOf } from '../nouns.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';

interface Command {
  id: string;
  label: string;
  sub: string;
  icon: IconName;
  run: () => void;
}

function commands(model: Model): Command[] {
  const { table, base, grid } = model;
  const noun = nounOf(table?.name ?? '');
  const out: Command[] = [];
  if (table) {
    if (model.may('write')) out.push({ id: 'add', label: `Add ${noun.one}`, sub: table.name, icon: 'plus', run: () => void grid?.addRow() });
    for (const v of table.views) if (v.id !== model.view?.id) out.push({ id: v.id, label: v.name, sub: `View of ${table.name}`, icon: 'table-properties', run: () => model.go(table.id, v.id) });
  }
  const field = model.field(grid?.state.focusField ?? '');
  if (table && model.may('schema')) {
    out.push({ id: 'field', label: 'Add a field', sub: table.name, icon: 'plus', run: () => setTimeout(() => model.show({ kind: 'field' })) });
    if (field) out.push({ id: 'edit-field', label: `Edit the field ${field.name}`, sub: 'The field of the cell', icon: 'pencil', run: () => setTimeout(() => model.show({ kind: 'field', field: field.id })) });
  }
  for (const t of base?.tables ?? []) if (t.id !== table?.id) out.push({ id: t.id, label: t.name, sub: 'Table', icon: 'table-2', run: () => model.go(t.id) });
  if (model.may('write')) out.push({ id: 'import', label: 'Import a file', sub: 'CSV, Excel, JSON or pasted rows', icon: 'upload', run: () => model.show({ kind: 'import' }) });
  if (model.groups.length > 0) {
    out.push({ id: 'fold', label: 'Collapse all groups', sub: 'Ctrl ← on a heading', icon: 'chevron-right', run: () => grid?.foldAll(true) });
    out.push({ id: 'unfold', label: 'Expand all groups', sub: 'Ctrl → on a heading', icon: 'chevron-down', run: () => grid?.foldAll(false) });
  }
  out.push(
    ...(model.may('export') ? FORMATS.map(([format, name]) => ({ id: `export-${format}`, label: `Export as ${name}`, sub: model.view?.name ?? '', icon: 'download' as const, run: () => void exportView(model, format) })) : []),
    { id: 'undo', label: 'Undo', sub: 'Ctrl Z', icon: 'undo-2', run: () => void grid?.undo() },
    { id: 'redo', label: 'Redo', sub: 'Ctrl Y', icon: 'redo-2', run: () => void grid?.redo() },
    { id: 'theme', label: document.documentElement.dataset.theme === 'dark' ? 'Light theme' : 'Dark theme', sub: '', icon: 'moon', run: () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark') },
    { id: 'keys', label: 'Keyboard shortcuts', sub: '?', icon: 'keyboard', run: () => setTimeout(() => model.show({ kind: 'shortcuts' })) },
    { id: 'past', label: 'History and snapshots', sub: 'The base as of a time', icon: 'calendar-clock', run: () => setTimeout(() => model.show({ kind: 'past' })) },
    ...(model.asOf === undefined ? [] : [{ id: 'now', label: 'Back to now', sub: 'The base as it is', icon: 'history' as const, run: () => model.lookAt(undefined) }]),
    { id: 'trash', label: 'Trash', sub: 'What was deleted', icon: 'trash-2', run: () => setTimeout(() => model.show({ kind: 'trash' })) },
    ...(model.may('schema') ? [{ id: 'activity', label: 'Activity', sub: 'Every change of the base', icon: 'history' as const, run: () => setTimeout(() => model.show({ kind: 'activity' })) }] : []),
    { id: 'bases', label: 'All bases', sub: '', icon: 'database', run: () => location.assign(`/o/${model.config.org}/bases`) },
  );
  return out;
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const model = useModel();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const wanted = text.trim().toLocaleLowerCase();
  const shown = commands(model).filter((c) => `${c.label} ${c.sub}`.toLocaleLowerCase().includes(wanted)).slice(0, 40);
  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  return (
    <ModalOverlay className="scrim top" isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className="sheet palette">
        <Dialog className="dialog rac" aria-label="Commands">
          <div className="search"><Icon name="search" /><input className="input" autoFocus role="combobox" aria-expanded="true" aria-controls="commands" aria-activedescendant={shown[at] ? `command-${shown[at].id}` : undefined} aria-label="Find a command, table or view" placeholder="Find a command, table or view" value={text} onChange={(e) => {
            setText(e.target.value);
            setAt(0);
          }} onKeyDown={(e) => {
            if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
              e.preventDefault();
              setAt((at + (e.key === 'ArrowDown' ? 1 : -1) + shown.length) % Math.max(1, shown.length));
            } else if (e.key === 'Enter') run(shown[at]);
          }} /></div>
          <ul id="commands" role="listbox" aria-label="Commands">
            {shown.map((c, i) => (
              <li key={c.id} id={`command-${c.id}`} role="option" aria-selected={i === at} className={i === at ? 'on' : ''} onClick={() => run(c)} onPointerMove={() => setAt(i)} ref={i === at ? (el) => el?.scrollIntoView({ block: 'nearest' }) : undefined}>
                <Icon name={c.icon} /><span className="trunc">{c.label}</span><span className="muted trunc">{c.sub}</span>
              </li>
            ))}
            {shown.length === 0 ? <li className="none muted">Nothing is called that.</li> : null}
          </ul>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
