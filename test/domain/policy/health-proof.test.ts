import { describe, expect, test } from '@jest/globals';
import {
  type ExpectedHeld,
  type HealthCheckSeen,
  healthProof,
  onlyThisSecret,
} from '../../../domain/policy/health-proof.ts';

const name = 'pharmacy/prod/jwt';
const arn = `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}`;
const ok = (check: Partial<HealthCheckSeen>): HealthCheckSeen => ({
  status: 'ok',
  secret: name,
  ...check,
});
const versions = { secretName: name, versionIds: ['v2'], key: null, role: null };
const published: ExpectedHeld = { ...versions, key: { kid: 'k2', state: 'published' } };
const primary: ExpectedHeld = { ...versions, key: { kid: 'k2', state: 'primary' } };
const role: ExpectedHeld = { ...versions, role: 'app_b' };
const elsewhere = ok({ secret: 'pharmacy/prod/other', versionId: 'v1' });

const proofOf = (checks: Record<string, HealthCheckSeen> | undefined, expected: ExpectedHeld) =>
  healthProof({ status: 'ok', checks }, expected).proof;

describe('whether an instance holds what a rotation made', () => {
  test.each<[string, HealthCheckSeen, ExpectedHeld, string]>([
    ['the version', ok({ versionId: 'v2' }), versions, 'held'],
    ['another version', ok({ versionId: 'v1' }), versions, 'notHeld'],
    ['nothing but that it works', ok({}), versions, 'answered'],
    [
      'the key, published, in another version',
      ok({ versionId: 'v3', keys: [{ kid: 'k2', state: 'published' }] }),
      published,
      'held',
    ],
    [
      'the key, primary already',
      ok({ versionId: 'v3', keys: [{ kid: 'k2', state: 'primary' }] }),
      published,
      'held',
    ],
    [
      'the key, retired already',
      ok({ versionId: 'v9', keys: [{ kid: 'k2', state: 'verifyOnly' }] }),
      published,
      'notHeld',
    ],
    [
      'the key, only published yet, where it must be used',
      ok({ versionId: 'v1', keys: [{ kid: 'k2', state: 'published' }] }),
      primary,
      'notHeld',
    ],
    [
      'the key, used',
      ok({
        versionId: 'v1',
        keys: [
          { kid: 'k1', state: 'verifyOnly' },
          { kid: 'k2', state: 'primary' },
        ],
      }),
      primary,
      'held',
    ],
    ['other keys alone', ok({ keys: [{ kid: 'k1', state: 'primary' }] }), published, 'notHeld'],
    ['no key at all', ok({ keys: [] }), published, 'notHeld'],
    [
      'keys, where no key is asked for',
      ok({ keys: [{ kid: 'k1', state: 'primary' }] }),
      versions,
      'answered',
    ],
    ['the role', ok({ role: 'app_b' }), role, 'held'],
    ['another role', ok({ role: 'app_a' }), role, 'notHeld'],
    [
      'the role, but a version from before',
      ok({ role: 'app_b', versionId: 'v1' }),
      role,
      'notHeld',
    ],
    ['a role, where none is asked for', ok({ role: 'app_b' }), versions, 'answered'],
    [
      'the version of another secret',
      ok({ secret: 'pharmacy/prod/other', versionId: 'v2' }),
      versions,
      'answered',
    ],
    [
      'a secret whose name begins like this one',
      ok({ secret: `${name}-two`, versionId: 'v1' }),
      versions,
      'answered',
    ],
    ['no secret', ok({ secret: undefined, versionId: 'v2' }), versions, 'answered'],
    ['it by its ARN', ok({ secret: `${arn}-AbCdEf`, versionId: 'v2' }), versions, 'held'],
    ['it by its ARN without the end', ok({ secret: arn, versionId: 'v1' }), versions, 'notHeld'],
    [
      'the ARN of one whose name begins like it',
      ok({ secret: `${arn}-two-AbCdEf`, versionId: 'v1' }),
      versions,
      'answered',
    ],
  ])('it reports %s', (_what, check, expected, proof) => {
    expect(proofOf({ one: check, elsewhere }, expected)).toBe(proof);
  });

  test('one check that does not hold is enough, whatever the others hold', () => {
    const checks = { a: ok({ versionId: 'v2' }), b: ok({ versionId: 'v1' }) };
    expect(healthProof({ status: 'ok', checks }, versions)).toEqual({
      proof: 'notHeld',
      check: checks.b,
    });
  });

  test('a check that says nothing leaves it to the others', () => {
    expect(proofOf({ a: ok({}), b: ok({ versionId: 'v2' }) }, versions)).toBe('held');
  });

  test('with the status alone nothing is proven', () => {
    expect(healthProof({ status: 'ok' }, versions)).toEqual({
      proof: 'answered',
      isDetailed: false,
    });
  });
});

describe('whether it is only this secret that makes an instance unwell', () => {
  const before = { versionId: 'v1' };
  const failing = (check: Partial<HealthCheckSeen>) => ok({ status: 'failing', ...check });
  test.each<[string, Record<string, HealthCheckSeen> | undefined, boolean]>([
    ['its check fails with a version from before', { db: failing(before), elsewhere }, true],
    ['its check works with a version from before', { db: ok(before), elsewhere }, true],
    [
      'its check fails with the new version',
      { db: failing({ versionId: 'v2' }), elsewhere },
      false,
    ],
    ['its check fails and says nothing', { db: failing({}), elsewhere }, false],
    [
      'another check fails, too',
      { db: failing(before), other: { ...elsewhere, status: 'failing' } },
      false,
    ],
    [
      'another check fails alone',
      { db: ok({ versionId: 'v2' }), other: { ...elsewhere, status: 'failing' } },
      false,
    ],
    [
      'one of its checks fails with the new version',
      { a: ok(before), b: failing({ versionId: 'v2' }) },
      false,
    ],
    ['it is not named', { elsewhere: { ...elsewhere, status: 'failing' } }, false],
    ['only the status is shown', undefined, false],
  ])('%s', (_what, checks, only) => {
    expect(onlyThisSecret({ status: 'failing', checks }, versions)).toBe(only);
  });
});
