// Every key, on one sheet.
import { Sheet } from '../ui/dialog.tsx';

const mac = /Mac|iP(hone|ad)/.test(navigator.platform);
const GROUPS: [string, [string, string][]][] = [
  ['Move', [['↑ ↓ ← →', 'One cell'], ['Ctrl ↑ ↓ ← →', 'To the edge'], ['Home  End', 'First, last field'], ['Ctrl Home  Ctrl End', 'First, last record'], ['Page ↑  Page ↓', 'One screen'], ['Tab  Shift Tab', 'Next, previous cell']]],
  ['Select', [['Shift with any of these', 'Extend the selection'], ['Ctrl A', 'Everything'], ['Esc', 'One cell again']]],
  ['Edit', [['Enter  F2', 'Edit the cell, tick the box'], ['Any letter', 'Replace what is there'], ['Esc', 'Leave it as it was'], ['Shift Enter', 'New line in long text'], ['Delete', 'Clear the cells'], ['Ctrl D', 'Fill down'], ['Ctrl C  Ctrl X  Ctrl V', 'Copy, cut, paste'], ['Ctrl Z  Ctrl Y', 'Undo, redo']]],
  ['Records', [['Space', 'Open the record; tick the box, add a star'], ['Shift Space', 'Open the record, from any cell'], ['Shift Enter', 'Add a record'], ['Shift F10', 'Menu of the selection']]],
  ['Groups', [['←  →', 'On a heading: collapse, expand the group'], ['Enter', 'The one or the other'], ['Ctrl ←  Ctrl →', 'Collapse, expand all groups'], ['Shift Enter', 'Add a record to the group']]],
  ['Everywhere', [['Ctrl K', 'Find a command, table or view'], ['Ctrl F', 'Find in view'], ['?', 'This sheet']]],
];

export default function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Sheet title="Keyboard shortcuts" size="l" onClose={onClose}>
      <div className="body keys">
        {GROUPS.map(([title, rows]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>{rows.map(([keys, about]) => <div key={keys}><dt>{keys.split('  ').map((k) => <kbd className="kbd" key={k}>{mac ? k.replace('Ctrl', '⌘') : k}</kbd>)}</dt><dd>{about}</dd></div>)}</dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
