import { createSecretKey, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ColumnSettings } from '../../client/fields/column.ts';
import type { FieldKeysOptions } from '../../client/fields/field-keys.ts';
import { FieldCipher, fieldKeys, SecretCache } from '../../client/index.ts';
import { CipherKey } from '../../domain/ciphertext/keys.ts';
import { type FormatSettings, formatOf } from '../../domain/ciphertext/registry.ts';
import { encryptionSettings, keyNumber, Rotating } from './keysets.ts';
import { InMemorySource, StandingSystem, turns } from './stand-ins.ts';

let system: StandingSystem;
let rotating: Rotating;

beforeEach(() => {
  system = new StandingSystem();
  rotating = new Rotating(encryptionSettings, system.now);
});

const columns: Record<string, ColumnSettings> = {
  'patients.ssn': { profile: 'row' },
  'patients.name': {
    profile: 'column',
    accepts: [
      { name: 'colon-gcm', order: 'iv:tag:data' },
      { name: 'raw', encoding: 'base64' },
      { name: 'fernet' },
    ],
  },
  'patients.note': { profile: 'none', plaintext: 'pass' },
  'patients.scan': { profile: 'column', format: 'qt1-bytes' },
};

function processOf(source: InMemorySource, more = columns, keys: FieldKeysOptions = {}) {
  const cache = new SecretCache(source, { parse: fieldKeys(keys), system });
  return { source, cache, cipher: new FieldCipher(cache, more, { system }) };
}
const fresh = () => processOf(new InMemorySource(rotating.text));
const refused = (code: string) => ({ code: `ERR_ROTATION_${code}` });

/** As the application wrote it before: under the key as it is. */
function legacy(settings: FormatSettings, plaintext: string, key = keyNumber(1, 32)) {
  const sealed = formatOf(settings).seal(
    Buffer.from(plaintext),
    new CipherKey({ kid: 'x', key: createSecretKey(key) }),
    { profile: 'none' },
    (bytes) => randomBytes(bytes),
    { at: system.now() },
  );
  return sealed as string;
}

