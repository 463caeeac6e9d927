// The second bar: the base's tables; the shown one has a menu.
import { useState } from 'react';
import { counted, nounOf } from '../nouns.ts';
import { AskName, Confirm } from '../ui/ask.tsx';
import { Icon } from '../ui/icon.tsx';
import { MenuButton } from '../ui/menu.tsx';
import { useModel } from '../use_model.ts';

export function TableTabs() {
  const model = useModel();
  const [asking, setAsking] = useState<'add' | 'rename' | 'delete'>();
  const { base, table } = model;
  const linkedFrom = table ? (base?.tables ?? []).filter((t) => t.id !== table.id && t.fields.some((f) => f.options?.table === table.id)) : [];
  return (
    <nav className="bar tables" aria-label="Tables">
      {base?.tables.map((t) => t.id === table?.id ? (
        <span key={t.id} className="tab on">
          <a href={model.address(undefined, t.id)} aria-current="page" onClick={(e) => e.preventDefault()}>{t.name}</a>
          {model.may('schema') ? <MenuButton label={`Table ${t.name}`} className="tabmenu" items={[
            { id: 'rename', label: 'Rename', icon: 'pencil', run: () => setAsking('rename') },
            { id: 'import', label: `Import into ${t.name}`, icon: 'upload', run: () => model.show({ kind: 'import' }) },
            'line',
            { id: 'delete', label: `Delete ${t.name}`, icon: 'trash-2', danger: true, run: () => setAsking('delete') },
          ]}><Icon name="chevron-down" /></MenuButton> : <span />}
        </span>
      ) : (
        <a key={t.id} className="tab" href={model.address(undefined, t.id)} onClick={(e) => {
          if (e.metaKey || e.ctrlKey || e.shiftKey) return;
          e.preventDefault();
          model.go(t.id);
        }}>{t.name}</a>
      ))}
      {model.may('schema') ? <MenuButton label="Add a table" className="tab add" items={[
        { id: 'new', label: 'New table', icon: 'table-2', run: () => setAsking('add') },
        { id: 'import', label: 'Table from a file', icon: 'upload', run: () => model.show({ kind: 'import' }) },
      ]}><Icon name="plus" /></MenuButton> : null}
      {asking === 'add' ? <AskName title="New table" label="Name" button="Create table" onSave={(name) => model.addTable(name)} onClose={() => setAsking(undefined)} /> : null}
      {asking === 'rename' && table ? <AskName title={`Rename ${table.name}`} label="Name" value={table.name} button="Rename table" onSave={(name) => model.renameTable(table.id, name)} onClose={() => setAsking(undefined)} /> : null}
      {asking === 'delete' && table ? (
        <Confirm title={`Delete ${table.name}?`} button={`Delete ${table.name}`} onConfirm={() => model.deleteTable(table.id)} onClose={() => setAsking(undefined)}>
          <p>{counted(table.records, nounOf(table.name))}, {table.fields.length} fields and {table.views.length} {table.views.length === 1 ? 'view' : 'views'} go.</p>
          {linkedFrom.length > 0 ? <p>Links from {linkedFrom.map((t) => t.name).join(', ')} lose their target.</p> : null}
          <p className="muted">All of it stays in the trash for 30 days.</p>
        </Confirm>
      ) : null}
    </nav>
  );
}
