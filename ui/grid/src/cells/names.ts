// Names in one text, separated by commas; a name with a comma or a quote stands in quotes, and its quotes are doubled.

const quote = (name: string) => (/[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

export const joinNames = (names: readonly string[]): string => names.map(quote).join(', ');

/** "Berlin, "Paris, Texas"" → two names. */
export function splitNames(text: string): string[] {
  const names = text.match(/\s*"(?:[^"]|"")*"\s*(?=,|$)|[^,]+/g) ?? [];
  return names.map((name) => name.trim()).map((name) => (/^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name)).filter(Boolean);
}
