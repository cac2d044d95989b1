import { describe, expect, test } from '@jest/globals';
import {
  acceptForSeconds,
  type Manifest,
  manifestOf,
  manifestSchema,
} from '../../../domain/config/manifest.ts';
import {
  decodeManifest,
  encodeManifest,
  readManifest,
} from '../../../domain/config/manifest-parts.ts';
import { secretNameOfArn } from '../../../domain/config/names.ts';
import { defineRotation, type RotationConfig } from '../../../domain/config/rotation-config.ts';
import pharmacy from '../../../rotation.config.ts';

const small = manifestOf(pharmacy);
/** Multi-byte names, so that a cut in the middle of a character would show. */
const large = {
  ...small,
  secrets: Array.from({ length: 60 }, (_, index) => ({
    kind: 'userManaged' as const,
    key: `key${index}`,
    name: `pharmacy/prod/key${index}`,
    purpose: 'für die Apotheke € '.repeat(20),
  })),
};

describe('manifest', () => {
  test('says what people could read, where the configuration does', () => {
    const from = ['arn:aws:iam::111122223333:role/hr'];
    const triggers = { offboarding: { from, people: { ada: ['jwt'] } } };
    expect(manifestOf(defineRotation({ ...pharmacy, triggers })).people).toEqual({ ada: ['jwt'] });
    expect(small).not.toHaveProperty('people');
  });

  test('names who is told and the contact sheet; how people are reached only when asked to', () => {
    const contacts = {
      security: ['security@example.com'],
      chat: { product: { slack: { workspaceId: 'T0123ABCD', channelId: 'C0123ABCD' } } },
      people: [{ role: 'dba' as const, name: 'Ada', reach: '+49 30 000000' }],
      reviewedOn: '2026-01-31',
    };
    const told = manifestOf(defineRotation({ ...pharmacy, contacts })).contacts;
    expect(told).toEqual({
      audiences: ['security', 'product'],
      people: [{ role: 'dba', name: 'Ada' }],
      reviewedOn: '2026-01-31',
      reviewEveryDays: 90,
    });
    const open = manifestOf(
      defineRotation({ ...pharmacy, contacts: { ...contacts, publishReach: true } }),
    );
    expect(open.contacts?.people[0]?.reach).toBe('+49 30 000000');
    expect(JSON.stringify(open)).not.toContain('security@example.com');
  });

  test('names what cadence needs of a secret', () => {
    expect(small.secrets.find(({ key }) => key === 'pii')).toMatchObject({
      kind: 'encryption',
      name: 'pharmacy/prod/pii',
      function: 'quarterturn-pharmacy-prod-pii',
      origin: 'new',
      armed: true,
      cadenceDays: 90,
      leadDays: 5,
      readerCacheSeconds: 300,
    });
  });

  test('fits its own schema', () => {
    expect(manifestSchema.parse(small)).toEqual(small);
  });

  test('names what moves rows to a new key, and nothing where none follow', () => {
    const { pii, db, rowsDb, dbAdmin } = pharmacy.secrets;
    if (pii?.kind !== 'encryption' || !db || !rowsDb || !dbAdmin)
      throw new Error('not the example');
    const { reencryption: _, ...still } = pii;
    const others = { db, rowsDb, dbAdmin };
    const said = (of: typeof pii) => {
      const manifest = manifestOf(
        defineRotation({ ...pharmacy, secrets: { pii: of, ...others }, consumers: [] }),
      );
      expect(manifestSchema.parse(manifest)).toEqual(manifest);
      const [secret] = manifest.secrets;
      return [manifest.reencryptionMachine, Reflect.get(secret ?? {}, 'reencryption')];
    };
    expect(said(still as typeof pii)).toEqual([undefined, undefined]);
    expect(
      said({
        ...pii,
        reencryption: {
          login: 'rowsDb',
          mode: 'maintenance',
          workers: 3,
          backupRetention: '35d',
          stores: [{ name: 'archive', backupRetention: 'forever' }],
        },
      }),
    ).toEqual([
      'quarterturn-pharmacy-prod-reencryption',
      {
        function: 'quarterturn-pharmacy-prod-rows-pii',
        login: 'rowsDb',
        mode: 'maintenance',
        workers: 3,
        stores: ['archive'],
      },
    ]);
  });

  test('says how the consumers of a database connect; a manifest of 0.1, which does not, is read', () => {
    const db = small.secrets.find(({ key }) => key === 'db');
    expect(db).toMatchObject({ connection: 'direct' });
    const { connection: _, ...older } = db as { connection?: string };
    const manifest = { ...small, secrets: [older] };
    expect(manifestSchema.parse(manifest)).toEqual(manifest);
  });

  test('an adopted secret keeps its name and is not armed', () => {
    const jwt = pharmacy.secrets.jwt;
    if (jwt?.kind !== 'jwt') throw new Error('the example has a jwt secret');
    const adopted = defineRotation({
      ...pharmacy,
      secrets: {
        jwt: {
          ...jwt,
          adopt: {
            secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:old/one-AbCdEf',
            kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/0b1c',
          },
        },
      },
      consumers: [],
    });
    expect(manifestOf(adopted).secrets).toMatchObject([
      { name: 'old/one', origin: 'adopted', armed: false },
    ]);
  });

  test('old tokens are accepted for signer cache, longest token and a minute of clock leeway', () => {
    const times = { signerCache: '5m', longestToken: '30d' };
    expect(acceptForSeconds(times, 0)).toBe(300 + 30 * 86_400 + 60);
  });

  test('with signers that learn only by a start they are accepted until the last of them is started, and on', () => {
    const { jwt } = pharmacy.secrets;
    if (jwt === undefined) throw new RangeError('The example has no jwt secret.');
    const acceptedIn = (config: RotationConfig) =>
      manifestOf(config).secrets.flatMap((secret) =>
        secret.kind === 'jwt' && secret.key === 'jwt' ? secret.acceptForSeconds : [],
      )[0];
    const started = (name: string, reads: string[]) => ({
      ...{ name, reads, steadyWithin: '10m' },
      restart: { by: 'ecs' as const, cluster: 'c', service: name },
    });
    const refreshing = { name: 'api', reads: ['jwt'], steadyWithin: '10m' };
    const config = (...consumers: RotationConfig['consumers']): RotationConfig => ({
      ...pharmacy,
      ...{ secrets: { jwt, other: jwt }, consumers },
    });
    const without = acceptedIn(config(refreshing)) ?? 0;
    expect(acceptedIn(config(refreshing, started('other', ['other'])))).toBe(without);
    // Two, one after the other: each may first wait for another rotation, and 15 minutes after the canary.
    expect(acceptedIn(config(refreshing, started('web', ['jwt']), started('depot', ['jwt'])))).toBe(
      without - 300 + 2 * (2 * 600 + 900),
    );
  });
});

