import { expect, test } from 'vitest';
import { bytesOf, read, textOf, words } from '../passkeys.ts';

test('base64url there and back, of every length and byte', () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + 251) % 256);
    const text = textOf(bytes.buffer);
    expect(text).toMatch(/^[\w-]*$/);
    expect([...bytesOf(text)]).toEqual([...bytes]);
  }
});

test('options come with bytes where the browser wants bytes', () => {
  const out = read({ challenge: 'AQID', user: { id: 'BA' }, excludeCredentials: [{ type: 'public-key', id: 'BQ', transports: ['usb'] }] });
  expect(out).toEqual({
    challenge: Uint8Array.of(1, 2, 3),
    user: { id: Uint8Array.of(4) },
    excludeCredentials: [{ type: 'public-key', id: Uint8Array.of(5), transports: ['usb'] }],
  });
});

test('every problem has words, except that somebody chose another way', () => {
  expect(words('AbortError', false)).toBeUndefined();
  for (const name of ['InvalidStateError', 'NotAllowedError', 'NotSupportedError', 'SecurityError', 'TooMany', 'Other']) expect(words(name, true)).toMatch(/\.$/);
  expect(words('InvalidStateError', true)).toContain('already');
});
