import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SealRefusedError } from '../../../domain/ciphertext/errors.ts';
import type { Binding } from '../../../domain/ciphertext/format.ts';
import { SealCounter, unrepeated } from '../../../domain/ciphertext/nonces.ts';

const name: Binding = { profile: 'column', column: 'patients.name' };

describe('counting seals', () => {
  test('alarms at 2^31 and refuses beyond 2^32, without counting the refused', () => {
    const counter = new SealCounter();
    expect(counter.count('k', name, 2 ** 31 - 1)).toBe('ok');
    expect(counter.count('k', name)).toBe('alarm');
    expect(counter.count('k', name, 2 ** 31)).toBe('alarm');
    expect(() => counter.count('k', name)).toThrow(SealRefusedError);
    expect(counter.counts().get('k/patients.name')).toBe(2 ** 32);
  });

  test('is per kid and column; profile row shares its column, profile none its kid', () => {
    const counter = new SealCounter([['k/patients.name', 2 ** 31 - 2]]);
    expect(counter.count('k', { profile: 'column', column: 'patients.ssn' })).toBe('ok');
    expect(counter.count('k2', name)).toBe('ok');
    expect(counter.count('k', { profile: 'none' })).toBe('ok');
    expect(counter.count('k', name)).toBe('ok');
    expect(counter.count('k', { profile: 'row', column: 'patients.name', row: [1] })).toBe('alarm');
  });
});

describe('a random source', () => {
  test('that repeats itself is refused', () => {
    const stuck = unrepeated(() => Buffer.alloc(12, 7));
    expect(stuck(12)).toHaveLength(12);
    expect(() => stuck(12)).toThrow('repeats itself');
  });

  test('that goes round is refused, as far back as is remembered', () => {
    let turn = 0;
    const round = unrepeated(() => Buffer.alloc(12, turn++ % 50));
    expect(() => Array.from({ length: 51 }, () => round(12))).toThrow('repeats itself');
  });

  test('that does not repeat goes on for ever', () => {
    const random = unrepeated(randomBytes, 10);
    expect(new Set(Array.from({ length: 200 }, () => random(12).toString())).size).toBeGreaterThan(
      1,
    );
  });
});
