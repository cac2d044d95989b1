/** Items 61 to 63: keysets that are none, in the forms this project has: no JWK, no RSA, one JSON document. */
import { createHash } from 'node:crypto';
import { kidOf } from '../../domain/secrets/kid.ts';
import type { Row } from './row.ts';
import { onStage, type Scene, step } from './stage.ts';

export type KeysetKind = 'jwt' | 'encryption';

const alg = { jwt: 'HS512', encryption: 'A256GCM' } as const;
const field = { jwt: 'JWT_SECRET', encryption: 'ENCRYPTION_KEY' } as const;
const readable = { jwt: 'verifyOnly', encryption: 'decryptOnly' } as const;
const at = '2026-05-17T17:00:02.000Z';

/** The same in every run; 32 bytes for AES, 64 for HS512. */
export const keyOf = (kind: KeysetKind, number: number): Buffer =>
  createHash('sha512')
    .update(`${kind} ${number}`)
    .digest()
    .subarray(0, kind === 'jwt' ? 64 : 32);

type Fields = Record<string, unknown>;
export interface Draft {
  field: unknown;
  keyset: Fields & { keys: Fields[] };
}

export function entryOf(key: Buffer, more: Fields = {}): Fields {
  return { kid: kidOf(key), k: key.toString('base64'), createdAt: at, ...more };
}

