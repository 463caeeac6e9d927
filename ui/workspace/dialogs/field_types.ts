// The types of fields as they are offered: in groups, with one line that says what each is for, and what a new one starts with.
import { sentRule } from './field_rule_parts.ts';
import type { FieldType } from '../../grid/src/index.ts';
import type { Field, FieldOptions, Summary, TableInfo } from '../api/types.ts';
import { CALCULATED, shapeOf } from '../values.ts';

export interface TypeInfo {
  type: FieldType;
  label: string;
  about: string;
  /** Other words that somebody may look for it by. */
  words?: string;
}

export const GROUPS: { name: string; types: TypeInfo[] }[] = [
  { name: 'Basic', types: [
    { type: 'text', label: 'Single line text', about: 'Names, codes, anything short', words: 'string' },
    { type: 'long_text', label: 'Long text', about: 'Notes of several lines', words: 'multiline' },
    { type: 'rich_text', label: 'Rich text', about: 'Text with headings, lists and links, in Markdown', words: 'markdown formatted' },
    { type: 'checkbox', label: 'Checkbox', about: 'Yes or no', words: 'boolean tick' },
    { type: 'email', label: 'E-mail', about: 'An address to write to', words: 'email mail' },
    { type: 'url', label: 'URL', about: 'A web address', words: 'link website' },
    { type: 'phone', label: 'Phone', about: 'A telephone number', words: 'telephone mobile' },
    { type: 'barcode', label: 'Barcode', about: 'What a barcode or QR code says', words: 'qr scan' },
    { type: 'attachment', label: 'Attachment', about: 'Pictures, documents, any files', words: 'file image photo upload document' },
    { type: 'signature', label: 'Signature', about: 'Drawn by hand, or typed', words: 'sign draw' },
    { type: 'colour', label: 'Colour', about: 'A colour such as #1a2b3c', words: 'color' },
    { type: 'geo', label: 'Geo point', about: 'Latitude and longitude', words: 'map location coordinates' },
    { type: 'json', label: 'JSON', about: 'Any JSON value', words: 'object data' },
    { type: 'uuid', label: 'UUID', about: 'An id that nobody else has', words: 'guid unique' },
  ] },
  { name: 'Choice', types: [
    { type: 'select', label: 'Single select', about: 'One of a list of choices', words: 'status dropdown option' },
    { type: 'multi_select', label: 'Multi select', about: 'Any of a list of choices', words: 'tags labels' },
    { type: 'rating', label: 'Rating', about: 'Stars, from one to ten', words: 'stars score' },
    { type: 'user', label: 'User', about: 'People of your organisation', words: 'person collaborator assignee' },
  ] },
  { name: 'Date and time', types: [
    { type: 'date', label: 'Date', about: 'A day', words: 'calendar' },
    { type: 'datetime', label: 'Date and time', about: 'A moment, in a time zone', words: 'timestamp' },
    { type: 'time', label: 'Time', about: 'A time of the day', words: 'clock hour' },
    { type: 'year', label: 'Year', about: 'A year, such as 2026' },
    { type: 'duration', label: 'Duration', about: 'How long something takes: 1:30:00', words: 'hours minutes' },
  ] },
  { name: 'Numbers', types: [
    { type: 'number', label: 'Number', about: 'Counts, amounts, measures', words: 'integer decimal' },
    { type: 'currency', label: 'Currency', about: 'Amounts of money', words: 'money price euro dollar' },
    { type: 'percent', label: 'Percent', about: 'A share, such as 25 %', words: 'percentage share' },
  ] },
  { name: 'Linked records', types: [
    { type: 'link', label: 'Link to another table', about: 'Connects records on both sides', words: 'relation reference' },
    { type: 'lookup', label: 'Lookup', about: 'Shows a field of the linked records' },
    { type: 'rollup', label: 'Rollup', about: 'Sum, average or another summary of the linked records', words: 'aggregate total' },
    { type: 'count', label: 'Count', about: 'How many records are linked' },
  ] },
  { name: 'Calculated', types: [
    { type: 'formula', label: 'Formula', about: 'A value calculated from the record', words: 'computed expression' },
    { type: 'button', label: 'Button', about: 'Opens an address that the record makes', words: 'action open' },
  ] },
  { name: 'System', types: [
    { type: 'autonumber', label: 'Autonumber', about: 'Counts up, one for each record', words: 'id serial' },
    { type: 'created_time', label: 'Created time', about: 'When the record was made' },
    { type: 'modified_time', label: 'Modified time', about: 'When the record was changed last' },
    { type: 'created_by', label: 'Created by', about: 'Who made the record' },
    { type: 'modified_by', label: 'Modified by', about: 'Who changed the record last' },
  ] },
];

