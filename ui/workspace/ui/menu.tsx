// Menus: on a button, or at a place of the grid.
import { useRef, type ReactNode } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator } from 'react-aria-components';
import { Icon, type IconName } from './icon.tsx';

export interface Item {
  id: string;
  label: string;
  icon?: IconName;
  /** Shortcut, as shown. */
  keys?: string;
  danger?: boolean;
  on?: boolean;
  href?: string;
  run?: () => void;
}
export type Items = (Item | 'line')[];

function Entries({ items, label, onClose }: { items: Items; label: string; onClose?: () => void }) {
  return (
    <Menu aria-label={label} className="menu rac" onAction={(key) => items.find((i): i is Item => i !== 'line' && i.id === key)?.run?.()} onClose={onClose} autoFocus="first">
      {items.map((item, i) => item === 'line' ? <Separator key={`line${i}`} /> : (
        <MenuItem key={item.id} id={item.id} textValue={item.label} href={item.href} className={`item${item.danger ? ' danger' : ''}${item.on ? ' chosen' : ''}`}>
          {item.icon ? <Icon name={item.icon} /> : null}
          <span className="trunc">{item.label}</span>
          {item.on ? <Icon name="check" className="end" /> : null}
          {item.keys ? <kbd className="kbd">{item.keys}</kbd> : null}
        </MenuItem>
      ))}
    </Menu>
  );
}

export function MenuButton({ label, items, className, children, end }: { label: string; items: Items; className: string; children: ReactNode; end?: boolean }) {
  return (
    <MenuTrigger>
      <Button className={className} aria-label={label}>{children}</Button>
      <Popover className="popover" placement={end ? 'bottom end' : 'bottom start'} offset={4}><Entries items={items} label={label} /></Popover>
    </MenuTrigger>
  );
}

/** A menu at a box of the screen; `onClose` unmounts it. */
export function MenuAt({ box, label, items, onClose }: { box: { left: number; top: number; width: number; height: number }; label: string; items: Items; onClose: () => void }) {
  const anchor = useRef<HTMLSpanElement>(null);
  return (
    <>
      <Anchor box={box} anchor={anchor} />
      <Popover className="popover" triggerRef={anchor} isOpen onOpenChange={(open) => !open && onClose()} placement="bottom start" offset={2}>
        <Entries items={items} label={label} onClose={onClose} />
      </Popover>
    </>
  );
}

export function Anchor({ box, anchor }: { box: { left: number; top: number; width: number; height: number }; anchor: React.RefObject<HTMLSpanElement | null> }) {
  return <span ref={anchor} className="anchor" style={{ left: box.left, top: box.top, width: box.width, height: box.height }} />;
}
