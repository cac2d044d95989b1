import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, sql as kyselySql, PostgresDialect } from 'kysely';
import pg from 'pg';
import { SecretCache } from '../../client/index.ts';
import {
  createRotatingPool,
  databaseCredential,
  type LoginReport,
  type RotatingPoolOptions,
  refusalOf,
} from '../../client/postgres/rotating-pool.ts';
import type { ReadSecret } from '../../client/secret-source.ts';
import { wait } from '../../client/system.ts';
import { makeCertificates } from '../../sandbox/postgres/certificates.ts';
import { type PostgresServer, startPostgres } from '../../sandbox/postgres/start.ts';
import { pgbouncerProgram, startPgBouncer } from '../lambdas/database/pgbouncer.ts';
import { type Pooler, startPooler } from '../lambdas/database/pooler.ts';
import { InMemorySource, StandingSystem } from './stand-ins.ts';

/** Time passes only while somebody waits. */
class WaitingSystem extends StandingSystem {
  waits: number[] = [];
  whileWaiting: () => Promise<void> | void = () => undefined;
  wait = async (milliseconds: number, signal: AbortSignal) => {
    signal.throwIfAborted();
    this.waits.push(milliseconds);
    this.later(milliseconds);
    await this.whileWaiting();
  };
}

/** A source with a version that is being prepared. */
class PendingSource extends InMemorySource {
  pending: string | Error = new Error('ResourceNotFoundException');
  pendingReads = 0;
  override async read(stage?: 'AWSCURRENT' | 'AWSPENDING'): Promise<ReadSecret> {
    if (stage !== 'AWSPENDING') return super.read();
    this.pendingReads += 1;
    if (this.pending instanceof Error) throw this.pending;
    return { value: this.pending };
  }
}

const secret = (username: string, password: string, more: object = {}) =>
  JSON.stringify({ engine: 'postgres', username, password, ...more });
const whoami = 'select session_user as role, pg_backend_pid() as pid';

let server: PostgresServer;
let system: WaitingSystem;
let source: PendingSource;
let reports: LoginReport[];
const pools: pg.Pool[] = [];

beforeAll(async () => {
  server = await startPostgres();
  await sql(
    "create role shop_a login password 'a1'; create role shop_b login password 'b1'; create role shop login password 's1'",
  );
});
afterAll(() => server?.stop());

beforeEach(async () => {
  system = new WaitingSystem();
  source = new PendingSource(secret('shop_a', 'a1'));
  reports = [];
  await sql("alter role shop_a login password 'a1'; alter role shop login password 's1'");
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.ending || pool.end()));
});

const sql = (text: string) => server.session((client) => client.query(text));
const refusals = async () =>
  (await server.log()).split('password authentication failed').length - 1;

async function poolOf(options: Partial<RotatingPoolOptions> = {}, cooldown = 10_000) {
  const cache = new SecretCache(source, { parse: databaseCredential(), system, cooldown });
  const told = reports;
  const made = await createRotatingPool(cache, {
    ...(options.endpoint === undefined && {
      host: 'localhost',
      port: server.port,
      database: 'postgres',
    }),
    tls: { ca: server.ca },
    onLogin: (report) => void told.push(report),
    system,
    ...options,
  });
  pools.push(made);
  return made;
}

/** What one writes without this library: a password function over a cache, and no second look. */
function naivePool() {
  const read = JSON.parse(source.value) as { username: string; password: string };
  const pool = new pg.Pool({
    host: 'localhost',
    port: server.port,
    database: 'postgres',
    ssl: { ca: server.ca },
    user: read.username,
    password: async () => read.password,
  });
  pools.push(pool);
  return pool;
}

function deferred<Value>() {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((go) => {
    resolve = go;
  });
  return { promise, resolve };
}

const failure = (work: Promise<unknown>): Promise<Error & { code?: string }> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );

describe('a rotation between two connections', () => {
  test('multiUser: the next connection is another role, and the session that is open stays', async () => {
    const pool = await poolOf();
    const first = await pool.connect();
    source.put(secret('shop_b', 'b1'));
    system.later(121_000);
    const second = await pool.connect();
    expect((await second.query(whoami)).rows[0]).toMatchObject({ role: 'shop_b' });
    expect((await first.query(whoami)).rows[0]).toMatchObject({ role: 'shop_a' });
    first.release();
    second.release();
    expect(reports).toEqual([]);
  });

  test('multiUser: a role that was retired meanwhile (28000) costs one read, and nobody sees it', async () => {
    const pool = await poolOf();
    const naive = naivePool();
    await pool.query('select 1');
    const held = await pool.connect();
    await sql('alter role shop_a nologin');
    source.put(secret('shop_b', 'b1'));
    system.later(30_000);
    expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop_b' }]);
    held.release();
    expect(source.reads).toBe(2);
    expect(reports.map(({ event, sqlstate, role }) => [event, sqlstate, role])).toEqual([
      ['refused', '28000', 'shop_a'],
      ['changed', '28000', 'shop_a'],
    ]);
    expect(await failure(naive.query('select 1'))).toMatchObject({ code: '28000' });
  });

  test('singleUser: the old password is refused, the secret is read again, the query succeeds', async () => {
    source.value = secret('shop', 's1');
    const pool = await poolOf();
    const naive = naivePool();
    const held = await pool.connect();
    await sql("alter role shop password 's2'");
    source.put(secret('shop', 's2'));
    system.later(30_000);
    expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop' }]);
    expect((await held.query(whoami)).rows).toMatchObject([{ role: 'shop' }]);
    held.release();
    expect(system.waits).toEqual([]);
    expect(await failure(naive.query('select 1'))).toMatchObject({ code: '28P01' });
  });

  test('singleUser: between the password and AWSCURRENT callers wait, ever longer, and are let in', async () => {
    source.value = secret('shop', 's1');
    const pool = await poolOf({}, 1_000);
    await sql("alter role shop password 's2'");
    system.whileWaiting = () => {
      if (system.waits.length === 3) source.put(secret('shop', 's2'));
    };
    expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop' }]);
    expect(system.waits).toEqual([187.5, 375, 750]);
    expect(reports.at(-1)).toMatchObject({ event: 'changed', refusals: 4 });
  });

  test('what a lagging endpoint refuses at first is let in without another credential', async () => {
    await sql("alter role shop_a password 'behind'");
    const pool = await poolOf();
    system.whileWaiting = async () => {
      if (system.waits.length === 2) await sql("alter role shop_a password 'a1'");
    };
    expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop_a' }]);
    expect(reports.at(-1)).toMatchObject({ event: 'accepted' });
  });
});

describe('AWSPENDING', () => {
  test('is used only where it was asked for, and until AWSCURRENT has moved', async () => {
    source.value = secret('shop', 's1');
    source.pending = secret('shop', 's2');
    await sql("alter role shop password 's2'");
    const without = await poolOf({ retryFor: 0 });
    expect(await failure(without.query('select 1'))).toMatchObject({
      code: 'ERR_ROTATION_CREDENTIAL_REFUSED',
    });
    expect(source.pendingReads).toBe(0);

    const pool = await poolOf({ pending: source });
    expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop' }]);
    expect(reports.at(-1)).toMatchObject({ event: 'pending', role: 'shop' });
    expect(source.pendingReads).toBe(1);
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    for (const client of clients) client.release();
    expect(source.pendingReads).toBe(1);
  });

  test('that was abandoned after all is left for AWSCURRENT again', async () => {
    source.value = secret('shop', 's1');
    source.pending = secret('shop', 's2');
    await sql("alter role shop password 's2'");
    const pool = await poolOf({ pending: source });
    const held = await pool.connect();
    source.pending = new Error('ResourceNotFoundException');
    await sql("alter role shop password 's1'");
    expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop' }]);
    expect(reports.at(-1)).toMatchObject({ event: 'accepted' });
    held.release();
  });

  test('of another role is not used', async () => {
    source.pending = secret('shop_b', 'b1');
    await sql("alter role shop_a password 'elsewhere'");
    const pool = await poolOf({ pending: source, retryFor: 1_000 });
    expect(await failure(pool.query('select 1'))).toMatchObject({
      code: 'ERR_ROTATION_CREDENTIAL_REFUSED',
    });
  });
});