export const TYPES: TypeInfo[] = GROUPS.flatMap((group) => group.types);
export const infoOf = (type: FieldType): TypeInfo => TYPES.find((info) => info.type === type) ?? { type, label: type, about: '' };
export const typeLabel = (type: FieldType): string => infoOf(type).label;

/** Groups with the types that contain every word that was typed; all of them without one. */
export function findTypes(text: string): typeof GROUPS {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const fits = (info: TypeInfo) => words.every((word) => `${info.label} ${info.about} ${info.words ?? ''} ${info.type}`.toLocaleLowerCase().includes(word));
  return GROUPS.map((group) => ({ ...group, types: group.types.filter(fits) })).filter((group) => group.types.length > 0);
}

/** The type that a text means most likely: one whose name begins with it, then one whose name contains it, then any that is found. */
export function bestType(text: string): FieldType | undefined {
  const wanted = text.trim().toLocaleLowerCase();
  const rank = ({ label, type }: TypeInfo) => (label.toLocaleLowerCase() === wanted || type === wanted ? 0 : label.toLocaleLowerCase().startsWith(wanted) ? 1 : label.toLocaleLowerCase().includes(wanted) ? 2 : 3);
  return findTypes(text).flatMap((group) => group.types).map((info) => ({ info, r: rank(info) })).sort((a, b) => a.r - b.r)[0]?.info.type;
}

/** Nobody writes their cells, so they have no rules. */
export const READ_ONLY = CALCULATED;
const NOT_UNIQUE = new Set<FieldType>(['checkbox', 'link', 'multi_select', 'user', 'attachment', 'signature']);
export const canBeUnique = (type: FieldType): boolean => !READ_ONLY.has(type) && !NOT_UNIQUE.has(type);
export const canHaveDefault = (type: FieldType): boolean => !READ_ONLY.has(type) && type !== 'link' && type !== 'attachment' && type !== 'signature';

export const SUMMARIES: { name: Summary; label: string; numbers?: true; days?: true }[] = [
  { name: 'sum', label: 'Sum', numbers: true }, { name: 'avg', label: 'Average', numbers: true }, { name: 'min', label: 'Least, or earliest', numbers: true, days: true },
  { name: 'max', label: 'Most, or latest', numbers: true, days: true }, { name: 'median', label: 'Median', numbers: true }, { name: 'product', label: 'Product', numbers: true },
  { name: 'range', label: 'Range (most − least)', numbers: true }, { name: 'stdev', label: 'Standard deviation', numbers: true }, { name: 'variance', label: 'Variance', numbers: true },
  { name: 'numbers', label: 'How many are numbers' }, { name: 'filled', label: 'How many have a value' }, { name: 'empty', label: 'How many have none' }, { name: 'all', label: 'How many are linked' },
  { name: 'unique', label: 'How many different values' }, { name: 'join', label: 'Joined by commas' }, { name: 'join_unique', label: 'Different values joined by commas' },
  { name: 'list', label: 'List of the values' }, { name: 'list_unique', label: 'List of the different values' }, { name: 'first', label: 'First value' }, { name: 'last', label: 'Last value' },
  { name: 'and', label: 'All are true' }, { name: 'or', label: 'One is true' }, { name: 'xor', label: 'An odd number is true' },
];

const NUMBERS = new Set(['number', 'currency', 'percent', 'duration', 'rating', 'year', 'time']);

/** The summaries that fit the values of a field. */
export function summariesOf(field: Pick<Field, 'type' | 'options'> | undefined): typeof SUMMARIES {
  const shape = field && shapeOf(field);
  const kind = shape?.kind === 'list' ? shape.of?.kind : shape?.kind;
  const numbers = kind !== undefined && NUMBERS.has(kind);
  const days = kind === 'date' || kind === 'datetime';
  return SUMMARIES.filter((one) => (!one.numbers && !one.days) || (one.numbers && numbers) || (one.days && days));
}