describe('FieldCipher', () => {
  test('what is sealed opens again, whatever it is, and names the primary key and its profile', async () => {
    const { cipher } = fresh();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.integer(), async (text, id) => {
        const sealed = await cipher.encrypt('patients.ssn', text, [id]);
        expect(sealed).toMatch(new RegExp(`^qt1\\.${rotating.kid('primary')}\\.row\\.`));
        expect(await cipher.decrypt('patients.ssn', sealed, [id])).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test('bytes of a bytea column come and go as bytes', async () => {
    const scan = fresh().cipher.bytesColumn('patients.scan');
    const sealed = await scan.encrypt(Buffer.from([0xff, 0x00, 0xfe]));
    expect(Buffer.isBuffer(sealed)).toBe(true);
    expect(await scan.decryptBytes(sealed)).toEqual(Buffer.from([0xff, 0x00, 0xfe]));
    await expect(scan.decrypt(sealed)).rejects.toMatchObject(refused('PLAINTEXT_NOT_TEXT'));
  });

  test('a value does not open in another row, column or profile', async () => {
    const { cipher } = fresh();
    const inRow = await cipher.encrypt('patients.ssn', '123', [1]);
    await expect(cipher.decrypt('patients.ssn', inRow, [2])).rejects.toMatchObject(
      refused('CIPHERTEXT_REFUSED'),
    );
    await expect(cipher.decrypt('patients.name', inRow)).rejects.toMatchObject(
      refused('CIPHERTEXT_PROFILE'),
    );
    const unbound = await cipher.encrypt('patients.note', '123');
    await expect(cipher.decrypt('patients.name', unbound)).rejects.toMatchObject(
      refused('CIPHERTEXT_PROFILE'),
    );
  });

  test('a row that is missing, and one that binds nothing, are refused before anything is sealed', async () => {
    const { cipher } = fresh();
    const settings = refused('CLIENT_SETTINGS');
    await expect(cipher.encrypt('patients.ssn', '1')).rejects.toMatchObject(settings);
    await expect(cipher.encrypt('patients.name', '1', [1])).rejects.toMatchObject(settings);
    expect(cipher.seals().size).toBe(0);
  });

  test('no order of stale and fresh writers and readers leaves a value unreadable in a planned rotation', async () => {
    const versions = [rotating.text, rotating.publish().text, rotating.activate().text];
    for (let each = 0; each + 1 < versions.length; each += 1) {
      for (const writing of [each, each + 1]) {
        for (const reading of [each, each + 1]) {
          const writer = processOf(new InMemorySource(versions[writing] ?? '')).cipher;
          const reader = processOf(new InMemorySource(versions[reading] ?? '')).cipher;
          const sealed = await writer.encrypt('patients.name', 'Ann');
          expect(await reader.decrypt('patients.name', sealed)).toBe('Ann');
        }
      }
    }
  });

  test('an unknown kid is looked for by reading once; then it is refused, and a flood reads no more', async () => {
    const { source, cipher } = fresh();
    await cipher.ready();
    const newer = processOf(new InMemorySource(rotating.publish().activate().text)).cipher;
    const sealed = await newer.encrypt('patients.name', 'Ann');
    await expect(cipher.decrypt('patients.name', sealed)).rejects.toMatchObject(
      refused('CIPHERTEXT_KEY_UNKNOWN'),
    );
    expect(source.reads).toBe(2);
    system.later(10_000);
    source.put(rotating.text);
    expect(await cipher.decrypt('patients.name', sealed)).toBe('Ann');
    system.later(10_000);
    const foreign = sealed.replace(/^qt1\.[0-9a-f]{16}/, 'qt1.0123456789abcdef');
    for (let count = 0; count < 100; count += 1) {
      await expect(cipher.decrypt('patients.name', foreign)).rejects.toThrow();
    }
    expect(source.reads).toBe(4);
  });

  test('changed bytes of a value that names its key read nothing', async () => {
    const { source, cipher } = fresh();
    const sealed = await cipher.encrypt('patients.name', 'Ann');
    system.later(60_000);
    const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
    await expect(cipher.decrypt('patients.name', changed)).rejects.toThrow();
    expect(source.reads).toBe(1);
  });

  test('a value under a disabled key is refused by a name to alarm on', async () => {
    const { cipher } = fresh();
    const sealed = await cipher.encrypt('patients.name', 'Ann');
    const old = rotating.kid('primary');
    rotating.publish().activate().retire(old, 'disabled');
    await expect(fresh().cipher.decrypt('patients.name', sealed)).rejects.toMatchObject({
      name: 'DisabledKeyError',
      kid: old,
    });
  });

  test('older formats open, say that they need rotation, and are written anew as qt1', async () => {
    const { cipher } = fresh();
    const name = cipher.column('patients.name');
    for (const settings of [
      { name: 'colon-gcm', order: 'iv:tag:data' },
      { name: 'raw', encoding: 'base64' },
      { name: 'fernet' },
    ] as FormatSettings[]) {
      const stored = legacy(settings, 'Ann');
      expect(await name.decrypt(stored)).toBe('Ann');
      expect(await name.needsRotation(stored)).toBe(true);
    }
    expect(await name.needsRotation(await name.encrypt('Ann'))).toBe(false);
    await expect(name.decrypt('v1.aesgcm256.12345678.x')).rejects.toMatchObject(
      refused('CIPHERTEXT_UNDECLARED'),
    );
  });

  test('needsRotation tells apart key, format and profile, and opens nothing', async () => {
    const { cipher } = fresh();
    const old = await cipher.encrypt('patients.name', 'Ann');
    const unbound = await cipher.encrypt('patients.note', 'Ann');
    rotating.publish();
    expect(await fresh().cipher.needsRotation('patients.name', old)).toBe(false);
    rotating.activate();
    const after = fresh().cipher;
    expect(await after.needsRotation('patients.name', old)).toBe(true);
    expect(await after.needsRotation('patients.name', unbound)).toBe(true);
    const now = await after.encrypt('patients.name', 'Ann');
    expect(await after.needsRotation('patients.name', now)).toBe(false);
    expect(await after.needsRotation('patients.ssn', now)).toBe(true);
  });

  test('plaintext passes only where the column says so, and what announces itself never does', async () => {
    const { cipher } = fresh();
    expect(await cipher.decrypt('patients.note', 'call back on Monday')).toBe(
      'call back on Monday',
    );
    await expect(cipher.decrypt('patients.note', 'qt1.damaged')).rejects.toMatchObject(
      refused('CIPHERTEXT_MALFORMED'),
    );
    await expect(cipher.decrypt('patients.ssn', '123', [1])).rejects.toMatchObject(
      refused('CIPHERTEXT_MALFORMED'),
    );
    await expect(
      cipher.encrypt('patients.note', await cipher.encrypt('patients.note', 'x')),
    ).rejects.toMatchObject(refused('SEAL_REFUSED'));
  });

  test('a thousand values take one read; a batch meets a new key in its middle, and goes on', async () => {
    const { source, cipher } = fresh();
    const values = Array.from({ length: 1_000 }, (_, id) => ({ plaintext: `${id}`, row: [id] }));
    const sealed = await cipher.encryptMany('patients.ssn', values);
    expect(new Set(sealed.map((each) => each.slice(27, 43))).size).toBe(1_000);
    const newer = processOf(new InMemorySource(rotating.publish().activate().text)).cipher;
    sealed[500] = await newer.encrypt('patients.ssn', '500', [500]);
    source.put(rotating.text);
    system.later(10_000);
    const stored = sealed.map((each, id) => ({ stored: each, row: [id] }));
    expect(await cipher.decryptMany('patients.ssn', stored)).toEqual(
      values.map(({ plaintext }) => plaintext),
    );
    expect(source.reads).toBe(2);
    expect([...cipher.seals().values()]).toEqual([1_000]);
  });

  test('without waiting: what is at hand, and an unknown key is known to the next', async () => {
    const { source, cipher } = fresh();
    const name = cipher.column('patients.name');
    expect(() => name.encryptNow('Ann')).toThrow(
      expect.objectContaining(refused('SECRET_NOT_READY')),
    );
    await cipher.ready();
    expect(name.decryptNow(name.encryptNow('Ann'))).toBe('Ann');
    const newer = processOf(new InMemorySource(rotating.publish().activate().text)).cipher;
    const sealed = await newer.encrypt('patients.name', 'Ann');
    source.put(rotating.text);
    system.later(10_000);
    expect(() => name.decryptNow(sealed)).toThrow(
      expect.objectContaining(refused('CIPHERTEXT_KEY_UNKNOWN')),
    );
    await turns();
    expect(name.decryptNow(sealed)).toBe('Ann');
    expect(name.needsRotationNow(sealed)).toBe(false);
  });

  test('before the first rotation: reads what the application wrote, writes as it did, and the first keyset reads both', async () => {
    const { encoding, bits } = encryptionSettings;
    const raw = { name: 'raw', encoding: 'base64' } as const;
    const settings: ColumnSettings = {
      profile: 'column',
      accepts: [raw],
      beforeKeyset: raw,
    };
    const source = new InMemorySource(keyNumber(7, 32).toString('base64'));
    const { cipher } = processOf(source, { 'a.b': settings }, { plain: { encoding, bits } });
    const before = await cipher.encrypt('a.b', 'Ann');
    expect(before.startsWith('qt1')).toBe(false);
    expect(await cipher.decrypt('a.b', before)).toBe('Ann');
    expect(await cipher.needsRotation('a.b', before)).toBe(false);
    const adopted = new Rotating(encryptionSettings, system.now, keyNumber(7, 32));
    source.put(adopted.text);
    system.later(120_000);
    expect(await cipher.decrypt('a.b', before)).toBe('Ann');
    expect(await cipher.needsRotation('a.b', before)).toBe(true);
    expect(await cipher.encrypt('a.b', 'Ann')).toContain(adopted.kid('primary'));

    const without = processOf(
      new InMemorySource(keyNumber(7, 32).toString('base64')),
      { 'a.b': { profile: 'column' } },
      { plain: { encoding, bits } },
    );
    await expect(without.cipher.encrypt('a.b', 'Ann')).rejects.toMatchObject(
      refused('KEYSET_MISSING'),
    );
  });

  test('regression: the first rotation gives the key a name, and whoever still holds the key without one opens what is sealed under it', async () => {
    const { encoding, bits } = encryptionSettings;
    const plain = { plain: { encoding, bits } };
    const raw = { name: 'raw', encoding: 'base64' } as const;
    const settings = { 'a.b': { profile: 'row', accepts: [raw], beforeKeyset: raw } } as const;
    const adopted = new Rotating(encryptionSettings, system.now, keyNumber(7, 32)).publish();
    const newer = processOf(new InMemorySource(adopted.text), settings, plain).cipher;
    const sealed = await newer.encrypt('a.b', 'Ann', ['1']);
    expect(sealed).toContain(adopted.kid('primary'));
    // It cannot read the secret again: its value was injected, or Secrets Manager does not answer.
    const text = keyNumber(7, 32).toString('base64');
    const { cipher } = processOf(new InMemorySource(text, false), settings, plain);
    const older = await cipher.encrypt('a.b', 'Bob', ['2']);
    expect(await cipher.decrypt('a.b', sealed, ['1'])).toBe('Ann');
    expect(cipher.column('a.b').decryptNow(sealed, ['1'])).toBe('Ann');
    expect((await cipher.column('a.b').decryptBytes(sealed, ['1'])).toString()).toBe('Ann');
    const both = [
      { stored: sealed, row: ['1'] },
      { stored: older, row: ['2'] },
    ];
    expect(await cipher.decryptMany('a.b', both)).toEqual(['Ann', 'Bob']);
    // The name opens nothing: key, column and row have to fit.
    await expect(cipher.decrypt('a.b', sealed, ['2'])).rejects.toMatchObject(
      refused('CIPHERTEXT_REFUSED'),
    );
    // Who can read does so first: it may be a key that came since.
    const source = new InMemorySource(text);
    const reading = processOf(source, settings, plain).cipher;
    await reading.ready();
    adopted.activate();
    source.put(adopted.text);
    const latest = processOf(new InMemorySource(adopted.text), settings, plain).cipher;
    const under = await latest.encrypt('a.b', 'Cyd', ['3']);
    expect(await reading.decrypt('a.b', under, ['3'])).toBe('Cyd');
  });

  test('refuses what is no column, a column of another type, and a format that cannot be bound', async () => {
    const { cache, cipher } = fresh();
    expect(() => cipher.column('patients.age')).toThrow(
      expect.objectContaining(refused('COLUMN_UNKNOWN')),
    );
    expect(() => cipher.column('__proto__')).toThrow(
      expect.objectContaining(refused('COLUMN_UNKNOWN')),
    );
    expect(() => cipher.column('patients.scan')).toThrow(
      expect.objectContaining(refused('CLIENT_SETTINGS')),
    );
    for (const settings of [
      { profile: 'row', format: 'cloak' },
      { profile: 'column', beforeKeyset: { name: 'raw-bytes' } },
    ] as ColumnSettings[]) {
      expect(() => new FieldCipher(cache, { 'a.b': settings })).toThrow(
        expect.objectContaining(refused('CLIENT_SETTINGS')),
      );
    }
    await expect(
      cipher.decrypt('patients.name', Buffer.from('x') as unknown as string),
    ).rejects.toMatchObject(refused('CLIENT_SETTINGS'));
  });

  test('the jwt secret in the place of the encryption secret is refused when it is read', async () => {
    const text = new Rotating(
      { field: 'ENCRYPTION_KEY', alg: 'HS256', bits: 256, encoding: 'base64' },
      system.now,
    ).text;
    await expect(processOf(new InMemorySource(text)).cipher.ready()).rejects.toMatchObject({
      message: expect.stringContaining('one for tokens (HS256)'),
    });
  });
});
