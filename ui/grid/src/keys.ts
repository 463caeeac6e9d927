// Which key runs which command. Cmd on a Mac is Ctrl elsewhere.
import type { Move } from './selection.ts';

export type Command =
  | { name: 'move'; move: Move; extend: boolean }
  | { name: 'tab'; back: boolean }
  | { name: 'open'; always: boolean }
  | { name: 'edit' | 'type' | 'clear' | 'selectAll' | 'undo' | 'redo' | 'fillDown' | 'addRow' | 'menu' | 'escape' };

export interface Key {
  key: string;
  ctrl: boolean;
  shift: boolean;
  alt: boolean;
}

const ARROWS: Record<string, [Move, Move]> = {
  ArrowUp: ['up', 'top'], ArrowDown: ['down', 'bottom'], ArrowLeft: ['left', 'rowStart'], ArrowRight: ['right', 'rowEnd'],
  Home: ['rowStart', 'first'], End: ['rowEnd', 'last'],
};

/** The command of a key in the grid (no editor open); undefined leaves the key to the browser. */
export function commandOf({ key, ctrl, shift, alt }: Key): Command | undefined {
  if (alt) return undefined;
  const arrow = ARROWS[key];
  if (arrow) return { name: 'move', move: arrow[ctrl ? 1 : 0], extend: shift };
  if (ctrl) {
    switch (key.toLowerCase()) {
      case 'a': return { name: 'selectAll' };
      case 'd': return { name: 'fillDown' };
      case 'y': return { name: 'redo' };
      case 'z': return { name: shift ? 'redo' : 'undo' };
      default: return undefined;
    }
  }
  switch (key) {
    case 'PageUp': return { name: 'move', move: 'pageUp', extend: shift };
    case 'PageDown': return { name: 'move', move: 'pageDown', extend: shift };
    case 'Tab': return { name: 'tab', back: shift };
    case 'Enter': return shift ? { name: 'addRow' } : { name: 'edit' };
    case 'F2': return { name: 'edit' };
    case 'Delete':
    case 'Backspace': return { name: 'clear' };
    case ' ': return { name: 'open', always: shift };
    case 'Escape': return { name: 'escape' };
    case 'ContextMenu': return { name: 'menu' };
    case 'F10': return shift ? { name: 'menu' } : undefined;
    default: return key.length === 1 || key === 'Process' || key === 'Unidentified' ? { name: 'type' } : undefined;
  }
}
