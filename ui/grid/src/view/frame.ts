// The elements that stay: scroller with its spacer, the port that is painted, the layer of the editor, the footer.

export const NUMBER_WIDTH = 56;
export const HEAD_HEIGHT = 32;
export const ADD_WIDTH = 44;

export interface Frame {
  root: HTMLElement;
  /** The grid for assistive technology, the scroller, and what has the keyboard. */
  scroll: HTMLElement;
  space: HTMLElement;
  port: HTMLElement;
  head: HTMLElement;
  body: HTMLElement;
  over: HTMLElement;
  foot: HTMLElement;
}

function element(name: string, parent: HTMLElement, role?: string): HTMLElement {
  const out = document.createElement('div');
  out.className = name;
  if (role) out.setAttribute('role', role);
  parent.append(out);
  return out;
}

export function buildFrame(host: HTMLElement, label: string): Frame {
  const root = element('g', host);
  const scroll = element('g-scroll', root, 'grid');
  scroll.tabIndex = 0;
  scroll.setAttribute('aria-label', label);
  scroll.setAttribute('aria-multiselectable', 'true');
  const space = element('g-space', scroll, 'none');
  const port = element('g-port', space, 'none');
  const head = element('g-head', element('g-headclip', port, 'rowgroup'), 'row');
  head.setAttribute('aria-rowindex', '1');
  const body = element('g-body', element('g-bodyclip', port, 'rowgroup'), 'none');
  const over = element('g-over', root);
  const foot = element('g-foot', element('g-footclip', root));
  return { root, scroll, space, port, head, body, over, foot };
}
