import { describe, expect, it } from 'vitest';
import { phoneticKey } from './phonetic-key.ts';

describe('phoneticKey', () => {
  it.each([
    ['Catherine', 'Katherine'],
    ['Smith', 'Smyth'],
    ['Knight', 'Night'],
    ['Philips', 'Filips'],
    ['MacDonald', 'McDonald'],
    ['Clark', 'Clarck'],
  ])('hears %s as %s', (a, b) => {
    expect(phoneticKey(a)).toBe(phoneticKey(b));
  });

  it.each([
    ['Smith', 'Jones'],
    ['Patel', 'Khan'],
    ['Anne', 'Robert'],
  ])('tells %s from %s', (a, b) => {
    expect(phoneticKey(a)).not.toBe(phoneticKey(b));
  });

  it('keeps words, other scripts and numbers apart', () => {
    expect(phoneticKey('Anna-Marie  O’Brien')).toBe(
      `${phoneticKey('anna')} ${phoneticKey('marie')} o ${phoneticKey('brien')}`,
    );
    expect(phoneticKey('李明')).toBe('李明');
    expect(phoneticKey('…')).toBe('');
  });
});
