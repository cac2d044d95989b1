import { describe, expect, test } from '@jest/globals';
import { DevelopmentFallbackError } from '../../../domain/secrets/errors.ts';
import { developmentFallback } from '../../../domain/secrets/fallbacks.ts';
import { nextValue } from '../../../domain/secrets/next-value.ts';
import { parseSecretValue } from '../../../domain/secrets/secret-value.ts';
import { change, counting, encryptionSettings } from './rotations.ts';

describe('a development fallback', () => {
  test.each([
    'dev-secret-please-do-not-use-in-production-0000',
    'development-secret-key-change-in-production-123',
    'my_super-secret_jwt_key_for_the_application_xyz',
    'changeme-changeme-changeme-changeme',
    'this is a test key of 32 bytes!!',
    'abababababababababababababababab',
    'abcdefghijklmnopqrstuvwxyz012345',
    '0123456789abcdef0123456789abcdef',
    '00000000000000000000000000000000',
    'aaaaaaaabbbbbbbbccccccccdddddddd',
  ])('is recognised: %s', (text) => {
    expect(developmentFallback(Buffer.from(text))).toBeDefined();
  });

  test('is recognised in bytes that count', () => {
    expect(developmentFallback(Buffer.from([...Array(32).keys()]))).toContain('counts');
    expect(developmentFallback(Buffer.from([...Array(32).keys()].reverse()))).toContain('counts');
  });

  test('is never seen in random keys, raw or as text', async () => {
    for (let run = 0; run < 2000; run += 1) {
      const key = await counting(32);
      expect(developmentFallback(key)).toBeUndefined();
      expect(developmentFallback(Buffer.from(key.toString('base64url')))).toBeUndefined();
      expect(developmentFallback(Buffer.from(key.toString('hex')))).toBeUndefined();
    }
  });

  test('is not adopted, unless the environment is a development one', async () => {
    const text = Buffer.from('dev-secret-key-for-local-use-000').toString('base64');
    const current = parseSecretValue(text, encryptionSettings);
    await expect(nextValue(encryptionSettings, { current }, change('planned'))).rejects.toThrow(
      DevelopmentFallbackError,
    );
    const allowed = { ...encryptionSettings, developmentFallbacks: 'allowed' as const };
    const next = await nextValue(allowed, { current }, change('planned'));
    expect(next.keyset.keys.map(({ adopted }) => adopted)).toEqual([undefined, true]);
  });

  test('does not hold up an emergency', async () => {
    const text = Buffer.from('dev-secret-key-for-local-use-000').toString('base64');
    const current = parseSecretValue(text, encryptionSettings);
    const { keyset } = await nextValue(encryptionSettings, { current }, change('emergency'));
    expect(keyset.keys.map(({ state }) => state)).toEqual(['primary', 'decryptOnly']);
  });
});
