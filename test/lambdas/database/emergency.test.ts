import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { VersionIdsToStages } from '../../../domain/policy/labels.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { retireRole } from '../../../lambdas/database/retire-role.ts';
import type { DatabaseValue } from '../../../lambdas/database/value.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { type Pharmacy, rotationOf, startPharmacy } from './pharmacy.ts';
import { provingOld } from './proving-old.ts';
import { restoringLogins } from './restoring-logins.ts';

let pharmacy: Pharmacy;
let single: DatabaseStrategy;
let multi: DatabaseStrategy;

beforeAll(async () => {
  pharmacy = await startPharmacy();
  single = new DatabaseStrategy(pharmacy.singleUser);
  multi = new DatabaseStrategy(pharmacy.multiUser);
});
afterAll(() => pharmacy?.server.stop());

const value = (strategy: DatabaseStrategy, username: string, password: string) =>
  strategy.parse(
    JSON.stringify({
      engine: 'postgres',
      host: 'localhost',
      username,
      password,
      dbname: 'pharmacy',
    }),
  );
/** Nobody is logging in meanwhile: what the server's authentication_timeout is waited for ended long ago. */
const withoutWaiting = () =>
  new DatabaseStrategy({ ...pharmacy.singleUser, sleep: async () => undefined });
const legacy = () => value(single, 'pharmacy_legacy', pharmacy.legacyPassword);

