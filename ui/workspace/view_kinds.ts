// Types of views: their names and pictures, and what is said where one can't be drawn yet.
import type { IconName } from './ui/icon.tsx';

const KINDS: Record<string, { name: string; icon: IconName }> = {
  grid: { name: 'grid', icon: 'table-2' },
  kanban: { name: 'board', icon: 'kanban' },
  calendar: { name: 'calendar', icon: 'calendar' },
  gantt: { name: 'Gantt chart', icon: 'chart-gantt' },
  gallery: { name: 'gallery', icon: 'layout-grid' },
  list: { name: 'list', icon: 'list' },
  form: { name: 'form', icon: 'file-text' },
};

/** The picture of a type; that of a grid for one that a newer server knows. */
export const kindIcon = (type: string): IconName => KINDS[type]?.icon ?? 'table-2';

/** What stands above a view that is shown as a grid though it is something else. */
export function kindLine(type: string | undefined): { icon: IconName; line: string } | undefined {
  if (type === undefined || type === 'grid') return undefined;
  const name = KINDS[type]?.name ?? type;
  return { icon: kindIcon(type), line: `This view is a ${name}. It is shown as a grid here; its settings are kept.` };
}
