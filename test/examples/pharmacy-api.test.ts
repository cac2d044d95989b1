/** The reference application, through HTTP and on a PostgreSQL, while its secrets rotate under it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { SecretCache } from '../../client/index.ts';
import type { Expected } from '../../domain/events/rollout.ts';
import { systemClock } from '../../doors/clock.ts';
import { httpLook } from '../../doors/http-look.ts';
import { pharmacyApi } from '../../examples/pharmacy-api/app.ts';
import { configurationOf } from '../../examples/pharmacy-api/configuration.ts';
import { type OpenDatabase, openDatabase } from '../../examples/pharmacy-api/database.ts';
import { Passwords } from '../../examples/pharmacy-api/passwords.ts';
import { type Secrets, secretsOf } from '../../examples/pharmacy-api/secrets.ts';
import { Sessions } from '../../examples/pharmacy-api/sessions.ts';
import { Users } from '../../examples/pharmacy-api/users.ts';
import { look } from '../../lambdas/health/look.ts';
import { type PostgresServer, startPostgres } from '../../sandbox/postgres/start.ts';
import { encryptionSettings, jwtSettings, Rotating } from '../client/keysets.ts';
import { InMemorySource } from '../client/stand-ins.ts';

const directory = join(import.meta.dirname, '../../examples/pharmacy-api');
const password = 'correct horse battery';
const healthToken = 'the-token-of-rollouts';
const passwords = new Passwords(10);
const ann = { name: 'Ann Mock', ssn: '000-12-3456', phone: '+1-202-555-0123', born: '1960-02-29' };
const secret = (username: string, of: string) => JSON.stringify({ username, password: of });

let server: PostgresServer;
let tokens: Rotating;
let fields: Rotating;
let sources: Record<keyof Secrets, InMemorySource>;
let secrets: Secrets;
let database: OpenDatabase;
let app: FastifyInstance;
let url: string;
let log: string;
let statements: number;
/** Which versions were asked for. */
let stages: Set<string>;

class WatchedSource extends InMemorySource {
  override read(stage: 'AWSCURRENT' | 'AWSPENDING' = 'AWSCURRENT') {
    stages.add(stage);
    return super.read();
  }
}

const sql = (text: string) => server.session((client) => client.query(text));

beforeAll(async () => {
  server = await startPostgres();
  await sql(readFileSync(join(directory, 'migration.sql'), 'utf8'));
  await sql(`create role api login password 'first'; create role api_other login password 'other';
    grant select, insert, update, delete on all tables in schema public to api, api_other;
    grant usage on sequence patient_ids to api, api_other;
    insert into workspaces select 'ws-' || n, 'Pharmacy', 'owner@example.com', now() from generate_series(1, 2) n`);
  const admin = await opened(new InMemorySource(secret('api', 'first')));
  const users = new Users(admin);
  const hash = await passwords.hash(password);
  await users.add({ id: 'ann', workspaceId: 'ws-1', role: 'operator' }, hash);
  await users.add({ id: 'bob', workspaceId: 'ws-2', role: 'pharmacist' }, hash);
  await admin.end();
}, 60_000);
afterAll(() => server?.stop());

beforeEach(async () => {
  await sql("truncate patients; alter role api login password 'first'");
  const now = () => new Date();
  tokens = new Rotating(jwtSettings, now);
  fields = new Rotating(encryptionSettings, now);
  sources = {
    tokens: new WatchedSource(tokens.text),
    fields: new WatchedSource(fields.text),
    database: new WatchedSource(secret('api', 'first')),
  };
  stages = new Set();
  log = '';
  await start();
});
afterEach(() => stop());

const settings = () => ({
  host: 'localhost',
  port: server.port,
  name: 'postgres',
  ca: server.ca,
  connections: 4,
  connectionSeconds: 600,
});

/** A pool as the application has it, that counts what is asked. */
async function opened(source: InMemorySource): Promise<OpenDatabase> {
  const { database: cache } = secretsOf(
    { tokens: source, fields: source, database: source },
    300,
    () => undefined,
  );
  return openDatabase(cache, settings(), () => undefined);
}

