// One polite live region for the page: what changed without a move of focus is read out.

let region: HTMLElement | undefined;

export function announce(text: string): void {
  if (!region) {
    region = document.createElement('div');
    region.className = 'sr';
    region.setAttribute('role', 'status');
    document.body.append(region);
  }
  const target = region;
  target.textContent = '';
  requestAnimationFrame(() => (target.textContent = text));
}