/** What a field of a type starts with. */
export function startOptions(type: FieldType, table: TableInfo, tables: readonly TableInfo[]): FieldOptions {
  const link = table.fields.find((field) => field.type === 'link');
  const linked = tables.find((one) => one.id === link?.options?.table);
  const through = { link_field: link?.id, field: linked?.primary_field };
  switch (type) {
    case 'currency': return { currency: localCurrency(), precision: 2 };
    case 'rating': return { max: 5 };
    case 'select': case 'multi_select': return { choices: [] };
    case 'link': return { table: tables.find((one) => one.id !== table.id)?.id ?? table.id, many: true };
    case 'lookup': return through;
    case 'rollup': {
      const numeric = linked?.fields.find((field) => summariesOf(field).some((one) => one.name === 'sum'));
      return { link_field: link?.id, field: numeric?.id ?? linked?.primary_field, function: numeric ? 'sum' : 'join' };
    }
    case 'count': return { link_field: link?.id };
    case 'formula': return { formula: '' };
    case 'button': return { label: 'Open', formula: '' };
    default: return {};
  }
}

/** The options that a type has, of what was set while another type was chosen. Rules go with every type that may have them. */
export function sentOptions(type: FieldType, options: FieldOptions): FieldOptions {
  const o = options;
  const rule = sentRule(type, o.validation);
  const rules: FieldOptions = READ_ONLY.has(type) ? {} : {
    ...(o.required ? { required: true } : {}), ...(o.unique && canBeUnique(type) ? { unique: true } : {}),
    ...(o.default !== undefined && o.default !== null && o.default !== '' && canHaveDefault(type) ? { default: o.default } : {}),
    ...(rule ? { validation: rule } : {}),
  };
  const precision = o.precision === undefined ? {} : { precision: o.precision };
  const zone = o.zone ? { zone: o.zone } : {};
  const fields = o.fields && o.fields.length > 0 ? { fields: o.fields } : {};
  const format = o.format ? { format: o.format } : {};
  switch (type) {
    case 'number': case 'percent': return { ...precision, ...rules };
    case 'currency': return { currency: o.currency ?? '', ...precision, ...rules };
    case 'rating': return { max: o.max ?? 5, ...rules };
    case 'datetime': return { ...zone, ...rules };
    case 'created_time': return zone;
    case 'modified_time': return { ...zone, ...fields };
    case 'modified_by': return fields;
    case 'select': case 'multi_select': {
      const choices = (o.choices ?? []).filter((choice) => choice.name.trim() !== '').map((choice) => ({ ...choice, name: choice.name.trim() }));
      return { choices: choices.map(({ id, ...rest }) => (id ? { id, ...rest } : rest) as (typeof choices)[number]), ...rules };
    }
    case 'user': return { ...(o.many ? { many: true } : {}), ...rules };
    case 'link': return { table: o.table, many: o.many !== false, ...(o.symmetric_field ? { symmetric_field: o.symmetric_field } : {}), ...(o.required ? { required: true } : {}), ...(rule ? { validation: rule } : {}) };
    case 'lookup': return { link_field: o.link_field, field: o.field };
    case 'rollup': return { link_field: o.link_field, field: o.field, function: o.function, ...format };
    case 'count': return { link_field: o.link_field };
    case 'formula': return { formula: o.formula ?? '', ...format };
    case 'button': return { label: (o.label ?? '').trim() || 'Open', formula: o.formula ?? '' };
    default: return rules;
  }
}

/** Currencies offered first; any other is typed. */
export const CURRENCIES = ['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'SEK', 'NOK', 'DKK', 'PLN', 'CZK', 'CAD', 'AUD', 'CNY', 'INR', 'BRL'];

function localCurrency(): string {
  const region = new Intl.Locale(navigator.language).maximize().region ?? '';
  const known: Record<string, string> = { US: 'USD', GB: 'GBP', CH: 'CHF', LI: 'CHF', JP: 'JPY', SE: 'SEK', NO: 'NOK', DK: 'DKK', PL: 'PLN', CZ: 'CZK', CA: 'CAD', AU: 'AUD', CN: 'CNY', IN: 'INR', BR: 'BRL' };
  return known[region] ?? 'EUR';
}