async function loginAs(user: string, password: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: 'localhost',
    port: pharmacy.server.port,
    database: 'pharmacy',
    user,
    password,
    ssl: { ca: pharmacy.server.ca },
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** The thief of a password: keeps a session open, changes the password in it, and comes back when it ends. */
async function hostileSession({ username, password }: DatabaseValue) {
  let stopped = false;
  const login = (known: string) => loginAs(username, known);
  const useUntilItEnds = async (client: pg.Client) => {
    let ended = false;
    client.on('end', () => {
      ended = true;
    });
    while (!stopped && !ended) {
      // Whatever the server answers, the thief goes on while the session lives.
      const attack = `set role none; alter role ${username} password 'evil'`;
      await client.query(attack).catch(() => undefined);
      await client.query(`alter role ${username} login`).catch(() => undefined);
    }
    await client.end().catch(() => undefined);
  };
  const first = await login(password);
  const loop = (async () => {
    await useUntilItEnds(first);
    while (!stopped) {
      const next = await login('evil').catch(() => undefined);
      await (next && useUntilItEnds(next));
    }
  })();
  return {
    finished: () => {
      stopped = true;
      return loop;
    },
  };
}

describe('single user', () => {
  test('a planned rotation sets the new password and proves that the old one is dead', async () => {
    const rotation = rotationOf('planned', pharmacy.admin);
    const current = legacy();
    const pending = await single.createSecret({ current }, rotation);
    expect(pending.username).toBe('pharmacy_legacy');
    expect(pending.fields).not.toHaveProperty('DATABASE_URL');
    await single.setSecret({ current, pending }, rotation);
    await single.setSecret({ current, pending }, rotation);
    await single.testSecret({ current, pending }, rotation);
    expect(rotation.facts).toContainEqual({
      fact: 'oldCredentialRefused',
      detail: { role: 'pharmacy_legacy', host: 'localhost' },
    });
    expect(await failureOf(pharmacy.sql('select 1', current))).toMatchObject({ sqlstate: '28P01' });

    const back = rotationOf('rollback', pharmacy.admin, { restore: current });
    const restored = await single.createSecret({ current: pending, previous: current }, back);
    await single.setSecret({ current: pending, previous: current, pending: restored }, back);
    expect(await pharmacy.sql('select 1 as one', current)).toEqual([{ one: 1 }]);
    expect(single.material(restored)).toEqual(single.material(current));
  });

  test('in an emergency an open session cannot set a password after us', async () => {
    const current = legacy();
    const hostile = await hostileSession({ ...current });
    const rotation = rotationOf('emergency', pharmacy.admin);
    const pending = await single.createSecret({ current }, rotation);
    await single.setSecret({ current, pending }, rotation);
    await hostile.finished();

    expect(await pharmacy.sql('select 1 as one', pending)).toEqual([{ one: 1 }]);
    for (const password of ['evil', current.password]) {
      expect(await failureOf(pharmacy.sql('select 1', { ...current, password }))).toMatchObject({
        sqlstate: '28P01',
      });
    }
    const ended = rotation.facts.find(({ fact }) => fact === 'sessionsEnded');
    expect(ended?.detail).toMatchObject({ role: 'pharmacy_legacy', preparedLeft: 0 });
    expect(ended?.detail?.ended).toBeGreaterThan(0);
    // A repetition neither shuts the new credential out nor ends its sessions.
    const again = rotationOf('emergency', pharmacy.admin);
    await single.setSecret({ current, pending }, again);
    expect(again.facts[0]).toMatchObject({ fact: 'verifierAlreadySet' });
  });

  test('in an emergency an open session that keeps its role locked is ended for it', async () => {
    const current = legacy();
    const single = withoutWaiting();
    await pharmacy.server.session(async (client) => {
      await client.query(`alter role pharmacy_legacy password 'known'`);
    });
    const holding = await loginAs(current.username, 'known');
    await holding.query(`begin; alter role pharmacy_legacy password 'evil'`);
    const rotation = rotationOf('emergency', pharmacy.admin);
    const pending = await single.createSecret({ current }, rotation);
    await single.setSecret({ current, pending }, rotation);

    await expect(holding.query('commit')).rejects.toThrow();
    for (const password of ['known', 'evil']) {
      expect(await failureOf(pharmacy.sql('select 1', { ...current, password }))).toMatchObject({
        sqlstate: '28P01',
      });
    }
    expect(await pharmacy.sql('select 1 as one', pending)).toEqual([{ one: 1 }]);
    expect(rotation.facts.find(({ fact }) => fact === 'sessionsEnded')?.detail?.ended).toBe(1);
  });

  test('goes on where an emergency crashed between NOLOGIN and the new verifier', async () => {
    const current = legacy();
    const single = withoutWaiting();
    await pharmacy.sql('alter role pharmacy_legacy nologin');
    const rotation = rotationOf('emergency', pharmacy.admin);
    const pending = await single.createSecret({ current }, rotation);
    await single.setSecret({ current, pending }, rotation);
    await single.testSecret({ current, pending }, rotation);
    expect(await pharmacy.sql('select 1 as one', pending)).toEqual([{ one: 1 }]);
  });

  test('rolls prepared transactions back where it may and reports the others', async () => {
    const current = legacy();
    const single = withoutWaiting();
    await pharmacy.server.session(async (client) => {
      await client.query(`alter role pharmacy_legacy password 'known'`);
    });
    await pharmacy.server.session(
      async (client) => {
        await client.query('begin; create temp table ignored () on commit drop');
        await client.query('rollback; begin');
        await client.query('select pg_advisory_xact_lock(1)');
        await client.query(`prepare transaction 'a''b'`);
      },
      { database: 'pharmacy', username: 'pharmacy_legacy', password: 'known' },
    );
    const rotation = rotationOf('emergency', pharmacy.admin);
    const pending = await single.createSecret({ current }, rotation);
    await single.setSecret({ current, pending }, rotation);
    expect(rotation.facts[0]).toMatchObject({
      fact: 'sessionsEnded',
      detail: { preparedRolledBack: 0, preparedLeft: 1 },
    });
    await pharmacy.sql(`rollback prepared 'a''b'`);
  });
});

describe('alternating users in an emergency', () => {
  const ids = { leaked: 'e'.repeat(36), current: 'c'.repeat(36) };
  const settled = { [ids.current]: ['AWSCURRENT'], [ids.leaked]: ['AWSPREVIOUS'] };
  const call = (texts: Record<string, string | undefined>, stages: VersionIdsToStages = settled) =>
    retireRole(
      { operation: 'retireRole', leakedVersionId: ids.leaked, currentVersionId: ids.current },
      {
        companion: async () => pharmacy.admin,
        readVersion: async (id) => texts[id],
        stages: async () => stages,
      },
      pharmacy.multiUser,
    );

  test('sets and promotes the other role, then retires the leaked one and the identity', async () => {
    const identity = value(multi, 'pharmacy_app', pharmacy.identityPassword);
    const first = rotationOf('planned', pharmacy.admin);
    const leaked = await multi.createSecret({ current: identity }, first);
    await multi.setSecret({ current: identity, pending: leaked }, first);

    const hostile = await hostileSession(leaked);
    const emergency = rotationOf('emergency', pharmacy.admin);
    const pending = await multi.createSecret({ current: leaked, previous: identity }, emergency);
    expect(pending.username).toBe('pharmacy_app_b');
    await multi.setSecret({ current: leaked, previous: identity, pending }, emergency);
    await multi.testSecret({ current: leaked, previous: identity, pending }, emergency);

    const texts = {
      [ids.leaked]: multi.serialize(leaked),
      [ids.current]: multi.serialize(pending),
    };
    const { retired } = await call(texts);
    await hostile.finished();
    expect(retired.map(({ role }) => role)).toEqual(['pharmacy_app_a', 'pharmacy_app']);
    expect(retired[0]?.ended).toBeGreaterThan(0);
    for (const old of [leaked, { ...leaked, password: 'evil' }, identity]) {
      expect(await failureOf(pharmacy.sql('select 1', old))).toMatchObject({ sqlstate: '28P01' });
    }
    expect(await pharmacy.sql('select 1 as one', pending)).toEqual([{ one: 1 }]);
    expect((await call(texts)).retired.map(({ role }) => role)).toEqual(['pharmacy_app_a']);

    // The next planned rotation gives the retired role LOGIN again.
    const planned = rotationOf('planned', pharmacy.admin);
    const next = await multi.createSecret({ current: pending, previous: leaked }, planned);
    await multi.setSecret({ current: pending, previous: leaked, pending: next }, planned);
    expect(next.username).toBe('pharmacy_app_a');
    expect(await pharmacy.sql('select 1 as one', next)).toEqual([{ one: 1 }]);
  });

  test('retires nothing once a later rotation has begun, or was promoted', async () => {
    const identity = value(multi, 'pharmacy_app', pharmacy.identityPassword);
    const planned = rotationOf('planned', pharmacy.admin);
    const leaked = await multi.createSecret({ current: identity }, planned);
    await multi.setSecret({ current: identity, pending: leaked }, planned);
    const texts = {
      [ids.leaked]: multi.serialize(leaked),
      [ids.current]: multi.serialize(value(multi, 'pharmacy_app_b', 'x'.repeat(32))),
    };
    const later = 'd'.repeat(36);
    for (const stages of [
      { ...settled, [later]: ['AWSPENDING'] },
      { [later]: ['AWSCURRENT'], [ids.current]: ['AWSPREVIOUS'] },
    ]) {
      expect(await failureOf(call(texts, stages))).toMatchObject({
        code: 'ERR_ROTATION_INVALID_EVENT',
      });
    }
    expect(await pharmacy.sql('select 1 as one', leaked)).toEqual([{ one: 1 }]);
  });

  test('an older rotation that waited for the lock sets nothing after the emergency', async () => {
    const current = value(multi, 'pharmacy_app_a', 'x'.repeat(32));
    const refusal = Object.assign(new Error('leased'), { code: 'ERR_ROTATION_LEASED' });
    const stale = rotationOf('planned', pharmacy.admin, {
      assertNotSuperseded: async () => {
        throw refusal;
      },
    });
    const pending = await multi.createSecret({ current }, stale);
    expect(await failureOf(multi.setSecret({ current, pending }, stale))).toBe(refusal);
    expect(await failureOf(pharmacy.sql('select 1', pending))).toMatchObject({ sqlstate: '28P01' });
  });

  test('refuses to retire the role in use, and anything but two version ids', async () => {
    const text = multi.serialize(value(multi, 'pharmacy_app_b', 'x'.repeat(32)));
    const same = { [ids.leaked]: text, [ids.current]: text };
    expect(await failureOf(call(same))).toMatchObject({ code: 'ERR_ROTATION_ROLE_IN_USE' });
    expect(await failureOf(call({}))).toMatchObject({ code: 'ERR_ROTATION_INVALID_EVENT' });
    for (const input of [null, {}, { operation: 'retireRole', role: 'postgres' }]) {
      const tools = {
        companion: async () => pharmacy.admin,
        readVersion: async () => text,
        stages: async () => settled,
      };
      expect(await failureOf(retireRole(input, tools, pharmacy.multiUser))).toMatchObject({
        code: 'ERR_ROTATION_INVALID_EVENT',
      });
    }
  });
});

restoringLogins(() => pharmacy);
provingOld(() => pharmacy);
