// The browser's own select in our dress: right on phones, with every keyboard, and for free.
import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';

export function Select({ label, value, onChange, children, className, disabled }: { label: string; value: string; onChange: (value: string) => void; children: ReactNode; className?: string; disabled?: boolean }) {
  return (
    <span className={`select${className ? ` ${className}` : ''}`}>
      <select aria-label={label} value={value} disabled={disabled} onChange={(e) => onChange(e.target.value)}>{children}</select>
      <Icon name="chevron-down" />
    </span>
  );
}