describe('a credential that stays wrong', () => {
  test('is no storm: few logins, few reads, one error that says so, without the password', async () => {
    source.value = secret('shop', 'swordfish');
    const pool = await poolOf({ pool: { max: 4 } }, 5_000);
    const before = await refusals();
    const callers = Array.from({ length: 100 }, () => failure(pool.query('select 1')));
    const errors = await Promise.all(callers);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'ERR_ROTATION_CREDENTIAL_REFUSED', sqlstate: '28P01' });
      expect(`${error.message} ${error.cause}`).not.toContain('swordfish');
    }
    const dialled = (await refusals()) - before;
    // Four at once to begin with, then one after each pause.
    expect(dialled).toBeLessThanOrEqual(4 + system.waits.length);
    expect(system.waits.length).toBeLessThanOrEqual(8);
    expect(source.mostUnderWay).toBe(1);
    // The first one, one after the first refusal, then one a cooldown.
    expect(source.reads).toBe(4);

    // For a while nobody dials at all; a new value is found all the same.
    expect(await failure(pool.query('select 1'))).toMatchObject({ sqlstate: '28P01' });
    expect((await refusals()) - before).toBe(dialled);
    system.later(9_000);
    source.put(secret('shop', 's1'));
    expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop' }]);
  });

  test('sessions that are open serve whoever waits', async () => {
    const pool = await poolOf({ pool: { max: 2 } });
    const open = await pool.connect();
    await sql("alter role shop_a password 'elsewhere'");
    const release = deferred<void>();
    system.whileWaiting = () => release.promise;
    const waiting = pool.query(whoami);
    while (system.waits.length === 0) await new Promise(setImmediate);
    open.release();
    expect((await waiting).rows).toMatchObject([{ role: 'shop_a' }]);
    release.resolve();
  });

  test('errors that no credential cures are passed on at once', async () => {
    const pool = await poolOf({ database: 'nowhere' });
    expect(await failure(pool.query('select 1'))).toMatchObject({ code: '3D000' });
    expect(source.reads).toBe(1);
    expect(reports).toEqual([]);
  });
});

describe('poolers', () => {
  let pooler: Pooler;
  beforeAll(async () => {
    pooler = await startPooler(server, await makeCertificates(['localhost', '127.0.0.1']));
  });
  afterAll(() => pooler?.stop());
  const through = (connection: 'direct' | 'pgbouncer' | 'rdsProxy') =>
    poolOf({ port: pooler.port, tls: { ca: pooler.ca }, connection });

  test.each([
    ['pgbouncer', 'SASL authentication failed'],
    ['pgbouncer', 'no such user'],
    [
      'rdsProxy',
      'This RDS proxy has no credentials for the role shop_a. Check the credentials for this role and try again.',
    ],
  ] as const)('%s: "%s" is a refusal, and the secret is read again', async (path, words) => {
    pooler.refused.set('shop_a', words);
    const pool = await through(path);
    system.whileWaiting = () => undefined;
    const asked = pool.query(whoami);
    source.put(secret('shop_b', 'b1'));
    expect((await asked).rows).toMatchObject([{ role: 'shop_b' }]);
    expect(reports[0]).toMatchObject({ event: 'refused', sqlstate: '08P01' });
    const direct = new SecretCache(new InMemorySource(secret('shop_a', 'a1')), {
      parse: databaseCredential(),
      system,
    });
    const unaware = await createRotatingPool(direct, {
      host: 'localhost',
      port: pooler.port,
      database: 'postgres',
      tls: { ca: pooler.ca },
      system,
    });
    pools.push(unaware);
    expect(await failure(unaware.query('select 1'))).toMatchObject({ code: '08P01' });
  });

  test('a real PgBouncer: what it says of a wrong password and of an unknown role is a refusal', async () => {
    if (pgbouncerProgram === undefined) {
      console.warn('PgBouncer is not installed: its own answers are not tested here.');
      return;
    }
    const bouncer = await startPgBouncer({
      server,
      dbname: 'postgres',
      users: { shop_a: 'a1', shop_b: 'b1' },
    });
    try {
      for (const stale of [secret('shop_a', 'a0'), secret('shop_gone', 'g1')]) {
        source = new PendingSource(stale);
        reports = [];
        const pool = await poolOf({
          port: bouncer.port,
          tls: { ca: bouncer.ca },
          connection: 'pgbouncer',
        });
        await pool.query('select 1').catch(() => undefined);
        expect(reports[0]).toMatchObject({ event: 'refused', sqlstate: '08P01' });
        source.put(secret('shop_b', 'b1'));
        system.later(30_000);
        expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop_b' }]);
        await pool.end();
      }
    } finally {
      await bouncer.stop();
    }
  });

  const wrongRole =
    'This RDS proxy has no credentials for the role shop_a. Check the credentials for this role and try again.';
  const wrongPassword = 'The password that was provided for the role shop_a is wrong.';
  test('only what another credential may cure is a refusal, on each path', () => {
    const answers = [
      ['direct', '28P01', 'password authentication failed for user "shop_a"', true],
      ['direct', '28000', 'role "shop_a" is not permitted to log in', true],
      ['direct', '08P01', 'SASL authentication failed', false],
      ['direct', '53300', 'sorry, too many clients already', false],
      ['direct', '3D000', 'database "nowhere" does not exist', false],
      ['pgbouncer', '08P01', 'SASL authentication failed', true],
      ['pgbouncer', '08P01', 'password authentication failed', true],
      ['pgbouncer', '08P01', 'no such user: shop_a', true],
      ['pgbouncer', '08P01', 'no more connections allowed (max_client_conn)', false],
      ['pgbouncer', '08P01', 'query_wait_timeout', false],
      ['pgbouncer', '08P01', 'client_login_timeout (server down)', false],
      ['pgbouncer', '08P01', 'no such database: nowhere', false],
      ['pgbouncer', '08P01', 'the database system is shutting down', false],
      ['rdsProxy', '08P01', wrongRole, true],
      ['rdsProxy', '28000', wrongPassword, true],
      ['rdsProxy', '08P01', wrongPassword, true],
      ['rdsProxy', '08P01', 'Timed-out waiting to acquire database connection', false],
      ['direct', '08P01', wrongRole, false],
    ] as const;
    for (const [path, code, words, helps] of answers) {
      const error = Object.assign(new Error(words), { code });
      expect([path, words, refusalOf(error, path)]).toEqual([
        path,
        words,
        helps ? code : undefined,
      ]);
    }
  });
});