/** A primary key and an older one, as a rotation leaves them. */
export function draftOf(kind: KeysetKind): Draft {
  const [first, second] = [keyOf(kind, 1), keyOf(kind, 2)];
  const until = kind === 'jwt' ? { acceptUntil: '2027-05-17T17:00:02.000Z' } : {};
  return {
    field: first.toString('base64'),
    keyset: {
      version: 1,
      alg: alg[kind],
      encoding: 'base64',
      rotation: { intent: 'planned', token: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb' },
      keys: [
        entryOf(first, { state: 'primary', primarySince: at }),
        entryOf(second, { state: readable[kind], primarySince: at, ...until }),
      ],
    },
  };
}

export const textOf = (kind: KeysetKind, draft: Draft, canary: string): string =>
  JSON.stringify({ [field[kind]]: draft.field, note: canary, keyset: draft.keyset });

type Change = (draft: Draft, canary: string, kind: KeysetKind) => void;
const collision = 'ERR_ROTATION_KID_COLLISION' as const;
type Bad = [item: number, title: string, change: Change, code?: Row['code']];

const primary =
  (fields: Fields): Change =>
  ({ keyset }) => {
    Object.assign(keyset.keys[0] as Fields, fields);
  };
const earlier =
  (fields: Fields): Change =>
  ({ keyset }) => {
    Object.assign(keyset.keys[1] as Fields, fields);
  };
const whole =
  (fields: Fields): Change =>
  ({ keyset }) => {
    Object.assign(keyset, fields);
  };
/** Another key as primary, its kid and the flat field with it. */
const withKey =
  (make: (key: Buffer) => { key: Buffer; text?: string }): Change =>
  (draft, _canary, kind) => {
    const { key, text = key.toString('base64') } = make(keyOf(kind, 1));
    draft.field = text;
    Object.assign(draft.keyset.keys[0] as Fields, { kid: kidOf(key), k: text });
  };

const bad: readonly Bad[] = [
  ...['none', 'HS257', 'RS256', 'ES256', 'hs512', '', null, 7, ['HS512']].map(
    (name): Bad => [61, `alg ${JSON.stringify(name)}`, whole({ alg: name })],
  ),
  [61, 'no alg', whole({ alg: undefined })],
  [
    61,
    'the algorithm of the other kind',
    (draft, _canary, kind) =>
      whole({ alg: alg[kind === 'jwt' ? 'encryption' : 'jwt'] })(draft, '', kind),
  ],
  [61, 'an encoding that is none', whole({ encoding: 'base58' })],
  [61, 'another encoding than the configured one', whole({ encoding: 'hex' })],
  [61, 'version 2', whole({ version: 2 })],
  [61, 'version "1"', whole({ version: '1' })],
  [61, 'no version', whole({ version: undefined })],
  [
    61,
    'a member nobody knows',
    (draft, canary) => whole({ kty: 'oct', [canary]: 1 })(draft, canary, 'jwt'),
  ],
  [61, 'keys that are an object', whole({ keys: {} })],
  [
    61,
    'a keyset that is a JWK Set',
    (draft, canary) => {
      draft.keyset = { keys: [{ kty: 'oct', k: canary }] };
    },
  ],
  [61, 'a key that is a JWK', primary({ kty: 'oct', use: 'sig' })],
  [61, 'a key that is a public one', primary({ k: undefined, n: 'x', e: 'AQAB' })],
  [61, 'a key that is null', ({ keyset }) => void keyset.keys.splice(1, 1, null as never)],
  [61, 'no k', primary({ k: undefined })],
  [61, 'k that is empty', primary({ k: '' })],
  [61, 'k that is a list', (draft, canary) => primary({ k: [canary] })(draft, canary, 'jwt')],
  [
    61,
    'k that is a wrong text',
    (draft, canary) => primary({ k: `!${canary}!` })(draft, canary, 'jwt'),
  ],
  [61, 'a kid that is not of its key', primary({ kid: '0123456789abcdef' })],
  ...[
    '../',
    '../../etc/passwd',
    '',
    '0123456789ABCDEF',
    '0123456789abcde',
    '0123456789abcdef0',
    '0123456789abcdeg',
    '0123456789abcdef\n',
    '__proto__',
    null,
    1e15,
  ].map((kid): Bad => [61, `the kid ${JSON.stringify(kid)}`, earlier({ kid })]),
  [
    61,
    'a kid made of the canary',
    (draft, canary) => earlier({ kid: canary })(draft, canary, 'jwt'),
  ],
  [61, 'one entry twice', ({ keyset }) => void keyset.keys.push({ ...keyset.keys[1] }), collision],
  [
    61,
    'one kid for two keys, both adopted',
    ({ keyset }, _canary, kind) =>
      void keyset.keys.push({
        ...keyset.keys[1],
        k: keyOf(kind, 3).toString('base64'),
        adopted: true,
      }),
    collision,
  ],
  [
    61,
    'one key under two kids',
    ({ keyset }) =>
      void keyset.keys.push({ ...keyset.keys[1], kid: '0123456789abcdef', adopted: true }),
  ],
  ...['active', 'retired', 'Primary', 'revoked ', '__proto__', '', null, 'pending'].map(
    (state): Bad => [61, `the state ${JSON.stringify(state)}`, earlier({ state })],
  ),
  [
    61,
    'a state of the other kind',
    (draft, _canary, kind) =>
      earlier({ state: readable[kind === 'jwt' ? 'encryption' : 'jwt'] })(draft, '', kind),
  ],
  [
    61,
    'a tombstone with its key',
    (draft, _canary, kind) =>
      earlier({
        state: kind === 'jwt' ? 'revoked' : 'pruned',
        revokedAt: at,
        prunedAt: at,
        acceptUntil: undefined,
      })(draft, '', kind),
  ],
  [61, 'a primary key without primarySince', primary({ primarySince: undefined })],
  [61, 'a primary key with acceptUntil', primary({ acceptUntil: at })],
  [61, 'a key without createdAt', earlier({ createdAt: undefined })],
  ...[
    '2026-05-17',
    '2026-02-30T00:00:00.000Z',
    '2016-12-31T23:59:60.000Z',
    '2026-05-17T17:00:02+02:00',
    'NaN',
    1,
    '',
  ].map((createdAt): Bad => [61, `createdAt ${JSON.stringify(createdAt)}`, earlier({ createdAt })]),
  [61, 'adopted that is false', earlier({ adopted: false })],
  [61, 'a primary key that is marked neverPrimary', primary({ neverPrimary: true })],
  [61, 'a rotation without its token', whole({ rotation: { intent: 'planned' } })],
  [
    61,
    'a rotation with an object in it',
    (draft, canary) =>
      whole({ rotation: { intent: 'planned', token: 'x', more: { canary } } })(
        draft,
        canary,
        'jwt',
      ),
  ],
  [61, 'basedOn that is a number', whole({ basedOn: 7 })],
  [
    61,
    'a field that is another key',
    (draft, _canary, kind) => {
      draft.field = keyOf(kind, 2).toString('base64');
    },
  ],
  [62, 'no keys', whole({ keys: [] })],
  [62, 'no primary key', ({ keyset }) => void keyset.keys.shift()],
  [62, 'two primary keys', earlier({ state: 'primary', acceptUntil: undefined })],
  [
    62,
    'two published keys',
    ({ keyset }, _canary, kind) =>
      void keyset.keys.push(
        ...[3, 4].map((number) => entryOf(keyOf(kind, number), { state: 'published' })),
      ),
  ],
  [
    62,
    'a primary key that is a tombstone',
    primary({ state: 'pruned', k: undefined, prunedAt: at }),
  ],
  [63, 'a key of one byte less', withKey((key) => ({ key: key.subarray(1) }))],
  [63, 'a key of one byte more', withKey((key) => ({ key: Buffer.concat([key, Buffer.of(1)]) }))],
  [63, 'a key of 16 bytes', withKey((key) => ({ key: key.subarray(0, 16) }))],
  [
    63,
    'an earlier key of one byte less',
    ({ keyset }, _canary, kind) =>
      Object.assign(keyset.keys[1] as Fields, entryOf(keyOf(kind, 2).subarray(1))),
  ],
  [
    63,
    'base64url for base64',
    withKey(() => {
      const key = Buffer.alloc(64, 0xfb);
      return { key, text: key.toString('base64url') };
    }),
  ],
  [
    63,
    'base64 without its padding',
    withKey((key) => ({ key, text: key.toString('base64').replace(/=+$/, '') })),
  ],
  [
    63,
    'base64 in two lines',
    withKey((key) => ({ key, text: key.toString('base64').replace(/^(.{8})/, '$1\n') })),
  ],
  [
    63,
    'base64 with bits behind its end',
    withKey((key) => ({ key, text: key.toString('base64').replace(/.(=+)$/, 'B$1') })),
  ],
  [63, 'hex for base64', withKey((key) => ({ key, text: key.toString('hex') }))],
  [
    63,
    'a kid with the bytes of another key',
    (draft, _canary, kind) => earlier({ k: keyOf(kind, 3).toString('base64') })(draft, '', kind),
  ],
];

const ownLabel = ['controlTable.fixRotation', 'secretsManager.moveLabel'];
const places: readonly [string, (value: string) => Scene, object, (readonly string[])?][] = [
  ['AWSCURRENT at createSecret', (current) => ({ current }), step('createSecret'), ownLabel],
  ['AWSPREVIOUS at createSecret', (previous) => ({ previous }), step('createSecret'), ownLabel],
  [
    'AWSPENDING at setSecret',
    (pending) => ({ pending, after: ['createSecret'] }),
    step('setSecret'),
  ],
  [
    'AWSPENDING at finishSecret',
    (pending) => ({ pending, after: ['createSecret', 'setSecret', 'testSecret'] }),
    step('finishSecret'),
  ],
];
const kinds = ['jwt', 'encryption'] as const;

/** The place goes round; every change meets both kinds. */
export const rows: readonly Row[] = bad.flatMap(([item, what, change, code], index) =>
  kinds.map((kind): Row => {
    const [where, scene, event, bookkeeping] = places[
      index % places.length
    ] as (typeof places)[number];
    return {
      item,
      title: `${what}, in ${where} of ${kind}`,
      code: code ?? 'ERR_ROTATION_SECRET_INVALID',
      ...(bookkeeping && { bookkeeping }),
      attempt(canary) {
        const draft = draftOf(kind);
        change(draft, canary, kind);
        return onStage(kind, scene(textOf(kind, draft, canary)), event);
      },
    };
  }),
);