describe('parts', () => {
  test('a small manifest is one part', () => {
    expect(encodeManifest(small)).toHaveLength(1);
  });

  test('what was encoded is decoded again, in one part or many', () => {
    expect(encodeManifest(large).length).toBeGreaterThan(2);
    for (const manifest of [small, large]) {
      expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    }
  });

  test('no part exceeds the 8 KB of an Advanced parameter', () => {
    for (const part of encodeManifest(large)) {
      expect(Buffer.byteLength(part)).toBeLessThanOrEqual(8192);
    }
  });

  test('the first part says how many to read', async () => {
    const parts = encodeManifest(large);
    const asked: number[] = [];
    const read = await readManifest(async (part) => {
      asked.push(part);
      return parts[part - 1] ?? '';
    });
    expect(read).toEqual(large);
    expect(asked).toEqual(parts.map((_, index) => index + 1));
  });

  test('parts that are missing or swapped are refused', () => {
    const parts = encodeManifest(large);
    for (const wrong of [parts.slice(1), parts.slice(0, -1), [...parts].reverse()]) {
      expect(() => decodeManifest(wrong)).toThrow(
        expect.objectContaining({ code: 'ERR_ROTATION_MANIFEST_INVALID' }),
      );
    }
  });

  test('a part of another deployment in between is refused', () => {
    const [first = ''] = encodeManifest({ ...large, name: 'pharmacz' });
    const [, ...rest] = encodeManifest(large);
    expect(() => decodeManifest([first, ...rest])).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_MANIFEST_INVALID' }),
    );
  });

  test.each([
    ['something else', 'hello'],
    ['a text that is not the one of its digest', 'quarterturn-manifest 1/1 0123456789abcdef\n{}'],
  ])('%s is refused', (_title, text) => {
    expect(() => decodeManifest([text])).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_MANIFEST_INVALID' }),
    );
  });
});

