// data-menu="id" on a button opens the element with that id as a menu: placed under the button, arrows move, Esc and a click outside close, focus comes back.

const ITEMS = 'a[href], button:not([disabled]), [role^="menuitem"]';
let open: { button: HTMLElement; menu: HTMLElement } | undefined;

function close(focus: boolean): void {
  if (!open) return;
  const { button, menu } = open;
  open = undefined;
  menu.hidden = true;
  button.setAttribute('aria-expanded', 'false');
  if (focus) button.focus();
}

function place(button: HTMLElement, menu: HTMLElement): void {
  const box = button.getBoundingClientRect();
  menu.style.position = 'fixed';
  const right = menu.dataset.menuAlign === 'end' || box.left + menu.offsetWidth > innerWidth - 8;
  const left = right ? box.right - menu.offsetWidth : box.left;
  const below = box.bottom + 4;
  const top = below + menu.offsetHeight > innerHeight - 8 && box.top - menu.offsetHeight > 8 ? box.top - menu.offsetHeight - 4 : below;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${top}px`;
}

function show(button: HTMLElement, menu: HTMLElement, last = false): void {
  close(false);
  menu.hidden = false;
  place(button, menu);
  button.setAttribute('aria-expanded', 'true');
  open = { button, menu };
  const items = menu.querySelectorAll<HTMLElement>(ITEMS);
  (last ? items[items.length - 1] : items[0])?.focus();
}

function move(menu: HTMLElement, step: (at: number, count: number) => number): void {
  const items = [...menu.querySelectorAll<HTMLElement>(ITEMS)];
  items[step(items.indexOf(document.activeElement as HTMLElement), items.length)]?.focus();
}

export function startMenus(): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-menu]')) {
    button.setAttribute('aria-haspopup', 'menu');
    button.setAttribute('aria-expanded', 'false');
  }
  document.addEventListener('click', (event) => {
    const target = event.target as Element;
    const button = target.closest<HTMLElement>('[data-menu]');
    const menu = button ? document.getElementById(button.dataset.menu ?? '') : null;
    if (button && menu) {
      event.preventDefault();
      if (open?.button === button) close(true);
      else show(button, menu);
    } else if (open && (!open.menu.contains(target) || target.closest(ITEMS))) close(false);
  });
  document.addEventListener('keydown', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-menu]');
    const menu = button ? document.getElementById(button.dataset.menu ?? '') : null;
    if (button && menu && !open && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      show(button, menu, event.key === 'ArrowUp');
      return;
    }
    if (!open) return;
    if (event.key === 'Escape') close(true);
    else if (event.key === 'Tab') close(false);
    else if (event.key === 'ArrowDown') move(open.menu, (at, n) => (at + 1) % n);
    else if (event.key === 'ArrowUp') move(open.menu, (at, n) => (at - 1 + n) % n);
    else if (event.key === 'Home') move(open.menu, () => 0);
    else if (event.key === 'End') move(open.menu, (_, n) => n - 1);
    else return;
    if (event.key !== 'Tab') event.preventDefault();
  });
  addEventListener('resize', () => close(false));
}
