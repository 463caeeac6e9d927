// data-copy="text" or data-copy-from="#id": copies, says so in the button for two seconds and in a live region.
import { announce } from './announce.ts';

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function textOf(button: HTMLElement): string {
  const from = button.dataset.copyFrom;
  if (from === undefined) return button.dataset.copy ?? '';
  const source = document.querySelector(from);
  return source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement ? source.value : (source?.textContent ?? '').trim();
}

export function startCopy(): void {
  document.addEventListener('click', async (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-copy],[data-copy-from]');
    if (!button) return;
    event.preventDefault();
    const done = await copy(textOf(button));
    const word = done ? (button.dataset.copyDone ?? 'Copied') : 'Copying was refused by the browser';
    announce(word);
    const label = button.querySelector<HTMLElement>('[data-copy-label]');
    button.toggleAttribute('data-copied', done);
    if (label) {
      label.dataset.before ??= label.textContent ?? '';
      label.textContent = word;
    }
    setTimeout(() => {
      button.removeAttribute('data-copied');
      if (label?.dataset.before !== undefined) label.textContent = label.dataset.before;
    }, 2000);
  });
}
