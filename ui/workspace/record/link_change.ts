// What a change did to a link: which records came and which went. A link may hold thousands, so both lists are cut short.
import type { CellValue, LinkRef } from '../../grid/src/index.ts';

/** Names shown of each list. */
const SHOWN = 5;

export interface LinkChange {
  added: string;
  removed: string;
}

const refs = (value: CellValue): LinkRef[] => (Array.isArray(value) ? (value as LinkRef[]) : []);

/** Undefined when the same records are linked, in another order. */
export function linkChange(before: CellValue, after: CellValue): LinkChange | undefined {
  const missing = (from: LinkRef[], of: LinkRef[]): LinkRef[] => {
    const known = new Set(of.map((ref) => ref.id));
    return from.filter((ref) => !known.has(ref.id));
  };
  const [added, removed] = [missing(refs(after), refs(before)), missing(refs(before), refs(after))];
  return added.length + removed.length === 0 ? undefined : { added: named(added), removed: named(removed) };
}

/** A record that is gone has no name any more. */
function named(list: LinkRef[]): string {
  const names = list.slice(0, SHOWN).map((ref) => ref.name || 'a deleted record').join(', ');
  return list.length > SHOWN ? `${names} and ${(list.length - SHOWN).toLocaleString()} more` : names;
}
