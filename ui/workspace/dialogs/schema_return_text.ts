// What going back to a version of the schema would do, in words.
import type { SchemaReturn, SchemaReturnPart } from '../api/types.ts';
import { counted } from '../nouns.ts';
import { typeLabel } from './field_types.ts';

const list = new Intl.ListFormat(undefined);
const WORDS: Record<string, string> = { primary_field: 'the field that names the records', config: 'its settings', options: 'options', access: 'who has it', type: 'type', position: 'place', description: 'description', icon: 'icon' };

/** How many values. */
export function loses(count: number): string {
  return counted(count, { one: 'value', many: 'values' });
}

const records = (count: number): string => counted(count, { one: 'record', many: 'records' });
const ofTable = (part: { table: string | null }): string => (part.table ? ` of ${part.table}` : '');

/** “change the field Age of People: name to Years, from text to number, which loses 3 of 10 values”. */
export function returnLine(part: SchemaReturnPart): string {
  const what = `the ${part.what} ${part.name}${ofTable(part)}`;
  const held = part.filled === 0 || part.types ? '' : part.what === 'table' ? `, with ${records(part.filled)}` : `, with ${loses(part.filled)}`;
  if (part.done === 'removed') return `move ${what} to the trash${held}`;
  const said: string[] = [];
  if (part.renamed !== null) said.push(`name to ${part.renamed}`);
  if (part.types) said.push(`from ${typeLabel(part.types.now).toLowerCase()} to ${typeLabel(part.types.then).toLowerCase()}`);
  const told = part.types ? ['name', 'type', 'options'] : ['name', 'type'];
  said.push(...part.members.filter((member) => !told.includes(member)).map((member) => WORDS[member] ?? member));
  const loss = part.lost > 0 ? `, which loses ${part.lost.toLocaleString()} of ${loses(part.filled)}` : '';
  const verb = part.done === 'restored' ? 'bring back' : 'change';
  return `${verb} ${what}${part.what === 'table' && part.done === 'restored' ? held : ''}${said.length > 0 ? `: ${list.format(said)}` : ''}${loss}`;
}

/** “Boss (field of People): it was a link …”. */
export function blockLine(one: SchemaReturn['blocked'][number]): string {
  return `${one.name} (${one.what}${ofTable(one)}): ${one.detail}`;
}
