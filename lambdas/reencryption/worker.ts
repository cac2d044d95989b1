/**
 * A worker: claims ranges of the job's pass and works them off until its time is over. It keeps nothing
 * between calls and may be ended at any statement; whoever comes next goes on from the ledger.
 */

import type { RandomBytes } from '../../domain/ciphertext/format.ts';
import { KeyRing } from '../../domain/ciphertext/keys.ts';
import { unrepeated } from '../../domain/ciphertext/nonces.ts';
import type { ThrottleLimits } from '../../domain/policy/throttle.ts';
import type { Clock } from '../../doors/clock.ts';
import type { BulkPostgresDoor, BulkSession } from '../../doors/postgres/bulk-session.ts';
import type { Credential, Endpoint } from '../../doors/postgres/door.ts';
import { PostgresError } from '../../doors/postgres/errors.ts';
import { transienceOf } from '../../doors/postgres/transient.ts';
import type { CipherKeys, CipherOf } from './cipher.ts';
import { claimRange, openRanges, type Range } from './claim.ts';
import type { ReencryptedColumn } from './column.ts';
import { JobFencedError, RangeLostError, TooManyQuarantinedError } from './errors.ts';
import { type Job, jobById } from './job.ts';
import { workOffRange } from './range.ts';
import { assertSealsLeft } from './seals.ts';
import { type LeafTable, leafTable } from './table.ts';
import { Throttled } from './throttled.ts';
import { finishWindow } from './window.ts';
import type { Transact, WindowLimits, WindowTools } from './window-rows.ts';

export interface Engine {
  readonly door: BulkPostgresDoor;
  readonly endpoint: Endpoint;
  readonly credential: Credential;
  readonly clock: Clock;
  readonly columns: readonly ReencryptedColumn[];
  readonly cipherOf: CipherOf;
  /** Every key that may open; the job's target is one of them. */
  readonly keys: KeyRing;
  readonly random: RandomBytes;
  readonly limits: WorkerLimits;
  /** Asked before each range: may rows still move to its key? Throws when they may not. */
  readonly assertTarget?: (job: Job) => Promise<void>;
}

export interface WorkerLimits extends WindowLimits {
  /** Milliseconds, kept by the server; longer than `lockTimeout`. */
  readonly statementTimeout: number;
  /** The job stops when so many values could not be read: then it is not the values. */
  readonly quarantined: number;
  /** A batch that met a deadlock or a lock is tried so often; so often a lost connection is made again. */
  readonly tries: number;
  readonly throttle: ThrottleLimits;
}

export interface WorkerResult {
  /** No range of the pass is left, claimed or not. */
  readonly done: boolean;
  readonly paused: boolean;
  readonly ranges: number;
  readonly windows: number;
  /** Milliseconds spent waiting for the database to recover, by what for. */
  readonly waited: Readonly<Record<string, number>>;
  /** Column ids whose key has sealed more than 2^31 values. */
  readonly sealAlarms: readonly string[];
}

/**
 * `owner`: a uuid of this call alone. `until`: when to stop beginning windows.
 * @throws JobFencedError when the job was closed or replaced; everything else that lasts
 */
export async function work(
  engine: Engine,
  jobId: string,
  owner: string,
  until: Date,
): Promise<WorkerResult> {
  const { door, endpoint, credential, limits, clock } = engine;
  const state: WorkState = {
    ranges: 0,
    windows: 0,
    sealAlarms: new Set<string>(),
    waited: {},
    aside: new Set<string>(),
  };
  for (let failures = 0; ; ) {
    const before = state.windows;
    try {
      return await door.withBulkSession(endpoint, credential, limits.statementTimeout, (session) =>
        workIn(engine, session, { jobId, owner, until }, state),
      );
    } catch (error) {
      // What the lost session did last is in the ledger or nowhere; the next session reads it there.
      failures = state.windows > before ? 1 : failures + 1;
      const isOver = state.aside.size > 0 && transienceOf(error) === 'again';
      if (isOver || transienceOf(error) === 'lasting' || failures >= limits.tries) {
        throw error;
      }
      await clock.sleep(backOff(failures, engine.random));
    }
  }
}

interface Call {
  readonly jobId: string;
  readonly owner: string;
  readonly until: Date;
}

interface WorkState {
  ranges: number;
  windows: number;
  sealAlarms: Set<string>;
  waited: Record<string, number>;
  /** Ranges in which somebody holds a row for longer than is waited for. */
  aside: Set<string>;
}

