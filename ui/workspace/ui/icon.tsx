// A Lucide icon, decorative: the name of what it stands for is in the text or the label beside it.
import { drawings, type IconName } from '../../icons/icons.ts';

export type { IconName };

export function Icon({ name, className }: { name: IconName; className?: string }) {
  return <svg className={className ? `i ${className}` : 'i'} viewBox="0 0 24 24" aria-hidden="true" dangerouslySetInnerHTML={{ __html: drawings[name] }} />;
}

export const isIcon = (name: string | null | undefined): name is IconName => name !== null && name !== undefined && name in drawings;
