import { describe, expect, test } from 'vitest';
import { readPrice, words } from '../hero.ts';

describe('the picture that works', () => {
  test.each([
    ['€46.00', 46],
    ['52,5', 52.5],
    ['0', 0],
    ['', undefined],
    ['free', undefined],
    ['99999999', undefined],
  ])('reads %s as %s', (text, price) => expect(readPrice(text)).toBe(price));

  test('says what the page and the footer show', () => {
    expect(words(6.2, 7)).toEqual({ price: '6.20', said: 'The page says 6.20', sum: '119', avg: '4.54', sold: false });
    expect(words(6.2, 0)).toMatchObject({ said: 'Seeded spelt is not on the page', sum: '112', sold: true });
  });
});