test('Drizzle and Kysely go on over the pool when the role behind it is retired', async () => {
  const pool = await poolOf();
  const one = drizzle({ client: pool });
  const other = new Kysely<object>({ dialect: new PostgresDialect({ pool }) });
  const roles = async () => [
    (await one.execute<{ role: string }>('select session_user as role')).rows[0]?.role,
    (await kyselySql<{ role: string }>`select session_user as role`.execute(other)).rows[0]?.role,
  ];
  expect(await roles()).toEqual(['shop_a', 'shop_a']);
  await sql(
    "alter role shop_a nologin; select pg_terminate_backend(pid) from pg_stat_activity where usename = 'shop_a'",
  );
  source.put(secret('shop_b', 'b1'));
  while (pool.totalCount > 0) await new Promise(setImmediate);
  expect(await roles()).toEqual(['shop_b', 'shop_b']);
});

describe('the cooldown of the cache', () => {
  test('a read of a moment ago, for another reason, holds nobody up for longer than the cooldown', async () => {
    source.value = secret('shop', 's1');
    const cache = new SecretCache(source, { parse: databaseCredential(), system });
    const pool = await createRotatingPool(cache, {
      host: 'localhost',
      port: server.port,
      database: 'postgres',
      tls: { ca: server.ca },
      system,
    });
    pools.push(pool);
    await cache.refreshNow();
    await sql("alter role shop password 's2'");
    source.put(secret('shop', 's2'));
    const begun = system.time;
    expect((await pool.query(whoami)).rows).toMatchObject([{ role: 'shop' }]);
    // Logins with the old password meanwhile, and the one read that the cooldown of 10 s allows.
    expect(source.reads).toBe(2);
    expect(system.time - begun).toBeGreaterThanOrEqual(10_000);
    expect(system.time - begun).toBeLessThanOrEqual(15_000);
  });
});

describe('the end of a pool', () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const ended = { code: 'ERR_ROTATION_POOL_ENDED', message: expect.stringContaining('localhost:') };

  test('is told to whoever waits between two logins, at once, and leaves no timer', async () => {
    await sql("alter role shop_a password 'elsewhere'");
    const before = timers();
    const waits = deferred<void>();
    const real = {
      ...system,
      now: system.now,
      wait: (milliseconds: number, signal: AbortSignal) => {
        waits.resolve();
        return wait(milliseconds * 100, signal);
      },
    };
    const pool = await poolOf({ system: real });
    const callers = [pool.query('select 1'), pool.connect(), pool.query('select 2')].map(failure);
    const called = new Promise((resolve) => pool.connect((error) => resolve(error)));
    await waits.promise;
    expect(timers()).toBeGreaterThan(before);
    await pool.end();
    for (const error of await Promise.all([...callers, called])) {
      expect(error).toMatchObject(ended);
    }
    expect(timers()).toBe(before);
    expect(await failure(pool.query('select 1'))).toMatchObject({
      message: expect.stringContaining('after calling end'),
    });
  });

  test('is told to whoever waits for a read of the secret, and dials nobody afterwards', async () => {
    source.value = secret('shop', 'wrong');
    const pool = await poolOf();
    const reading = deferred<void>();
    const read = source.read.bind(source);
    source.read = (stage) => {
      if (source.reads === 1) {
        source.hold();
        reading.resolve();
      }
      return read(stage);
    };
    const caller = failure(pool.query('select 1'));
    await reading.promise;
    const dialled = await refusals();
    await pool.end();
    expect(await caller).toMatchObject(ended);
    source.release();
    await new Promise(setImmediate);
    expect(await refusals()).toBe(dialled);
  });

  test('waits for a query that has its connection, or is about to', async () => {
    const pool = await poolOf();
    const asked = pool.query(whoami);
    const end = pool.end();
    expect((await asked).rows).toMatchObject([{ role: 'shop_a' }]);
    await end;
  });
});

