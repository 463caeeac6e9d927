// The icon of each field type, in the grid's header, menus and the record panel.
import type { IconName } from '../../icons/icons.ts';
import type { Kind } from './types.ts';

export const kindIcon: Record<Kind, IconName> = {
  text: 'text', long_text: 'list', number: 'hash', checkbox: 'square-check', date: 'calendar-days', datetime: 'calendar-clock',
  select: 'circle-chevron-down', email: 'mail', url: 'link', link: 'link-2',
};
