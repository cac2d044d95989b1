/** Values that are not what they should be, and services that quote what they were sent: no message repeats one. */
import { afterEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { classifyError } from '../../doors/postgres/classify-error.ts';
import { PostgresError } from '../../doors/postgres/errors.ts';
import { parseDatabaseValue } from '../../lambdas/database/value.ts';
import { failureOf } from '../../lambdas/rotation/failure.ts';
import { ServiceException } from '../../sandbox/service.ts';
import { isFull } from '../assurance/figures.ts';
import { searchFor } from '../integration/forms.ts';
import { canary, startKeyset } from './rooms.ts';
import { shown, type WatchedRoom } from './watched-room.ts';

const secret = canary('a bad value', 48).toString('base64');
const url = `postgresql://pharmacy_app:${canary('in a URL', 24).toString('base64url')}@db:5432/p`;

/** What stands in a secret, by what is wrong with it. */
const bad: readonly (readonly [how: string, text: string])[] = [
  ['no JSON', secret],
  ['JSON that is cut off', JSON.stringify({ JWT_SECRET: secret }).slice(0, 40)],
  ['a text in quotes', JSON.stringify(secret)],
  ['a list', JSON.stringify([secret])],
  ['a value as a name', JSON.stringify({ [secret]: 'JWT_SECRET' })],
  ['a member twice', `{"JWT_SECRET":"${secret}","JWT_SECRET":"${secret.slice(3)}"}`],
  ['a value where a state belongs', keysetWith({ state: secret })],
  ['a value where a kid belongs', keysetWith({ kid: secret })],
  ['a value where an encoding belongs', keysetWith({}, { encoding: secret })],
  ['a value where a date belongs', keysetWith({ createdAt: secret })],
  ['another field', JSON.stringify({ OTHER: secret })],
  ['white space and a value', `\n ${secret}\n`],
  ['a URL', url],
  ['a byte order mark', `\u{feff}${JSON.stringify({ JWT_SECRET: secret })}`],
];

function keysetWith(key: object, more: object = {}): string {
  const entry = { kid: '9f2c41aa07be63d1', k: secret, state: 'primary', createdAt: '2026-01-01' };
  const keyset = { version: 1, alg: 'HS512', encoding: 'base64', keys: [{ ...entry, ...key }] };
  return JSON.stringify({ JWT_SECRET: secret, keyset: { ...keyset, ...more } });
}

const intents = ['planned', 'rollback', 'emergency'] as const;

let room: WatchedRoom | undefined;
afterEach(() => {
  room?.world.stop();
  room = undefined;
});

describe('a stored value that is', () => {
  test.each(bad)('%s is in nothing that any intent or operation says', async (_how, text) => {
    room = await startKeyset('jwt', text);
    const { world } = room;
    room.keep('the canary', secret);
    room.keep('the URL', url);
    // In every run one intent a value, in turn: the proof meets each value with all of them.
    const turn = bad.findIndex(([, one]) => one === text) % intents.length;
    for (const intent of isFull ? intents : intents.slice(turn, turn + 1)) {
      await world.rotate({ intent }).catch(() => undefined);
    }
    for (const operation of ['diagnose', 'rehearse', 'preempt', 'eject', 'abandon', 'resume']) {
      await world.handler({ operation }).catch(() => undefined);
    }
    expect(world.answers.length).toBeGreaterThan(6);
    expect(room.leaks()).toEqual({});
  });
});

test('an event that holds a value is not repeated, whatever is wrong with it', async () => {
  room = await startKeyset('jwt');
  const { world } = room;
  room.keep('the canary', secret);
  const step = {
    Step: 'createSecret',
    SecretId: world.secretArn,
    ClientRequestToken: 'a'.repeat(32),
  };
  const events = [
    ...[secret, [secret], { [secret]: 1 }, { ...step, SecretString: secret }],
    ...Object.keys(step).map((name) => ({ ...step, [name]: secret })),
    { ...step, RotationToken: secret },
    { operation: 'diagnose', [secret]: secret },
    { operation: 'preempt', token: secret, owner: secret, minutes: secret },
  ];
  // The service has tested its function already.
  room.forget();
  for (const event of events) await world.handler(event).catch(() => undefined);
  expect(world.answers.length).toBe(events.length);
  expect(room.leaks()).toEqual({});
});

/** As AWS words them: what is wrong with a request is told with a piece of the request. */
const refusals: readonly (readonly [code: string, message: (sent: string) => string])[] = [
  [
    'ValidationException',
    (sent) => `1 validation error detected: Value '${sent}' at 'secretString' failed to satisfy`,
  ],
  ['InvalidParameterException', (sent) => `The parameter SecretString is invalid: ${sent}`],
  ['InvalidRequestException', (sent) => `You can't do this with ${sent}`],
  ['SerializationException', (sent) => `Unexpected character in ${sent}`],
  ['EncryptionFailure', () => 'Secrets Manager can’t encrypt the protected secret text'],
  ['LimitExceededException', () => 'The secret has reached its quota of versions'],
];

test.each(refusals)('PutSecretValue refused with %s says nothing of the value', async (...row) => {
  const [code, message] = row;
  room = await startKeyset('jwt');
  const { world } = room;
  let sent = '';
  const put = world.service.operations.PutSecretValue as { run: unknown };
  put.run = (input: { SecretString: string }) => {
    sent = input.SecretString;
    throw new ServiceException(code, message(sent), 400);
  };
  await world.rotate().catch(() => undefined);
  expect(sent).toContain('keyset');
  room.keep('sent', sent);
  expect(room.leaks()).toEqual({});
  expect(room.sinks().errors).toContain(code);
});

describe('PostgreSQL', () => {
  /** Appendix A of its manual: 22P02 echoes the value, 42601 a piece of the statement. */
  test.each(['22P02', '22001', '23505', '42601', '42703', 'XX000', 'P0001', '22023', '08P01'])(
    '%s that quotes a value says nothing of it',
    (code) => {
      const error = Object.assign(new pg.DatabaseError(`invalid: "${secret}"`, 1, 'error'), {
        code,
        detail: `Key (password)=(${secret}) exists`,
        where: `PL/pgSQL, line 1: ${secret}`,
        internalQuery: `ALTER ROLE a PASSWORD '${secret}'`,
        hint: secret,
      });
      const told = classifyError(error, 'db:5432/p as a');
      const { error: thrown, ...failure } = failureOf(told, 'setSecret');
      const search = searchFor({ secret });
      expect(search.in(shown(error)).length).toBeGreaterThan(0);
      expect(search.in([shown(told), shown(thrown), JSON.stringify(failure)].join('\n'))).toEqual(
        [],
      );
      expect(told).toBeInstanceOf(PostgresError);
    },
  );

  const settings = {
    HOST: 'db',
    PORT: 5432,
    DBNAME: 'p',
    ADMIN_SECRET_ARN: 'arn',
    SCHEME: 'singleUser',
    ROLES: ['a'],
    IDENTITY: undefined,
  } as never;
  const value = { engine: 'postgres', host: 'db', port: 5432, username: 'a', password: secret };
  test.each<[string, object | string]>([
    ['no JSON', secret],
    ['a password that no rule allows', { password: `${secret} ü\n` }],
    ['a host that is a value', { host: secret }],
    ['a port that is a value', { port: secret }],
    ['a role that is a value', { username: secret }],
    ['an engine that is a value', { engine: secret }],
    ['a DATABASE_URL that is no URL', { DATABASE_URL: `:// ${secret}` }],
    ['a DATABASE_URL of another host', { DATABASE_URL: `postgresql://a:${secret}@other:5432/p` }],
    ['a DATABASE_URL that is broken', { DATABASE_URL: `postgresql://a:%E0%A4%A${secret}@db/p` }],
  ])('%s is refused without a word of it', (_how, more) => {
    const text = typeof more === 'string' ? more : JSON.stringify({ ...value, ...more });
    let thrown: unknown;
    try {
      parseDatabaseValue(text, settings);
    } catch (error) {
      thrown = error;
    }
    expect(String((thrown as { code?: unknown }).code)).toMatch(/^ERR_ROTATION_/);
    expect(searchFor({ secret, text }).in(shown(thrown))).toEqual([]);
  });
});
