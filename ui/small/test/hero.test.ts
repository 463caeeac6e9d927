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
    expect(words(46, 7)).toMatchObject({ price: '€46.00', stock: '7 in stock', buy: 'Add to basket', sum: '95', avg: '€56.30', sold: false });
    expect(words(46, 0)).toMatchObject({ stock: 'Back after the next firing', buy: 'Sold out', status: 'Sold out', sum: '88', sold: true });
  });
});
