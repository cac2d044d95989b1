/** Items 26 to 37: what a version may hold, in every kind of secret and wherever a step reads it. */

import type { Stored } from './in-memory-secret.ts';
import type { Row } from './row.ts';
import { databaseValue, goodValue, type Kind, onStage, type Scene, step } from './stage.ts';

/** The field that holds the secret itself. */
const fieldOf: Record<Kind, string> = {
  jwt: 'JWT_SECRET',
  encryption: 'ENCRYPTION_KEY',
  database: 'password',
  singleUser: 'password',
};

type Bad = [item: number, title: string, value: (canary: string, kind: Kind) => Stored];

const bad: readonly Bad[] = [
  [26, 'SecretBinary', (canary) => ({ binary: canary })],
  [27, 'an empty text', () => ''],
  [27, 'blanks', () => ' \n\t '],
  [28, 'a text that is no JSON', (canary) => `hunter2 ${canary}`],
  [28, 'a DSN', (canary) => `postgres://app:${canary}@db.example.com/app`],
  [29, 'truncated JSON', (canary, kind) => `{"${fieldOf[kind]}":"${canary}`],
  [29, 'JSON with text behind', (canary, kind) => `{"${fieldOf[kind]}":"${canary}"} ${canary}`],
  [29, 'JSON with a trailing comma', (canary, kind) => `{"${fieldOf[kind]}":"${canary}",}`],
  [29, 'JSON with single quotes', (canary, kind) => `{'${fieldOf[kind]}':'${canary}'}`],
  [29, 'JSON with a wrong escape', (canary, kind) => `{"${fieldOf[kind]}":"${canary}\\x"}`],
  [29, 'JSON with a line break in a text', (canary, kind) => `{"${fieldOf[kind]}":"${canary}\n"}`],
  [30, 'null', () => 'null'],
  [30, 'a list', (canary) => `["${canary}"]`],
  [30, 'a JSON text', (canary) => `"${canary}!"`],
  [30, 'a number', () => '1'],
  [30, 'an object without fields', () => '{}'],
  [30, 'a field that is no text', (_canary, kind) => `{"${fieldOf[kind]}":7}`],
  [31, 'a byte order mark', (canary, kind) => `\ufeff{"${fieldOf[kind]}":"${canary}"}`],
  [
    32,
    'a field twice',
    (canary, kind) => `{"${fieldOf[kind]}":"${canary}","${fieldOf[kind]}":"x"}`,
  ],
  [
    32,
    'a field twice, once escaped',
    (canary, kind) =>
      `{"${fieldOf[kind]}":"${canary}","\\u${fieldOf[kind].charCodeAt(0).toString(16).padStart(4, '0')}${fieldOf[kind].slice(1)}":"x"}`,
  ],
  [
    32,
    'a field twice further in',
    (canary, kind) => `{"${fieldOf[kind]}":"x","a":{"b":"${canary}","b":1}}`,
  ],
  [33, '__proto__', (canary) => `{"__proto__":{"password":"${canary}"}}`],
  [
    33,
    '__proto__ further in',
    (canary, kind) => `{"${fieldOf[kind]}":"x","a":{"__proto__":"${canary}"}}`,
  ],
  [33, '__proto__, escaped', (canary) => `{"\\u005f_proto__":"${canary}"}`],
  [
    34,
    '65,537 bytes',
    (canary, kind) => padded(`{"${fieldOf[kind]}":"${canary}","note":"`, 65_537),
  ],
  [
    34,
    '65,537 bytes in fewer characters',
    (canary, kind) => `{"${fieldOf[kind]}":"${canary}","note":"${'é'.repeat(32_750)}"}`,
  ],
  [34, '1 MB', (canary, kind) => padded(`{"${fieldOf[kind]}":"${canary}","note":"`, 1_048_576)],
  [
    34,
    '10,000 brackets',
    (canary, kind) => `{"${fieldOf[kind]}":"${canary}","note":${'['.repeat(10_000)}`,
  ],
  [
    35,
    'half a surrogate pair, escaped',
    (canary, kind) => `{"${fieldOf[kind]}":"${canary}\\ud800"}`,
  ],
  [35, 'half a surrogate pair', (canary, kind) => `{"${fieldOf[kind]}":"${canary}\udc00"}`],
  [35, 'half a surrogate pair in a name', (canary) => `{"\\udfff${canary}":"x"}`],
];

/** Ends a JSON text so that it has that many bytes. */
function padded(start: string, bytes: number): string {
  return `${start.padEnd(bytes - 2, 'x')}"}`;
}

interface Place {
  title: string;
  event: object;
  scene(value: Stored, kind: Kind): Promise<Scene>;
  bookkeeping?: readonly string[];
}

const ownLabel = ['controlTable.fixRotation', 'secretsManager.moveLabel'];
const places: readonly Place[] = [
  {
    title: 'AWSCURRENT at createSecret',
    event: step('createSecret'),
    scene: async (current) => ({ current }),
    bookkeeping: ownLabel,
  },
  {
    title: 'AWSPREVIOUS at createSecret',
    event: step('createSecret'),
    scene: async (previous) => ({ previous }),
    bookkeeping: ownLabel,
  },
  {
    title: 'AWSPENDING at setSecret',
    event: step('setSecret'),
    scene: async (pending) => ({ pending, after: ['createSecret'] }),
  },
  {
    title: 'AWSCURRENT at setSecret',
    event: step('setSecret'),
    scene: async (current, kind) => ({
      current,
      pending: await goodValue(kind, 'app_b'),
      after: ['createSecret'],
    }),
  },
  {
    title: 'AWSPENDING at testSecret',
    event: step('testSecret'),
    scene: async (pending) => ({ pending, after: ['createSecret', 'setSecret'] }),
  },
  {
    title: 'AWSPENDING at finishSecret',
    event: step('finishSecret'),
    scene: async (pending) => ({ pending, after: ['createSecret', 'setSecret', 'testSecret'] }),
  },
];

