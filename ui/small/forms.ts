// What forms of server-rendered pages need: one submit per press, a password that can be shown, a select that applies at once,
// a list that narrows as one types, a slug that follows a name until it was edited.

function slugOf(name: string): string {
  return name.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 48);
}

function markSent(form: HTMLFormElement): void {
  form.dataset.sent = 'true';
  form.querySelector<HTMLButtonElement>('button[type="submit"], button:not([type])')?.setAttribute('aria-busy', 'true');
}

export function startForms(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement;
    if (form.method === 'dialog' || event.defaultPrevented) return;
    if (form.dataset.sent === 'true') event.preventDefault();
    else markSent(form);
  });
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll<HTMLFormElement>('form[data-sent]')) {
      delete form.dataset.sent;
      form.querySelector('[aria-busy]')?.removeAttribute('aria-busy');
    }
  });
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-reveal]');
    const input = button ? document.getElementById(button.dataset.reveal ?? '') : null;
    if (!button || !(input instanceof HTMLInputElement)) return;
    const shown = input.type === 'text';
    input.type = shown ? 'password' : 'text';
    button.setAttribute('aria-pressed', String(!shown));
  });
  document.addEventListener('change', (event) => {
    const control = (event.target as Element).closest<HTMLElement>('[data-submit-on-change]');
    control?.closest('form')?.requestSubmit();
  });
  document.addEventListener('input', (event) => {
    const input = event.target as HTMLInputElement;
    const list = input.dataset.narrow ? document.getElementById(input.dataset.narrow) : null;
    if (list) narrow(list, input.value);
    const slug = input.dataset.slugFor ? document.getElementById(input.dataset.slugFor) : null;
    if (slug instanceof HTMLInputElement && slug.dataset.edited !== 'true') slug.value = slugOf(input.value);
    if (input.matches('[data-slug]')) input.dataset.edited = 'true';
  });
}

function narrow(list: HTMLElement, text: string): void {
  const wanted = text.trim().toLocaleLowerCase();
  let shown = 0;
  for (const item of list.querySelectorAll<HTMLElement>('[data-narrow-item]')) {
    item.hidden = wanted !== '' && !(item.textContent ?? '').toLocaleLowerCase().includes(wanted);
    if (!item.hidden) shown += 1;
  }
  const none = list.querySelector<HTMLElement>('[data-narrow-none]');
  if (none) none.hidden = shown > 0;
}
