import { expect, test } from 'vitest';
import { localTime, momentOf, momentText } from '../dialogs/past_text.ts';

test('moments as texts', () => {
  expect(momentText('12')).toBe('version 12');
  expect(momentText('2026-11-20T09:00:00Z')).toContain('2026');
  expect(momentText('soon')).toBe('soon');
});

test('a time goes through the field and back', () => {
  const time = new Date(2026, 10, 20, 9, 5, 7);
  expect(localTime(time)).toBe('2026-11-20T09:05:07');
  expect(momentOf(localTime(time))).toBe(time.toISOString());
  expect(momentOf('')).toBeUndefined();
  expect(momentOf('tomorrow')).toBeUndefined();
});
