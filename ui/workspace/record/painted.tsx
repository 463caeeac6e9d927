// A value as the grid paints it: what is calculated, and what the person may not write.
import { useEffect, useRef } from 'react';
import { type CellValue, type Column, paint } from '../../grid/src/index.ts';

export function Painted({ value, column }: { value: CellValue; column: Column }) {
  const holder = useRef<HTMLSpanElement>(null);
  const text = JSON.stringify(value);
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    element.replaceChildren();
    paint(element, value, column);
    // The panel has no keys of its own for what is pressed in it: Tab reaches it.
    for (const link of element.querySelectorAll('a')) link.removeAttribute('tabindex');
  }, [text, JSON.stringify(column)]);
  return <span className={`calc k-${column.kind}`} ref={holder} />;
}