const kinds: readonly Kind[] = ['jwt', 'encryption', 'database'];

/** Every kind in the first place, and in the others in turn: each value meets each kind and each place. */
const inVersions: readonly Row[] = bad.flatMap(([item, what, value], index) =>
  places.flatMap(({ title, event, scene, bookkeeping }, place) => {
    const chosen = place === 0 ? kinds : [kinds[(index + place) % kinds.length] as Kind];
    return chosen.map(
      (kind): Row => ({
        item,
        title: `${what} as ${title} of ${kind}`,
        code: item === 26 ? 'ERR_ROTATION_BINARY_SECRET' : codeOf(kind, what),
        ...(bookkeeping && { bookkeeping }),
        attempt: async (canary) => onStage(kind, await scene(value(canary, kind), kind), event),
      }),
    );
  }),
);

/** What is an object, but lacks the fields of a database, is a wrong value; all else is no JSON document. */
function codeOf(kind: Kind, what: string): `ERR_ROTATION_${string}` {
  const isDocument = ['an object without fields', 'a field that is no text'].includes(what);
  return kind === 'database' && isDocument
    ? 'ERR_ROTATION_DATABASE_VALUE'
    : 'ERR_ROTATION_SECRET_INVALID';
}

/** The credential that another secret lends: the admin of a database. */
const inCompanion: readonly Row[] = bad.map(([item, what, value]) => ({
  item,
  title: `${what} as the value of the admin's secret`,
  code:
    item === 26
      ? 'ERR_ROTATION_BINARY_SECRET'
      : ['an object without fields', 'a field that is no text'].includes(what)
        ? 'ERR_ROTATION_ADMIN_INVALID'
        : 'ERR_ROTATION_COMPANION',
  attempt: async (canary) =>
    onStage(
      'database',
      {
        current: databaseValue(),
        pending: databaseValue({ username: 'app_b' }),
        companion: value(canary, 'database'),
        after: ['createSecret'],
      },
      step('setSecret'),
    ),
}));

const configurationTest: readonly Row[] = bad
  .filter(([item]) => item !== 27)
  .map(([item, what, value], index) => {
    const kind = kinds[index % kinds.length] as Kind;
    return {
      item,
      title: `${what} as AWSCURRENT of ${kind} at the service's configuration test`,
      code: item === 26 ? 'ERR_ROTATION_BINARY_SECRET' : codeOf(kind, what),
      attempt: (canary) => onStage(kind, { current: value(canary, kind) }, step('testSecret')),
    };
  });

export const rows: readonly Row[] = [
  ...inVersions,
  ...inCompanion,
  ...configurationTest,
  ...kinds.map(
    (kind): Row => ({
      item: 34,
      title: `65,536 bytes as AWSCURRENT of ${kind}: the next value would not fit`,
      code: 'ERR_ROTATION_VALUE_TOO_LARGE',
      bookkeeping: ownLabel,
      async attempt(canary) {
        const shorter = kind === 'database' ? databaseValue({ password: 'short' }) : undefined;
        const start = `${(shorter ?? (await goodValue(kind))).slice(0, -1)},"note":"${canary}`;
        return onStage(kind, { current: padded(start, 65_536) }, step('createSecret'));
      },
    }),
  ),
  ...kinds.map(
    (kind): Row => ({
      item: 36,
      title: `an empty AWSPENDING of ${kind} at createSecret: nobody knows who stored it`,
      code: 'ERR_ROTATION_UNRECORDED_VERSION',
      attempt: () => onStage(kind, { pending: '' }, step('createSecret')),
    }),
  ),
  ...['setSecret', 'testSecret', 'finishSecret'].map(
    (name): Row => ({
      item: 36,
      title: `AWSPENDING without a value at ${name}`,
      code: 'ERR_ROTATION_VALUE_MISSING',
      attempt: () =>
        onStage('jwt', { after: ['createSecret', 'setSecret', 'testSecret'] }, step(name)),
    }),
  ),
  ...(['jwt', 'encryption'] as const).map(
    (kind): Row => ({
      item: 37,
      title: `AWSPENDING of ${kind} with the value of AWSCURRENT at createSecret, without a record`,
      code: 'ERR_ROTATION_UNRECORDED_VERSION',
      async attempt() {
        const current = await goodValue(kind);
        return onStage(kind, { current, pending: current }, step('createSecret'));
      },
    }),
  ),
  {
    item: 37,
    title: 'AWSPENDING with the value of AWSCURRENT at testSecret is the configuration test',
    answer: { outcome: 'currentTested' },
    async attempt() {
      const current = await goodValue('jwt');
      return onStage('jwt', { current, pending: current }, step('testSecret'));
    },
  },
  {
    item: 37,
    title: 'AWSPENDING with another value at testSecret, without a record',
    code: 'ERR_ROTATION_UNRECORDED_VERSION',
    attempt: async () => onStage('jwt', { pending: await goodValue('jwt') }, step('testSecret')),
  },
  {
    item: 37,
    title: 'AWSPENDING of a database with the role of AWSCURRENT at setSecret',
    code: 'ERR_ROTATION_ROLE_IN_USE',
    async attempt() {
      const current = databaseValue();
      return onStage(
        'database',
        { current, pending: current, after: ['createSecret'] },
        step('setSecret'),
      );
    },
  },
];