async function start(): Promise<void> {
  secrets = secretsOf(sources, 300, () => undefined);
  const pool = await openDatabase(secrets.database, settings(), () => undefined);
  statements = 0;
  database = {
    query(text, values) {
      statements += 1;
      return pool.query(text, values);
    },
    end: () => pool.end(),
  };
  const stream = {
    write(line: string) {
      log += line;
    },
  };
  app = pharmacyApi({
    secrets,
    database,
    passwords,
    healthToken: new SecretCache(new InMemorySource(healthToken), { parse: (text) => text }),
    tokenSeconds: 900,
    log: { level: 'debug', stream },
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
}

async function stop(): Promise<void> {
  await app.close();
  await database.end();
}

interface Asked {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it, it says
  body: any;
  headers: Headers;
}

async function ask(
  method: string,
  path: string,
  { token, body, raw }: { token?: string; body?: object; raw?: string } = {},
): Promise<Asked> {
  const sent = raw ?? (body && JSON.stringify(body));
  const answer = await fetch(url + path, {
    method,
    headers: {
      connection: 'close',
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(sent !== undefined && { body: sent }),
  });
  const sentBack = await answer.text();
  const { status, headers } = answer;
  return { status, headers, body: sentBack === '' ? undefined : JSON.parse(sentBack) };
}

async function login(user = 'ann'): Promise<string> {
  const { status, body } = await ask('POST', '/login', { body: { user, password } });
  expect(status).toBe(200);
  return body.token;
}

const kidOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

/** A rotation reached this process: the next read brings what the secret holds now. */
async function rotated(which: 'tokens' | 'fields', to: Rotating): Promise<void> {
  sources[which].put(to.text);
  await secrets[which].refreshNow('test');
}

/** As after a deployment: an instance that never held another value. */
async function restarted(to: Rotating): Promise<void> {
  sources.tokens.put(to.text);
  await stop();
  await start();
}

describe('who may', () => {
  test('a user logs in and is known by the token; nobody else is', async () => {
    const token = await login();
    expect((await ask('GET', '/me', { token })).body).toEqual({
      id: 'ann',
      workspaceId: 'ws-1',
      role: 'operator',
    });
    const wrong = [
      await ask('POST', '/login', { body: { user: 'ann', password: 'another' } }),
      await ask('POST', '/login', { body: { user: 'nobody', password } }),
      // PostgreSQL takes no NUL: a stranger must not be able to make it an error of the server.
      await ask('POST', '/login', { body: { user: 'ann\u0000', password } }),
      await ask('GET', '/me'),
      await ask('GET', '/me', { token: `${token.slice(0, -6)}AAAAAA` }),
      await ask('GET', '/patients'),
      await ask('POST', '/patients', { body: ann }),
    ];
    for (const { status, body, headers } of wrong) {
      expect([status, body]).toEqual([401, { error: 'unauthorized' }]);
      expect(headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  test('what is of another workspace is not there', async () => {
    const [mine, theirs] = [await login('ann'), await login('bob')];
    const { body } = await ask('POST', '/patients', { token: mine, body: ann });
    const path = `/patients/${body.id}`;
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const sent = method === 'PUT' ? { token: theirs, body: ann } : { token: theirs };
      expect((await ask(method, path, sent)).status).toBe(404);
    }
    expect((await ask('GET', '/patients', { token: theirs })).body).toEqual({ patients: [] });
    expect((await ask('GET', path, { token: mine })).body).toEqual({ id: body.id, ...ann });
  });
});

describe('patients', () => {
  test('are added, read, listed page by page, replaced and removed; the database holds them sealed', async () => {
    const token = await login();
    const made = [];
    for (const name of ['Ann', 'Bela', 'Cleo']) {
      const { status, body, headers } = await ask('POST', '/patients', {
        token,
        body: { ...ann, name },
      });
      expect([status, headers.get('location')]).toEqual([201, `/patients/${body.id}`]);
      made.push(body);
    }
    const first = await ask('GET', '/patients?limit=2', { token });
    expect(first.body.patients).toEqual(made.slice(0, 2));
    const rest = await ask('GET', `/patients?limit=2&after=${made[1].id}`, { token });
    expect(rest.body.patients).toEqual(made.slice(2));

    const path = `/patients/${made[0].id}`;
    const moved = { ...ann, phone: '+1-202-555-0199' };
    expect((await ask('PUT', path, { token, body: moved })).body).toEqual({
      id: made[0].id,
      ...moved,
    });
    expect((await ask('GET', path, { token })).body.phone).toBe(moved.phone);
    const { rows } = await sql('select name, ssn, phone from patients');
    for (const sealed of rows.flatMap(Object.values)) {
      expect(sealed).toMatch(new RegExp(`^qt1\\.${fields.kid('primary')}\\.(column|row)\\.`));
    }
    expect((await ask('DELETE', path, { token })).status).toBe(204);
    expect((await ask('DELETE', path, { token })).status).toBe(404);
    expect((await ask('GET', path, { token })).status).toBe(404);
  });

  test.each([
    ['a member is missing', { body: { ...ann, ssn: undefined } }, 400],
    ['one is too much', { body: { ...ann, admin: true } }, 400],
    ['a number is none', { body: { ...ann, ssn: "1' or '1'='1" } }, 400],
    ['a day is none', { body: { ...ann, born: '2001-02-30' } }, 400],
    ['it is no JSON', { raw: '{"name": ' }, 400],
    ['it is too large', { body: { ...ann, name: 'A'.repeat(20_000) } }, 413],
  ])('are refused before anything happens: %s', async (_, sent, status) => {
    const token = await login();
    statements = 0;
    const answers = [
      await ask('POST', '/patients', { token, ...sent }),
      await ask('PUT', '/patients/17', { token, ...sent }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([status, status]);
    expect(statements).toBe(0);
    expect(JSON.stringify(answers)).not.toContain("1'='1");
  });

  test('ids and pages that cannot be are refused, too', async () => {
    const token = await login();
    statements = 0;
    for (const path of [
      '/patients/0',
      '/patients/x',
      '/patients/9223372036854775808',
      '/patients?limit=1000',
      '/patients?after=x',
      '/patients?order=ssn',
    ]) {
      expect((await ask('GET', path, { token })).status).toBe(400);
    }
    expect((await ask('POST', '/login', { body: { user: ['ann'], password } })).status).toBe(400);
    expect(statements).toBe(0);
  });
});

describe('while the jwt secret rotates', () => {
  test('old tokens verify after another key was activated, and logins are signed by it', async () => {
    const before = await login();
    await rotated('tokens', tokens.publish());
    const meanwhile = await login();
    expect(kidOf(meanwhile)).toBe(kidOf(before));
    await restarted(tokens.activate());
    const after = await login();
    expect(kidOf(after)).toBe(tokens.kid('primary'));
    expect(kidOf(after)).not.toBe(kidOf(before));
    for (const token of [before, meanwhile, after]) {
      expect((await ask('GET', '/me', { token })).status).toBe(200);
    }
  });

  test('an instance that has not heard of a key reads the secret once, and answers', async () => {
    await login();
    sources.tokens.put(tokens.publish().activate().text);
    const another = secretsOf(sources, 300, () => undefined);
    const token = await new Sessions(another.tokens, 900).token({
      id: 'ann',
      workspaceId: 'ws-1',
      role: 'operator',
    });
    const reads = sources.tokens.reads;
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ask('GET', '/me', { token })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(sources.tokens.reads).toBe(reads + 1);
    expect(kidOf(await login())).toBe(tokens.kid('primary'));
  });

  test('a revoked key is refused', async () => {
    const token = await login();
    const old = tokens.kid('primary');
    await rotated('tokens', tokens.publish().activate().retire(old, 'revoked'));
    expect((await ask('GET', '/me', { token })).status).toBe(401);
    expect((await ask('GET', '/me', { token: await login() })).status).toBe(200);
  });
});

describe('while the encryption key rotates', () => {
  test('rows from before are readable, new ones are sealed with the new key', async () => {
    const token = await login();
    const { body: before } = await ask('POST', '/patients', { token, body: ann });
    await rotated('fields', fields.publish().activate());
    const { body: after } = await ask('POST', '/patients', { token, body: ann });
    const { body } = await ask('GET', '/patients', { token });
    expect(body.patients).toEqual([before, after]);
    const { rows } = await sql("select split_part(ssn, '.', 2) as kid from patients order by id");
    expect(rows.map(({ kid }) => kid)).toEqual([fields.kid('decryptOnly'), fields.kid('primary')]);
  });
});

/** The one session the pool has by then waits for a lock: whoever comes needs a new login. */
const whileOldSessionIsBusy = (work: () => Promise<void>) =>
  server.session(async (client) => {
    await client.query('select pg_advisory_lock(1)');
    const busy = database.query('select pg_advisory_lock(1)');
    try {
      await work();
    } finally {
      await client.query('select pg_advisory_unlock(1)');
      await busy;
    }
  });

describe('while the database password rotates', () => {
  test('singleUser: a changed password is found, and no request fails', async () => {
    const token = await login();
    await sql("alter role api password 'second'");
    sources.database.put(secret('api', 'second'));
    await whileOldSessionIsBusy(async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => ask('GET', '/patients', { token })),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    });
    expect(sources.database.reads).toBe(2);
    expect([...stages]).toEqual(['AWSCURRENT']);
  });

  test('multiUser: new sessions are of the other role, and the one from before ends', async () => {
    const token = await login();
    sources.database.put(secret('api_other', 'other'));
    await secrets.database.refreshNow('test');
    await sql(`alter role api nologin`);
    await whileOldSessionIsBusy(async () => {
      expect((await ask('GET', '/patients', { token })).status).toBe(200);
      const { rows } = await sql(
        "select usename from pg_stat_activity where application_name = 'pharmacy-api' order by 1",
      );
      expect(rows.map(({ usename }) => usename)).toEqual(['api', 'api_other']);
    });
  });

  test('a database that is away is a 503, and the next request after it succeeds', async () => {
    const token = await login();
    database.query = async () => {
      throw Object.assign(new Error('the database system is shutting down'), { code: '57P03' });
    };
    const { status, body, headers } = await ask('GET', '/patients', { token });
    expect([status, body, headers.get('retry-after')]).toEqual([
      503,
      { error: 'unavailable' },
      '1',
    ]);
  });
});

describe('health', () => {
  test('anybody sees the status; an operator versions, kids and states; nobody a value', async () => {
    const path = '/api/credentials/health';
    await rotated('tokens', tokens.publish());
    expect((await ask('GET', path)).body).toEqual({ status: 'ok' });
    const other = await ask('GET', path, { token: await login('bob') });
    expect(other.body).toEqual({ status: 'ok' });
    const stranger = await ask('GET', path, { token: 'not.a.token' });
    expect([stranger.status, stranger.body]).toEqual([200, { status: 'ok' }]);
    const { body } = await ask('GET', path, { token: await login('ann') });
    expect(body.checks.tokens).toMatchObject({
      versionId: 'v2',
      keys: expect.arrayContaining([
        { kid: tokens.kid('primary'), state: 'primary' },
        { kid: tokens.kid('published'), state: 'published' },
      ]),
    });
    expect(body.checks.fields.keys).toEqual([{ kid: fields.kid('primary'), state: 'primary' }]);
    expect(body.checks.database).toMatchObject({ status: 'ok', role: 'api' });
    for (const value of valuesOfSecrets()) {
      expect(JSON.stringify(body)).not.toContain(value);
    }
  });

  test('a rollout brings a token of its own, and sees what an operator sees', async () => {
    const path = '/api/credentials/health';
    const { body } = await ask('GET', path, { token: healthToken });
    expect(body.checks.database).toMatchObject({ status: 'ok', role: 'api' });
    for (const token of [`${healthToken}x`, healthToken.slice(1), 'x']) {
      expect((await ask('GET', path, { token })).body).toEqual({ status: 'ok' });
    }
    expect((await ask('GET', '/me', { token: healthToken })).status).toBe(401);
  });
});

describe('the gate of a rollout', () => {
  const gate = (expected: Expected | null, bearer: string) =>
    look(
      {
        consumers: [
          {
            name: 'api',
            credentials: `${url}/api/credentials/health`,
            bearer: { secretArn: 'arn:of:the:bearer' },
            probes: [],
            privateAddresses: 'allowed',
          },
        ],
        environment: 'dev',
        network: undefined,
        secretsManager: { getCurrentValue: async () => bearer },
        doorOf: () => httpLook({ privateAddresses: 'allowed', loopback: 'allowed' }),
        clock: systemClock,
        log: { info: () => undefined, error: () => undefined },
      },
      { consumer: 'api', expected },
    );

  test('hears from the application that it does not hold the new key yet, and then that it does', async () => {
    for (const [name, source] of Object.entries(sources)) {
      Object.defineProperty(source, 'name', { value: `pharmacy/prod/${name}` });
    }
    await stop();
    await start();
    const token = await login('ann');
    const kid = tokens.publish().kid('published');
    const expected: Expected = {
      secretName: 'pharmacy/prod/tokens',
      versionIds: ['22222222-2222-4222-8222-222222222222'],
      key: { kid, state: 'published' },
      role: null,
    };
    expect(await gate(expected, token)).toMatchObject({ healthy: false, onlyThisSecret: true });
    await restarted(tokens);
    const answer = await gate(expected, token);
    expect(answer).toMatchObject({ healthy: true, proof: 'held' });
    for (const value of [...valuesOfSecrets(), token]) {
      expect(JSON.stringify(answer)).not.toContain(value);
    }
  });
});

describe('the log', () => {
  test('says what was answered, and holds no value, token, password or patient', async () => {
    const token = await login();
    await ask('POST', '/login', { body: { user: 'ann', password: 'wrong horse' } });
    await ask('POST', '/patients', { token, body: ann });
    await ask('POST', '/patients', { token, body: { ...ann, born: 'Ann Mock' } });
    await ask('GET', `/patients?token=${token}`, { token });
    await ask('GET', `/nowhere/${token}`);
    database.query = async () => {
      throw Object.assign(new Error(`duplicate key (ssn)=(${ann.ssn})`), {
        code: '23505',
        detail: ann.name,
      });
    };
    expect((await ask('GET', '/patients', { token })).body).toEqual({ error: 'internal' });

    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({ method: 'POST', route: '/patients', statusCode: 201 }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ kind: 'Error', code: '23505' }));
    for (const value of [
      ...valuesOfSecrets(),
      ...Object.values(ann),
      token,
      password,
      'wrong horse',
    ]) {
      expect(log).not.toContain(value);
    }
  });
});

describe('logins', () => {
  test('that cost much wait their turn; too many at once are refused', async () => {
    const busy = new Passwords(10);
    const all = await Promise.allSettled(
      Array.from({ length: 70 }, () => busy.matches('x', undefined)),
    );
    expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(2);
    expect(await busy.matches(password, await busy.hash(password))).toBe(true);
  });
});

describe('npm run add-user', () => {
  test('adds a user with the credentials of the process, who then logs in', async () => {
    // Answers as Secrets Manager does (API_GetSecretValue), to the SDK's own default client.
    const service = createServer(async (request, response) => {
      const { SecretId } = JSON.parse(await text(request));
      const { value } = sources[SecretId as keyof Secrets];
      response.end(JSON.stringify({ SecretString: value, VersionId: 'v1' }));
    });
    await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
    const ca = join(await mkdtemp(join(tmpdir(), 'pharmacy-api-')), 'ca.pem');
    await writeFile(ca, server.ca);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(directory, 'add-user.ts'), 'eve', 'ws-1', 'pharmacist'],
      {
        env: {
          PATH: process.env.PATH,
          TMPDIR: process.env.TMPDIR,
          AWS_REGION: 'eu-west-1',
          AWS_ENDPOINT_URL: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
          AWS_ACCESS_KEY_ID: 'a-key-id',
          AWS_SECRET_ACCESS_KEY: 'a-key',
          AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
          JWT_SECRET_ID: 'tokens',
          ENCRYPTION_SECRET_ID: 'fields',
          DATABASE_SECRET_ID: 'database',
          DATABASE_HOST: 'localhost',
          DATABASE_PORT: String(server.port),
          DATABASE_NAME: 'postgres',
          DATABASE_CA_FILE: ca,
          PASSWORD_COST: '14',
        },
        stdio: 'pipe',
      },
    );
    try {
      child.stdin.end(`${password}\n`);
      const [told, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
      expect([code, told]).toEqual([0, '']);
      expect((await ask('GET', '/me', { token: await login('eve') })).body.id).toBe('eve');
    } finally {
      await rm(dirname(ca), { recursive: true });
      service.closeAllConnections();
      await new Promise((closed) => service.close(closed));
    }
  }, 60_000);
});

describe('the configuration', () => {
  test('says which variables are missing, and shows none of them', () => {
    const wrong = () =>
      configurationOf({ AWS_REGION: 'eu-west-1', PORT: 'swordfish', PASSWORD_COST: '3' });
    expect(wrong).toThrow(/JWT_SECRET_ID[\s\S]*DATABASE_HOST[\s\S]*PASSWORD_COST[\s\S]*PORT/);
    expect(wrong).not.toThrow(/swordfish/);
  });
});

/** Every string of every secret, as `JWT_SECRET`, `k` and `password` hold it. */
function valuesOfSecrets(): string[] {
  return [tokens.text, fields.text, sources.database.value].flatMap((text) =>
    [...text.matchAll(/"(?:k|JWT_SECRET|ENCRYPTION_KEY|password)":"([^"]+)"/g)].map(
      ([, value]) => value ?? '',
    ),
  );
}
