// The person's nouns: a table called "Airports" holds airports, and one of them is an airport. Only plain English plurals are read so;
// every other name gives "record", which is never wrong.

export interface Noun {
  one: string;
  many: string;
}

export function nounOf(table: string): Noun {
  const many = table.trim();
  const plain = /^[A-Za-z][A-Za-z ]*[A-Za-z]s$/.test(many) && !/(ss|us|is)$/i.test(many);
  if (!plain) return { one: 'record', many: 'records' };
  const one = /[^aeiou]ies$/i.test(many) ? many.replace(/ies$/i, 'y') : /(x|ch|sh|ss)es$/i.test(many) ? many.slice(0, -2) : many.slice(0, -1);
  const lower = (word: string) => (/^[A-Z]{2}/.test(word) ? word : word.charAt(0).toLowerCase() + word.slice(1));
  return { one: lower(one), many: lower(many) };
}

export const counted = (count: number, noun: Noun): string => `${count.toLocaleString()} ${count === 1 ? noun.one : noun.many}`;
