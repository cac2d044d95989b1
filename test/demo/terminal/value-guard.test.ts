import { describe, expect, test } from '@jest/globals';
import { ValueGuard } from '../../../demo/terminal/value-guard.ts';

describe('the value guard', () => {
  test('withholds every string inside a JSON value', () => {
    const guard = new ValueGuard();
    guard.watch(JSON.stringify({ keyset: { keys: [{ k: 'a-key-inside-an-array' }] } }));

    expect(guard.mask('key: a-key-inside-an-array.')).toBe('key: [value withheld].');
  });

  test('withholds a plain value', () => {
    const guard = new ValueGuard();
    guard.watch('plain-password-24-bytes');

    expect(guard.mask('plain-password-24-bytes')).toBe('[value withheld]');
  });

  test('shows kids, states and role names', () => {
    const guard = new ValueGuard();
    guard.watch(
      JSON.stringify({
        username: 'pharmacy_app_a',
        password: 'bmV2ZXItc2hvd24tcGFzc3dvcmQ',
        keyset: { keys: [{ kid: '9f2c41aa07be63d1', state: 'decryptOnly' }] },
      }),
    );

    const text = 'kid 9f2c41aa07be63d1 is decryptOnly, pharmacy_app_a logs in';
    expect(guard.mask(text)).toBe(text);
    expect(guard.withheld).toBe(0);
  });

  test('shows every date of a key: one of them may be that of a rotation', () => {
    const at = '2026-05-07T09:07:20.000Z';
    const dates = [
      'createdAt',
      'primarySince',
      'acceptUntil',
      'disabledAt',
      'revokedAt',
      'prunedAt',
    ];
    const guard = new ValueGuard();
    for (const date of dates) {
      guard.watch(JSON.stringify({ keyset: { keys: [{ k: 'the-key-itself', [date]: at }] } }));
    }

    expect(guard.mask(`rotated at ${at}`)).toBe(`rotated at ${at}`);
  });

  test('counts every line it had to change', () => {
    const guard = new ValueGuard();
    guard.watch('plain-password-24-bytes');
    guard.mask('plain-password-24-bytes');
    guard.mask('nothing');
    guard.mask('again plain-password-24-bytes');

    expect(guard.withheld).toBe(2);
  });
});
