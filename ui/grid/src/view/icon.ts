// A Lucide drawing as an element.
import { drawings, type IconName } from '../../../icons/icons.ts';

const kept = new Map<IconName, SVGElement>();

export function drawIcon(name: IconName): SVGElement {
  let icon = kept.get(name);
  if (!icon) {
    const holder = document.createElement('template');
    holder.innerHTML = `<svg class="i" viewBox="0 0 24 24" aria-hidden="true">${drawings[name]}</svg>`;
    icon = holder.content.firstElementChild as SVGElement;
    kept.set(name, icon);
  }
  return icon.cloneNode(true) as SVGElement;
}
