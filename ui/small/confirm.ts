// data-dialog-open="id" opens a <dialog>; data-dialog-close closes the one around it. A dialog with data-confirm-word enables its
// [data-confirm-submit] only once the typed text equals the word: what is lost is named by the page, and typed by the person.

function show(dialog: HTMLDialogElement, opener: HTMLElement): void {
  dialog.showModal();
  dialog.addEventListener('close', () => opener.focus(), { once: true });
  checkWord(dialog);
}

function checkWord(dialog: HTMLElement): void {
  const word = dialog.dataset.confirmWord;
  if (word === undefined) return;
  const typed = dialog.querySelector<HTMLInputElement>('[data-confirm-input]')?.value.trim();
  const submit = dialog.querySelector<HTMLButtonElement>('[data-confirm-submit]');
  if (submit) submit.disabled = typed !== word;
}

export function startConfirm(): void {
  document.addEventListener('click', (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>('[data-dialog-open]');
    const dialog = opener ? document.getElementById(opener.dataset.dialogOpen ?? '') : null;
    if (opener && dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      show(dialog, opener);
    } else if (target.closest('[data-dialog-close]')) target.closest('dialog')?.close();
    else if (target instanceof HTMLDialogElement) {
      const box = target.getBoundingClientRect();
      const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside) target.close();
    }
  });
  document.addEventListener('input', (event) => {
    const dialog = (event.target as Element).closest<HTMLElement>('[data-confirm-word]');
    if (dialog) checkWord(dialog);
  });
  for (const dialog of document.querySelectorAll<HTMLDialogElement>('dialog[data-dialog-now]')) dialog.showModal();
}
