import { expect, test } from 'vitest';
import { createParser, type ServerEvent } from '../api/events.ts';

function parse(...chunks: string[]): ServerEvent[] {
  const out: ServerEvent[] = [];
  const take = createParser((event) => out.push(event));
  chunks.forEach(take);
  return out;
}
const change = { event: 'change', id: '7', data: '{"version":7}' };

test('one event', () => expect(parse('event: change\nid: 7\ndata: {"version":7}\n\n')).toEqual([change]));
test('cut anywhere, also inside a CRLF', () => {
  const text = 'event: change\r\nid: 7\r\ndata: {"version":7}\r\n\r\n';
  for (let i = 0; i < text.length; i += 1) expect(parse(text.slice(0, i), text.slice(i)), `cut at ${i}`).toEqual([change]);
});
test('comments keep alive and say nothing', () => expect(parse(': ping\n\n: ping\n\n')).toEqual([]));
test('several data lines are one text', () => expect(parse('data: a\ndata: b\n\n')[0]?.data).toBe('a\nb'));
test('an event without its empty line is not complete', () => expect(parse('data: a\n')).toEqual([]));
