// The icon of each field type, in the grid's header, menus and the record panel.
import type { IconName } from '../../icons/icons.ts';
import type { FieldType, Kind } from './types.ts';

export const kindIcon: Record<FieldType | Kind, IconName> = {
  text: 'text', long_text: 'list', rich_text: 'letter-text', number: 'hash', currency: 'banknote', percent: 'percent', duration: 'timer', rating: 'star', checkbox: 'square-check',
  date: 'calendar-days', datetime: 'calendar-clock', time: 'clock', year: 'calendar', select: 'circle-chevron-down', multi_select: 'list-checks', user: 'user', email: 'mail',
  url: 'link', phone: 'phone', barcode: 'barcode', json: 'braces', uuid: 'fingerprint', colour: 'palette', geo: 'map-pin', attachment: 'paperclip', signature: 'signature', link: 'link-2', lookup: 'list-tree', rollup: 'sigma',
  count: 'tally-5', formula: 'variable', autonumber: 'list-ordered', created_time: 'clock-plus', modified_time: 'history', created_by: 'user-plus', modified_by: 'user-pen',
  button: 'mouse-pointer-click', list: 'list',
};