describe('connections', () => {
  test('are recycled one after the other', async () => {
    const pool = await poolOf({ maxLifetime: 100_000, pool: { idleTimeoutMillis: 0 } });
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'Date', 'performance'] });
    try {
      system.next = 0;
      const latest = await pool.connect();
      system.next = 0.9;
      const earliest = await pool.connect();
      latest.release();
      earliest.release();
      jest.advanceTimersByTime(77_000);
      expect(pool.totalCount).toBe(2);
      jest.advanceTimersByTime(1_000);
      expect(pool.totalCount).toBe(1);
      jest.advanceTimersByTime(23_000);
      expect(pool.totalCount).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  test('that end while idle are told, and the process lives on', async () => {
    const lost = deferred<Error>();
    const pool = await poolOf({ onConnectionLost: lost.resolve });
    const { pid } = (await pool.query(whoami)).rows[0];
    await sql(`select pg_terminate_backend(${pid})`);
    expect(await lost.promise).toMatchObject({ code: '57P01' });
    expect((await pool.query(whoami)).rows[0].pid).not.toBe(pid);
  });

  test('that end while idle do not end the process when their listener throws', async () => {
    const pool = await poolOf({
      onConnectionLost: () => {
        throw new Error('no logger');
      },
    });
    expect(() => pool.emit('error', new Error('57P01'), {} as never)).not.toThrow();
    expect(system.warnings.at(-1)?.message).toBe('no logger');
  });

  test('verify the certificate and the name in it', async () => {
    const strange = await makeCertificates(['localhost']);
    const stranger = await poolOf({ tls: { ca: strange.ca } });
    expect((await failure(stranger.query('select 1'))).message).toMatch(
      /self-signed|signature|verify/,
    );
    const renamed = await poolOf({ host: '127.0.0.2' });
    expect(await failure(renamed.query('select 1'))).toMatchObject({
      code: expect.stringMatching(/ERR_TLS_CERT_ALTNAME_INVALID|ECONNREFUSED/),
    });
  });

  test('a callback is served as a promise is, and after the end nothing connects', async () => {
    const pool = await poolOf();
    const role = await new Promise((resolve, reject) => {
      pool.connect((error, client, done) => {
        if (client === undefined) return reject(error);
        client.query(whoami, (wrong: Error, { rows }: pg.QueryResult) => {
          done();
          wrong ? reject(wrong) : resolve(rows[0].role);
        });
      });
    });
    expect(role).toBe('shop_a');
    await pool.end();
    expect((await failure(pool.query('select 1'))).message).toContain('after calling end');
  });
});

describe('options', () => {
  test('the host comes from the application; from the secret only when asked, and never for a pooler', async () => {
    const place = { host: 'localhost', port: String(server.port), dbname: 'postgres' };
    source.value = secret('shop_a', 'a1', place);
    const asked = await poolOf({ endpoint: 'secret' });
    expect((await asked.query(whoami)).rows).toMatchObject([{ role: 'shop_a' }]);

    const cache = new SecretCache(source, { parse: databaseCredential(), system });
    for (const options of [
      {},
      { host: 'localhost' },
      { endpoint: 'secret', host: 'localhost' },
      { endpoint: 'secret', connection: 'pgbouncer' },
      { host: 'localhost', database: 'postgres', connection: 'pgpool' },
      { host: 'localhost', database: 'postgres', pool: { password: 'x' } },
      { host: 'localhost', database: 'postgres', maxLifetime: 5 },
      { host: 'localhost', database: 'postgres', retryFor: Number.NaN },
    ] as unknown as RotatingPoolOptions[]) {
      expect(await failure(createRotatingPool(cache, options))).toMatchObject({
        code: 'ERR_ROTATION_CLIENT_SETTINGS',
      });
    }
  });

  test('a value that is no database secret says so without a part of it', async () => {
    for (const text of [
      'swordfish',
      '{"username":"swordfish"}',
      '{"username":1,"password":"swordfish"}',
    ]) {
      const error = await failure((async () => databaseCredential()(text))());
      expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_ROTATION_/) });
      expect(error.message).not.toContain('swordfish');
    }
    const credential = databaseCredential()(secret('shop', 'swordfish'));
    expect(JSON.stringify(credential)).toBe('{"username":"shop"}');
  });
});
