/**
 * Leaks planted on purpose, each as it comes about in practice, through the product's own seams: the search must find
 * every one of them, in the sink it went to. A search that finds nothing here proves nothing elsewhere.
 */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, expect, test } from '@jest/globals';
import { SecretCache } from '../../client/secret-cache.ts';
import { embeddedMetrics } from '../../doors/metrics.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import type { RotationDoors } from '../../lambdas/rotation/doors.ts';
import type { RoomOperation } from '../../lambdas/rotation/handler.ts';
import type { Rotation, RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { recordFigures } from '../assurance/figures.ts';
import { inProcess } from '../in-process/request-handler.ts';
import { searchFor } from '../integration/forms.ts';
import { written } from './logged.ts';
import { canary } from './rooms.ts';
import { seed } from './schedules.ts';
import type { InProcessSink } from './sink-table.ts';
import { shown, WatchedRoom } from './watched-room.ts';

const secret = canary('a seeded leak', 24).toString('base64url');
const bytes = Buffer.from(secret, 'base64url');
let planted = 0;
let found = 0;
afterAll(() => recordFigures('leaks-seeded', seed, { planted, found }));

/** An error whose message its author vouches for, wrongly. */
class TrustedError extends Error {
  override readonly name = 'TrustedError';
  readonly code = 'ERR_ROTATION_TRUSTED';
}

interface Plant {
  setSecret?: (rotation: Rotation<unknown>) => void | Promise<void>;
  operation?: (doors: RotationDoors, input: unknown) => Promise<unknown>;
}

/** A strategy whose value is one password, and that leaks it in setSecret or in an operation of its own. */
async function leaking({ setSecret, operation }: Plant): Promise<WatchedRoom['leaks']> {
  const strategy: RotationStrategy<unknown> = {
    parse: (text) => text,
    serialize: (value) => String(value),
    material: () => ({ primary: 'role:a', all: ['role:a'] }),
    createSecret: async () => secret,
    setSecret: async (_versions, rotation) => setSecret?.(rotation),
    testSecret: async () => undefined,
  };
  const room = await WatchedRoom.start({
    room: ({ doors }) => ({
      strategy,
      companions: {},
      ...(operation && {
        operations: { leak: ((input) => operation(doors, input)) as RoomOperation },
      }),
    }),
  });
  const { world } = room;
  try {
    await world.rotate().catch(() => undefined);
    if (operation !== undefined) await world.handler({ operation: 'leak' }).catch(() => undefined);
  } finally {
    world.stop();
  }
  return () => room.leaks();
}

function thrown(message: string, more: Partial<Error> = {}): never {
  throw Object.assign(new TrustedError(message), more);
}
const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

/** Errors that are nobody's of ours: whatever they say is withheld, so nothing is to be found. */
const withheld: readonly (readonly [how: string, run: () => unknown])[] = [
  ['JSON.parse', () => JSON.parse(secret)],
  ['new URL', () => new URL(`:// ${secret}`)],
  ['a driver, which keeps what it sent', () => raise({ message: secret, detail: secret })],
  ['an error named after a value', () => raise({ name: secret, message: 'no' })],
  ['an error with a code of its own', () => raise({ message: secret, code: 'ERR_INVALID_URL' })],
  ['an error that is caused by another', () => raise({ message: 'no', cause: new Error(secret) })],
  ['a text that is thrown', () => raiseText(`no: ${secret}`)],
];
const raise = (members: object): never => {
  throw Object.assign(new Error('no'), members);
};
const raiseText = (text: string): never => {
  throw text;
};

test.each(withheld)('not told: what %s says', async (_how, run) => {
  const look = await leaking({ setSecret: () => void run() });
  expect(look()).toEqual({});
});

const told: readonly InProcessSink[] = ['errors', 'console', 'control table, written'];
const leaks: readonly (readonly [how: string, Plant, sinks: readonly InProcessSink[]])[] = [
  ['nothing at all', {}, []],
  ['an error that quotes the value', { setSecret: () => thrown(`${secret} was refused`) }, told],
  [
    'the error of JSON.parse, passed through',
    { setSecret: () => thrown(messageOf(() => JSON.parse(secret))) },
    told,
  ],
  [
    'the address of a request, with base64 in it',
    {
      setSecret: () =>
        thrown(`GET https://x/?t=${Buffer.from(`app:${secret}`).toString('base64')} failed`),
    },
    told,
  ],
  ['half of a key', { setSecret: () => thrown(`the key ${secret.slice(0, 16)}… is bad`) }, told],
  [
    'a password in the statement an error quotes',
    { setSecret: () => thrown(`syntax error at "ALTER ROLE a PASSWORD '${secret}'"`) },
    told,
  ],
  [
    'hex in a frame of a stack',
    {
      setSecret: () =>
        thrown('failed', { stack: `Error\n    at open (${bytes.toString('hex')}:1:2)` }),
    },
    ['console'],
  ],
  [
    'evidence',
    { setSecret: ({ evidence }) => evidence({ fact: 'set', detail: { password: secret } }) },
    ['control table, written'],
  ],
  [
    'a field of a log line, bytes as numbers',
    {
      operation: async ({ log }) => log.info('event', { event: JSON.stringify({ key: bytes }) }),
    },
    ['console'],
  ],
  [
    'an event, written as it is',
    {
      operation: async ({ log }, input) =>
        log.info('event', { event: JSON.stringify({ input, SecretString: secret }) }),
    },
    ['console'],
  ],
  ['an answer', { operation: async () => ({ nested: { of: [secret] } }) }, ['answers']],
  [
    'the reason of an intent, backwards',
    {
      operation: async ({ controlTable }) =>
        controlTable.putIntent('s', {
          intent: 'planned',
          token: 'f'.repeat(32),
          requestedBy: 'x',
          reason: [...secret].reverse().join(''),
          at: '2026-01-05T03:00:00Z',
        }),
    },
    ['control table, written'],
  ],
  [
    'a tag',
    {
      operation: async ({ secretsManager: door }) => {
        await (door as ReturnType<typeof secretsManager>).tag('pharmacy/test/secret', {
          note: encodeURIComponent(`${secret}=`),
        });
      },
    },
    ['requests to Secrets Manager', 'service events'],
  ],
];

test.each(leaks)('planted: %s', async (_how, plant, sinks) => {
  if (sinks.length > 0) planted += 1;
  const look = await leaking(plant);
  expect(Object.keys(look()).toSorted()).toEqual(sinks.toSorted());
  if (sinks.length > 0) found += 1;
});

test('planted: a cause three levels deep, which a client keeps', async () => {
  planted += 1;
  const deep = new Error('no', { cause: new Error('no', { cause: new Error(`no: ${secret}`) }) });
  const cache = new SecretCache({ name: 's', refreshes: true, read: () => Promise.reject(deep) }, {
    parse: (text: string) => text,
    system: { now: () => new Date(0), chance: () => 0, warn: () => undefined },
  } as never);
  const error: unknown = await cache.get().catch((reason) => reason);
  cache.close();
  const search = searchFor({ secret });
  expect(search.in((error as Error).message)).toEqual([]);
  expect(search.in(shown(error)).length).toBeGreaterThan(0);
  found += 1;
});

test('planted: a dimension of a metric', () => {
  planted += 1;
  const lines = written(() =>
    embeddedMetrics().emit({
      dimensions: { secret: `db ${secret}` },
      values: { Age: 1 },
      at: new Date(0),
    }),
  );
  expect(searchFor({ secret }).in(lines).length).toBeGreaterThan(0);
  found += 1;
});

test('a client with a logger tells no value; one that logs what it is given is found', async () => {
  planted += 1;
  const room = await WatchedRoom.start({ room: () => ({ strategy: {} as never, companions: {} }) });
  const { service, secretArn: secretId } = room.world;
  const lines: unknown[] = [];
  const line = (...said: unknown[]) => void lines.push(...said);
  const logger = { trace: line, debug: line, info: line, warn: line, error: line };
  const client = new SecretsManagerClient({ ...inProcess(service), logger } as object);
  const door = secretsManager(client);
  const token = 'a'.repeat(32);
  await door.putPending({ secretId, token, secretString: secret });
  expect(await door.getValue(secretId, token)).toBe(secret);
  await door.getValue(secretId, 'b'.repeat(32)).catch(() => undefined);
  room.world.stop();
  const search = searchFor({ secret });
  expect(lines.length).toBeGreaterThanOrEqual(3);
  expect(lines.map(shown).join('\n').length).toBeGreaterThan(500);
  expect(search.in(lines.map(shown).join('\n'))).toEqual([]);
  // Added to the last step by default: the input is what is sent.
  client.middlewareStack.add((next) => (args) => {
    line(args.input);
    return next(args);
  });
  await door.putPending({ secretId, token, secretString: secret });
  expect(search.in(lines.map(shown).join('\n')).length).toBeGreaterThan(0);
  found += 1;
});