async function workIn(
  engine: Engine,
  session: BulkSession,
  { jobId, owner, until }: Call,
  state: WorkState,
): Promise<WorkerResult> {
  const { clock, limits } = engine;
  const leaves = new Map<string, LeafTable>();
  const nonces = unrepeated(engine.random);
  const throttled = new Throttled(session, clock, limits.throttle, state.waited);
  const retry = retrying(engine, session);
  const transact: Transact = (work) => throttled.batch(() => retry(work));
  const result = (done: boolean, paused: boolean): WorkerResult => ({
    done,
    paused,
    ranges: state.ranges,
    windows: state.windows,
    waited: state.waited,
    sealAlarms: [...state.sealAlarms],
  });
  let held: unknown;
  for (;;) {
    const job = await jobById(session, jobId);
    const ciphers = { cipherOf: engine.cipherOf, keys: keysOf(engine.keys, nonces, job) };
    if (job.paused) {
      return result(false, true);
    }
    if (clock.now() >= until) {
      return result(false, false);
    }
    await assertFewQuarantined(session, job, limits.quarantined);
    for (const alarm of await assertSealsLeft(session, job)) {
      state.sealAlarms.add(alarm);
    }
    await engine.assertTarget?.(job);
    const range = await claimRange(session, job, owner, limits.leaseSeconds, state.aside);
    if (range === undefined) {
      if (held !== undefined) {
        throw held;
      }
      return result((await openRanges(session, job)) === 0, false);
    }
    // Verification has other ciphers than rewriting.
    const known = `${job.pass} ${range.leaf}`;
    const leaf = leaves.get(known) ?? (await leafOf(engine, session, range, ciphers));
    const claimed = { session, transact, job, range, owner, limits };
    try {
      if (leaf === undefined) {
        await finishWindow(claimed, [], [], { checkpoint: undefined, done: true });
        state.ranges += 1;
        continue;
      }
      leaves.set(known, leaf);
      const tools = { ...claimed, leaf, throttled, clock, until };
      const isDone = await workOffRange(tools, () => {
        state.windows += 1;
      });
      state.ranges += isDone ? 1 : 0;
    } catch (error) {
      if (transienceOf(error) === 'again') {
        // A row that is held stops neither the other ranges nor, once it is free, this one.
        held = error;
        state.aside.add(range.id);
      } else if (isUndefinedTable(error)) {
        leaves.delete(known);
        await dropped(engine, claimed, ciphers, error);
      } else if (!(error instanceof RangeLostError)) {
        throw error;
      }
    }
  }
}

/** Between two statements. @throws what the server said, if the table is there */
async function dropped(
  engine: Engine,
  claimed: Omit<WindowTools, 'leaf'>,
  ciphers: { cipherOf: CipherOf; keys: CipherKeys },
  error: unknown,
): Promise<void> {
  if ((await leafOf(engine, claimed.session, claimed.range, ciphers)) !== undefined) {
    throw error;
  }
  await finishWindow(claimed, [], [], { checkpoint: undefined, done: true });
}

function isUndefinedTable(error: unknown): boolean {
  return error instanceof PostgresError && error.sqlstate === '42P01';
}

function leafOf(
  engine: Engine,
  session: BulkSession,
  range: Range,
  ciphers: { cipherOf: CipherOf; keys: CipherKeys },
): Promise<LeafTable | undefined> {
  const columns = engine.columns.filter(({ table }) => table === range.declared);
  return leafTable(session, range.declared, range, columns, ciphers);
}

/** Verification opens with the target alone: a value that needs another key must not pass. */
function keysOf(keys: KeyRing, random: RandomBytes, job: Job): CipherKeys {
  const target = keys.find(job.targetKid);
  if (target === undefined || job.state !== 'active') {
    throw new JobFencedError(
      job.id,
      target === undefined ? `a keyset without ${job.targetKid}` : job.state,
      `an active job and its target key ${job.targetKid} in the keyset`,
    );
  }
  return { target, random, open: job.passKind === 'verify' ? new KeyRing([target]) : keys };
}

async function assertFewQuarantined(session: BulkSession, job: Job, limit: number): Promise<void> {
  const [row] = await session.rows(
    `select count(*) from (select from quarterturn.quarantine
      where job = $1 and accepted_at is null limit $2::bigint + 1) as found`,
    [job.id, String(limit)],
  );
  const found = Number(row?.[0] ?? 0);
  if (found > limit) {
    throw new TooManyQuarantinedError(found, limit);
  }
}

function retrying({ limits, clock, random }: Engine, session: BulkSession): Transact {
  return async (work) => {
    for (let tries = 0; ; tries++) {
      try {
        return await session.transaction(work);
      } catch (error) {
        if (transienceOf(error) !== 'again' || tries + 1 >= limits.tries) {
          throw error;
        }
        await clock.sleep(backOff(tries, random));
      }
    }
  };
}

/** Full jitter: two that collided must not collide again. */
function backOff(tries: number, random: RandomBytes): number {
  const share = ((random(1)[0] ?? 0) + 1) / 256;
  return Math.ceil(share * Math.min(100 * 2 ** tries, 5_000));
}
