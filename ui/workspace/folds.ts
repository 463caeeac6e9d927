// Which groups of a view are folded: each person's own, kept in this browser.

export interface Folds {
  /** All are folded but those named; else those named are. */
  readonly all: boolean;
  /** Keys of groups, the last one touched last. */
  readonly keys: readonly string[];
}

/** Keys that the API takes. */
export const MAX_KEYS = 1000;
export const OPEN: Folds = { all: false, keys: [] };

/** With a group folded or unfolded. Beyond what the API takes, those touched first are forgotten. */
export function fold(folds: Folds, group: string, folded: boolean): Folds {
  const others = folds.keys.filter((key) => key !== group);
  return { all: folds.all, keys: folded === folds.all ? others : [...others, group].slice(-MAX_KEYS) };
}

export const foldAll = (folded: boolean): Folds => ({ all: folded, keys: [] });

/** As the API is told. */
export function foldsQuery({ all, keys }: Folds): Record<string, unknown> {
  if (all) return { expanded: keys };
  return keys.length > 0 ? { collapsed: keys } : {};
}

const place = (person: string, view: string): string => `nclc.folds.${person}.${view}`;

export function readFolds(person: string, view: string): Folds {
  try {
    const { all, keys } = JSON.parse(localStorage.getItem(place(person, view)) ?? '{}') as Partial<Folds>;
    const named = Array.isArray(keys) ? keys.filter((key) => /^[0-9a-f]{16}$/.test(String(key))).slice(-MAX_KEYS) : [];
    return { all: all === true, keys: named };
  } catch {
    return OPEN;
  }
}

export function keepFolds(person: string, view: string, folds: Folds): void {
  try {
    if (!folds.all && folds.keys.length === 0) localStorage.removeItem(place(person, view));
    else localStorage.setItem(place(person, view), JSON.stringify(folds));
  } catch {
    // A browser that keeps nothing: folded until the page is left.
  }
}
