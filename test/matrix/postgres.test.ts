/**
 * The rooms of a PostgreSQL login on a real server, schedule by schedule beside the model: the same calls, the same
 * end. Every call of PostgreSQL fails in every way that makes a difference, every other call in one; the recovery is
 * drawn by the seed. Where the two differ, what the model says proves nothing.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate } from '../../doors/postgres/ledger-schema.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { type Pharmacy, startPharmacy } from '../lambdas/database/pharmacy.ts';
import type { Kind, Passed } from './calls.ts';
import { LeakSearch } from './leaks.ts';
import { allKinds, distinctKinds, prepared } from './matrix.ts';
import { type RealServer, realServer } from './real-server.ts';
import { type Recovery, recoveries } from './recoveries.ts';
import type { Room, Scenario } from './room.ts';
import { databaseRoom } from './rooms/databases.ts';
import { encryptionRoom } from './rooms/keysets.ts';
import { identity } from './rooms/server.ts';
import { type Outcome, runSchedule, type Schedule } from './schedule.ts';
import { drawnFrom, seed } from './seeded-random.ts';
import type { Kept } from './stand.ts';

let pharmacy: Pharmacy;
let server: RealServer;

beforeAll(async () => {
  pharmacy = await startPharmacy();
  server = await realServer(pharmacy);
}, 120_000);
afterAll(async () => {
  await server?.stop();
  await pharmacy?.server.stop();
});

interface Pair {
  readonly model: { readonly room: Room; readonly kept: Kept };
  readonly real: { readonly room: Room; readonly kept: Kept };
}

async function both(scheme: 'multiUser' | 'singleUser', scenario: Scenario): Promise<Pair> {
  const { port: PORT, ca } = pharmacy.server;
  const model = databaseRoom(scheme);
  const real = databaseRoom(scheme, { PORT, ca, admin: pharmacy.admin });
  return {
    model: { room: model, kept: await prepared(model, scenario) },
    real: { room: real, kept: await prepared(real, scenario, server.stand(real)) },
  };
}

const modelLeaks = new LeakSearch();
const realLeaks = new LeakSearch();

/** Where it went, what it came to, and who may log in afterwards. */
function seenOf({ passed, bad, recovered, stand }: Outcome) {
  const roles = [...stand.cluster.state.roles.values()].filter(({ name }) => name !== 'postgres');
  return {
    bad,
    sites: passed.map(({ site }) => site),
    recovered,
    steps: stand.steps,
    labels: stand.labels(),
    logins: Object.fromEntries(roles.map(({ name, canLogin }) => [name, canLogin])),
  };
}

async function compare({ model, real }: Pair, schedule: Schedule): Promise<Outcome> {
  const expected = await runSchedule(model.room, model.kept, schedule, modelLeaks);
  const found = await runSchedule(real.room, real.kept, schedule, realLeaks, (room, kept) =>
    server.stand(room, kept),
  );
  try {
    expect(seenOf(found)).toEqual({ ...seenOf(expected), bad: [] });
  } catch (error) {
    throw new Error(
      `SEED=${seed} REPLAY='${real.room.name} ${JSON.stringify(schedule)}'\n${error}`,
    );
  }
  return expected;
}

function kindsFor(passed: Passed, ...words: readonly (string | number)[]): readonly Kind[] {
  const all = passed.method.startsWith('postgres.') ? distinctKinds(passed) : allKinds(passed);
  const drawn = all[drawnFrom(all.length, ...words)] as Kind;
  if (isFull) {
    return passed.method.startsWith('postgres.') ? all : [drawn];
  }
  return drawnFrom(50, 'short', ...words) === 0 ? [drawn] : [];
}

/** `REPLAY='<room> <schedule>'`, as a failure prints it, runs that schedule alone. */
function replayed(): { room: string; schedule: Schedule } | undefined {
  const [, room, schedule] = /^(\S+) (\{.*)$/.exec(process.env.REPLAY ?? '') ?? [];
  return room && schedule ? { room, schedule: JSON.parse(schedule) } : undefined;
}

const drawnRecovery = (...words: readonly (string | number)[]): Recovery =>
  recoveries[drawnFrom(recoveries.length, 'recovery', ...words)] as Recovery;

test('what the model answers to the encryption room a real PostgreSQL answers, too', async () => {
  await pharmacy.sql('create table notes (id int primary key, body text)');
  await pharmacy.sql(`alter table notes owner to ${identity}`);
  await nodePostgres.withSession(pharmacy.at(), pharmacy.server.superuser, (session) =>
    migrate(session, identity),
  );
  const model = encryptionRoom({ host: 'localhost', port: 5432, dbname: 'pharmacy', ca: '' });
  const real = encryptionRoom(pharmacy.at());
  for (const scenario of ['firstValue', 'activate'] as const) {
    const pair = {
      model: { room: model, kept: await prepared(model, scenario) },
      real: { room: real, kept: await prepared(real, scenario, server.stand(real)) },
    };
    await compare(pair, { scenario, faults: [], recovery: 'sameToken' });
  }
}, 300_000);

test('a real PostgreSQL goes the way of the model, and every recovery ends well on it', async () => {
  const started = performance.now();
  let schedules = 0;
  const sites = new Set<string>();
  for (const scheme of ['multiUser', 'singleUser'] as const) {
    for (const scenario of databaseRoom(scheme).scenarios) {
      const only = replayed();
      if (only !== undefined) {
        if (only.room !== databaseRoom(scheme).name || only.schedule.scenario !== scenario)
          continue;
        await compare(await both(scheme, scenario), only.schedule);
        return;
      }
      const pair = await both(scheme, scenario);
      const clean = await compare(pair, { scenario, faults: [], recovery: 'sameToken' });
      for (const [call, passed] of clean.passed.slice(0, clean.beforeRecovery).entries()) {
        for (const kind of kindsFor(passed, scheme, scenario, call)) {
          const recovery = drawnRecovery(scheme, scenario, call, kind);
          await compare(pair, { scenario, faults: [{ call, kind }], recovery });
          schedules += 1;
          sites.add(passed.site);
        }
      }
    }
  }
  const seconds = (performance.now() - started) / 1000;
  recordFigures('crash-matrix-postgres', seed, {
    sites: sites.size,
    singleSchedules: schedules,
    schedulesPerSecond: Math.round((10 * schedules) / seconds) / 10,
    bad: 0,
  });
  expect(schedules).toBeGreaterThan(isFull ? 1_000 : 3);
}, 1_800_000);
