// A change in words.
import type { ActivityEntry, SchemaDifference, TableActivity } from '../api/types.ts';

const list = new Intl.ListFormat(undefined);
const records = (count: number): string => `${count.toLocaleString()} ${count === 1 ? 'record' : 'records'}`;

/** Names of the records, as far as they are told; how many there are beyond. */
function named(part: TableActivity, count: number): string {
  const names = part.records.map((record) => record.name).filter((name) => name !== '').slice(0, 3);
  if (names.length === 0) return records(count);
  return list.format(count > names.length ? [...names, `${(count - names.length).toLocaleString()} more`] : names);
}

function ofTable(part: TableActivity): string {
  const said: string[] = [];
  if (part.created > 0) said.push(`added ${part.updated === 0 ? named(part, part.created) : records(part.created)}`);
  if (part.updated > 0) said.push(`changed ${part.fields.length > 0 ? `${list.format(part.fields.slice(0, 4))} of ` : ''}${part.created === 0 ? named(part, part.updated) : records(part.updated)}`);
  if (part.deleted > 0) said.push(`deleted ${records(part.deleted)}`);
  return `${list.format(said)} in ${part.table.name}`;
}

/** What was done, to follow a name: “changed Amount of Ada in Orders”. */
export function told(entry: ActivityEntry): string {
  // What is in a new table goes without saying.
  const made = entry.schema.filter((part) => part.what === 'table' && part.done === 'created').map((part) => part.name);
  const parts = entry.schema.filter((part) => !(part.table && made.includes(part.table)));
  const schema = parts.slice(0, 4).map((part) => `${part.done} the ${part.what} ${part.name}${part.table ? ` of ${part.table}` : ''}`);
  const more = parts.length > 4 ? [`${(parts.length - 4).toLocaleString()} more`] : [];
  return list.format([...schema, ...more, ...entry.tables.map(ofTable)]);
}

const plain = (value: unknown): string => (value === null || value === undefined ? 'nothing' : typeof value === 'object' ? 'other values' : String(value));

/** What is different between two moments: “changed the field Amount of Orders: name from Amount to Sum”. */
export function differs(part: SchemaDifference): string {
  const members = part.members.map(({ member, before, after }) => {
    const name = (member.split('/').pop() ?? member).replaceAll('_', ' ');
    return typeof before === 'object' && before !== null && typeof after === 'object' && after !== null ? name : `${name} from ${plain(before)} to ${plain(after)}`;
  });
  return `${part.done} the ${part.what} ${part.name}${part.table ? ` of ${part.table}` : ''}${members.length > 0 ? `: ${list.format(members)}` : ''}`;
}
