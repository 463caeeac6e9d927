import { expect, test } from 'vitest';
import { commandOf } from '../src/keys.ts';

test.each([
  ['ArrowDown', {}, { name: 'move', move: 'down', extend: false }], ['ArrowDown', { ctrl: true, shift: true }, { name: 'move', move: 'bottom', extend: true }],
  ['Home', {}, { name: 'move', move: 'rowStart', extend: false }], ['End', { ctrl: true }, { name: 'move', move: 'last', extend: false }],
  ['z', { ctrl: true }, { name: 'undo' }], ['Z', { ctrl: true, shift: true }, { name: 'redo' }], ['y', { ctrl: true }, { name: 'redo' }], ['d', { ctrl: true }, { name: 'fillDown' }], ['a', { ctrl: true }, { name: 'selectAll' }],
  ['Enter', {}, { name: 'edit' }], ['Enter', { shift: true }, { name: 'addRow' }], [' ', {}, { name: 'open', always: false }], [' ', { shift: true }, { name: 'open', always: true }], ['x', {}, { name: 'type' }], ['Ä', { shift: true }, { name: 'type' }],
  ['c', { ctrl: true }, undefined], ['F5', {}, undefined], ['x', { alt: true }, undefined], ['Shift', { shift: true }, undefined],
])('%s %o', (key, mods, command) => expect(commandOf({ key, ctrl: false, shift: false, alt: false, ...mods })).toEqual(command));