test('another version is refused by naming the field', () => {
  const parts = encodeManifest({ ...small, version: 2 } as never);
  expect(() => decodeManifest(parts)).toThrow(/does not fit at "version"/);
});

describe('names', () => {
  test('a full ARN loses the six characters of Secrets Manager', () => {
    expect(
      secretNameOfArn('arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-c-AbCdEf'),
    ).toBe('a/b-c');
  });

  test('a partial ARN is refused', () => {
    expect(() =>
      secretNameOfArn('arn:aws:secretsmanager:eu-west-1:123456789012:secret:name'),
    ).toThrow(expect.objectContaining({ code: 'ERR_ROTATION_SECRET_ARN_INVALID' }));
  });
});

describe('what is known only at deployment', () => {
  /** As SSM holds it once CloudFormation has put the values in. */
  const written = (parts: readonly string[], values: Readonly<Record<string, string>>) =>
    parts.map((part) => part.replaceAll(/<(\w+)>/g, (_, name: string) => values[name] ?? ''));
  const deferredOf = (manifest: Manifest) => {
    const secrets = manifest.secrets.map((secret) =>
      secret.kind === 'database'
        ? { ...secret, host: { deferred: 0 }, port: { deferredNumber: 1 } }
        : secret,
    );
    return encodeManifest({ ...manifest, secrets }, [
      { json: '"<host>"', bytes: 160 },
      { json: '"<port>"', bytes: 20 },
    ]);
  };
  const values = { host: 'db.example.com', port: '5433' };

  test.each([
    ['one part', () => small],
    ['many', () => large],
  ])('is filled in when it is read, in %s', (_title, manifest) => {
    const read = decodeManifest(written(deferredOf(manifest()), values));
    expect(read).toEqual({
      ...manifest(),
      secrets: manifest().secrets.map((secret) =>
        secret.kind === 'database' ? { ...secret, host: 'db.example.com', port: 5433 } : secret,
      ),
    });
  });

  test('leaves room for it in the first part', () => {
    const [first = ''] = written(deferredOf(large), { host: 'h'.repeat(158), port: '5433' });
    expect(Buffer.byteLength(first)).toBeLessThanOrEqual(8192);
  });

  test('stands in one parameter alone, so that two deployments cannot mix in it', () => {
    const parts = deferredOf(large);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.filter((part) => part.includes('<'))).toEqual([parts[0]]);
    const changed = { ...large, name: 'pharmacz' };
    const [first = ''] = written(deferredOf(changed), values);
    const [, ...rest] = written(parts, values);
    expect(() => decodeManifest([first, ...rest])).toThrow(/not of one text/);
  });

  test.each([
    ['that is no list', { host: 'a"b', port: '5433' }, /holds a quote/],
    ['of the wrong type', { host: 'db.example.com', port: 'none' }, /does not fit at "secrets/],
  ])('%s is refused', (_title, wrong, message) => {
    expect(() => decodeManifest(written(deferredOf(small), wrong))).toThrow(message);
  });

  test('a text that names more than the list has is refused', () => {
    const parts = encodeManifest({ ...small, name: { deferred: 1 } }, [{ json: '"x"', bytes: 8 }]);
    expect(() => decodeManifest(parts)).toThrow(/names the deferred value 1 of 1/);
  });

  test('more than one parameter holds is refused when it is encoded', () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ json: `"${index}"`, bytes: 160 }));
    expect(() => encodeManifest(small, many)).toThrow(/60 values .* split the deployment/);
  });
});
