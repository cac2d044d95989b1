/**
 * An emergency ends the sessions of a leaked role. How long until an application is let in again, counted from the
 * moment AWSCURRENT moves, on a clock of its own that passes while it waits and between what it asks.
 */
import type pg from 'pg';
import { longestPause } from '../../client/postgres/pauses.ts';
import { createRotatingPool, databaseCredential } from '../../client/postgres/rotating-pool.ts';
import { SecretCache } from '../../client/secret-cache.ts';
import { system } from '../../client/system.ts';
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import { retireRole } from '../../lambdas/database/retire-role.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import type { Pharmacy } from '../lambdas/database/pharmacy.ts';
import { rotated } from './database-load.ts';
import type { Bound } from './emergency-jwt.ts';
import { drawn } from './form.ts';
import { sourceOf } from './reader.ts';

/** PostgreSQL's default, and what the server of this test is started with. */
export const authenticationTimeout = 60_000;
const cooldown = 10_000;
/** What `retryFor` in the pool's settings states. */
const bound = cooldown + longestPause;

type Hook = () => Promise<void>;

async function emergencyWorld(pharmacy: Pharmacy, scheme: 'multiUser' | 'singleUser') {
  const nothing: Hook = async () => undefined;
  const hooks = { whileShutOut: nothing, beforeTest: nothing };
  const tools = {
    ...pharmacy[scheme],
    // The function waits `authentication_timeout`: until then nobody may log in. Its shorter pauses are between
    // two looks for sessions that are still open.
    sleep: (milliseconds: number) =>
      milliseconds === authenticationTimeout
        ? hooks.whileShutOut()
        : new Promise<void>(setImmediate),
  };
  class Hooked extends DatabaseStrategy {
    override async testSecret(...given: Parameters<DatabaseStrategy['testSecret']>) {
      await hooks.beforeTest();
      return super.testSecret(...given);
    }
  }
  const world = await RotationWorld.start<unknown>({
    // As long as a rotation takes where requests are made: who reads meanwhile has the time it would have.
    throughSdk: true,
    control: inMemoryControlTable(),
    companions: { admin: JSON.stringify(pharmacy.admin) },
    room: ({ companions }) => ({
      strategy: new Hooked(tools) as RotationStrategy<unknown>,
      companions,
      operations: { retireRole: (input, given) => retireRole(input, given, tools) },
    }),
  });
  await rotated(world);
  return { world, hooks };
}

/** One application, with a session that is open when the emergency begins. */
async function application(world: RotationWorld<unknown>, pharmacy: Pharmacy, pending = false) {
  const clock = { time: world.clock.now().getTime(), held: Promise.resolve() };
  const lost: string[] = [];
  const { source } = sourceOf(world);
  const itsSystem = {
    ...system,
    now: () => new Date(clock.time),
    chance: () => drawn.draw(),
    async wait(milliseconds: number) {
      await clock.held;
      clock.time += milliseconds;
    },
  };
  const cache = new SecretCache(source, {
    parse: databaseCredential(),
    system: itsSystem,
    cooldown,
  });
  const events: string[] = [];
  let told: () => void = () => undefined;
  const pool = await createRotatingPool(cache, {
    host: 'localhost',
    port: pharmacy.server.port,
    database: 'pharmacy',
    tls: { ca: pharmacy.server.ca },
    // An idle session ends by the emergency, or not at all.
    pool: { idleTimeoutMillis: 0, connectionTimeoutMillis: 20_000 },
    system: itsSystem,
    ...(pending && { pending: source }),
    onLogin: ({ event }) => {
      events.push(event);
      told();
    },
    onConnectionLost: (error) => void lost.push((error as { code?: string }).code ?? error.name),
  });
  await pool.query('select 1');
  return {
    clock,
    cache,
    pool,
    lost,
    events,
    refused: () =>
      new Promise<void>((resolve) => {
        told = resolve;
      }),
    /** The role it is let in as; undefined: refused, and a second goes by until it asks again. */
    async ask(): Promise<string | undefined> {
      try {
        const { rows } = await pool.query('select session_user::text as role');
        return rows[0].role;
      } catch {
        clock.time += 1_000;
        return undefined;
      }
    },
  };
}
type Application = Awaited<ReturnType<typeof application>>;

async function untilLetIn(app: Application, since: number): Promise<number> {
  while ((await app.ask()) === undefined) {
    if (app.clock.time - since > 3_600_000) throw new Error('It is not let in for an hour.');
  }
  return app.clock.time - since;
}

export interface EndedSessions {
  readonly bounds: readonly Bound[];
  /** What the open sessions were told. */
  readonly lost: readonly string[];
  /** With AWSPENDING: it was let in before AWSCURRENT moved. */
  readonly pendingLetIn?: boolean;
  /** Asked while the role was shut out. */
  readonly refusedMeanwhile: number;
}

export async function singleUserEmergency(pharmacy: Pharmacy): Promise<EndedSessions> {
  const { world, hooks } = await emergencyWorld(pharmacy, 'singleUser');
  const apps: pg.Pool[] = [];
  const start = async (pending = false) => {
    const app = await application(world, pharmacy, pending);
    apps.push(app.pool);
    return app;
  };
  try {
    const [asks, begins, pending] = [await start(), await start(), await start(true)];
    let refusedMeanwhile = 0;
    let release: () => void = () => undefined;
    let inFlight: Promise<number> | undefined;
    let pendingLetIn = false;
    hooks.whileShutOut = async () => {
      const end = asks.clock.time + authenticationTimeout;
      while (asks.clock.time < end) {
        if ((await asks.ask()) === undefined) refusedMeanwhile += 1;
      }
      // The worst moment to ask first: the secret is read a moment before AWSCURRENT moves.
      begins.clock.held = new Promise((resolve) => {
        release = resolve;
      });
      const refused = begins.refused();
      inFlight = untilLetIn(begins, begins.clock.time);
      await refused;
    };
    hooks.beforeTest = async () => {
      pendingLetIn = (await pending.ask()) !== undefined;
    };
    await world.rotate({ intent: 'emergency' });
    release();
    const bounds = [
      {
        what: 'singleUser: asked all the while',
        measured: await untilLetIn(asks, asks.clock.time),
      },
      { what: 'singleUser: asked as AWSCURRENT moved', measured: (await inFlight) ?? Number.NaN },
    ];
    const lost = [asks, begins, pending].flatMap((app) => app.lost);
    return {
      bounds: bounds.map((one) => ({ ...one, bound })),
      lost,
      pendingLetIn,
      refusedMeanwhile,
    };
  } finally {
    await Promise.all(apps.map((pool) => pool.end()));
    world.stop();
  }
}

export async function multiUserEmergency(pharmacy: Pharmacy): Promise<EndedSessions> {
  const { world, hooks } = await emergencyWorld(pharmacy, 'multiUser');
  const app = await application(world, pharmacy);
  try {
    const leakedVersionId = (await world.labels()).AWSCURRENT ?? '';
    hooks.beforeTest = async () => {
      await app.cache.refreshNow('the worst moment');
    };
    const currentVersionId = await world.rotate({ intent: 'emergency' });
    const moved = app.clock.time;
    await world.handler({ operation: 'retireRole', leakedVersionId, currentVersionId });
    const measured = await untilLetIn(app, moved);
    const bounds = [{ what: 'multiUser: read as AWSCURRENT moved', bound, measured }];
    return { bounds, lost: app.lost, refusedMeanwhile: 0 };
  } finally {
    await app.pool.end();
    world.stop();
  }
}
