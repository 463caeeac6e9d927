// A button that removes itself must not take the keyboard with it: the dialog or panel around it gets the focus first.
import type { MouseEvent } from 'react';

export function keepFocus(event: MouseEvent): void {
  (event.currentTarget.closest('[role="dialog"], .record') as HTMLElement | null)?.focus();
}
