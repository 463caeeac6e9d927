import { describe, expect, test } from 'vitest';
import { parseTsv, pasteSize, writeHtml, writeTsv } from '../src/clipboard.ts';

/** A small generator with a printed seed: the same failure comes back. */
function random(seed: number): () => number {
  let s = seed;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

describe('tab-separated text', () => {
  test.each([
    ['a\tb\nc\td', [['a', 'b'], ['c', 'd']]],
    ['a\tb\r\nc\td\r\n', [['a', 'b'], ['c', 'd']]],
    ['"a\tb"\tc', [['a\tb', 'c']]],
    ['"say ""hi"""', [['say "hi"']]],
    ['"two\nlines"\tx', [['two\nlines', 'x']]],
    ['5" pipe\t3', [['5" pipe', '3']]],
    ['"not closed\tb', [['"not closed', 'b']]],
    ['a\n\nb', [['a'], [''], ['b']]],
    ['a\tb\nc', [['a', 'b'], ['c', '']]],
    ['', [['']]],
  ])('%j', (text, cells) => expect(parseTsv(text)).toEqual(cells));

  test('what is written is read back, for any texts', () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const next = random(seed);
      const alphabet = ['a', '"', '\t', '\n', ' ', '""', 'ü', ','];
      const text = () => Array.from({ length: Math.floor(next() * 5) }, () => alphabet[Math.floor(next() * alphabet.length)]).join('');
      const cols = 1 + Math.floor(next() * 4);
      const cells = Array.from({ length: 1 + Math.floor(next() * 4) }, () => Array.from({ length: cols }, text));
      // A last row of one empty text is the line break that Excel ends with: it cannot be told apart.
      cells.push(Array.from({ length: cols }, () => 'end'));
      expect(parseTsv(writeTsv(cells)), `seed ${seed}`).toEqual(cells);
    }
  });

  test('the table for documents escapes its cells', () => expect(writeHtml([['<b>&', 'x\ny']])).toBe('<table><tr><td>&lt;b&gt;&amp;</td><td>x<br>y</td></tr></table>'));
});

test('one text fills the selection, a block repeats only if it fits whole times', () => {
  expect(pasteSize({ rows: 1, cols: 1 }, { rows: 5, cols: 2 })).toEqual({ rows: 5, cols: 2 });
  expect(pasteSize({ rows: 2, cols: 1 }, { rows: 4, cols: 1 })).toEqual({ rows: 4, cols: 1 });
  expect(pasteSize({ rows: 2, cols: 1 }, { rows: 5, cols: 1 })).toEqual({ rows: 2, cols: 1 });
  expect(pasteSize({ rows: 3, cols: 3 }, { rows: 1, cols: 1 })).toEqual({ rows: 3, cols: 3 });
});
