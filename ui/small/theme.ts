// Light, dark, or as the system says. The choice is a cookie, so that the server sends the right theme with the next page and nothing flashes.

export type Theme = 'light' | 'dark' | 'system';
const COOKIE = 'theme';
const YEAR = 365 * 24 * 60 * 60;

const systemDark = () => matchMedia('(prefers-color-scheme: dark)').matches;

export function chosenTheme(): Theme {
  const value = /(?:^|; )theme=(light|dark|system)/.exec(document.cookie)?.[1];
  return (value as Theme | undefined) ?? 'system';
}

/** Sets the theme on the page and remembers it. The cookie is readable by every portal of the base domain's host it is set on. */
export function setTheme(theme: Theme): void {
  document.cookie = `${COOKIE}=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
  showTheme(theme);
}

export function showTheme(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'system' && systemDark());
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  for (const button of document.querySelectorAll<HTMLElement>('[data-theme-set]')) {
    button.setAttribute('aria-pressed', String(button.dataset.themeSet === theme));
  }
}

export function startTheme(): void {
  showTheme(chosenTheme());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => showTheme(chosenTheme()));
  document.addEventListener('click', (event) => {
    const target = (event.target as Element).closest<HTMLElement>('[data-theme-set],[data-theme-toggle]');
    if (!target) return;
    const next = target.dataset.themeSet ?? (document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    setTheme(next as Theme);
  });
}
