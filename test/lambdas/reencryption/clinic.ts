/** A database with encrypted columns, two keys, an application role and the engine's own role. */
import { createHash, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import type { Binding } from '../../../domain/ciphertext/format.ts';
import { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import { qt1 } from '../../../domain/ciphertext/qt1.ts';
import { defaultThrottle } from '../../../domain/policy/throttle.ts';
import type { Clock } from '../../../doors/clock.ts';
import { pooledRandom } from '../../../doors/pooled-random.ts';
import { bulkPostgres } from '../../../doors/postgres/bulk-session.ts';
import type { Credential, Endpoint, Session } from '../../../doors/postgres/door.ts';
import { migrate } from '../../../doors/postgres/ledger-schema.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { cipherOf } from '../../../lambdas/reencryption/cipher.ts';
import type { ReencryptedColumn } from '../../../lambdas/reencryption/column.ts';
import { type Job, openJob } from '../../../lambdas/reencryption/job.ts';
import { ledger } from '../../../lambdas/reencryption/ledger.ts';
import { isSwept, openPass, passResult } from '../../../lambdas/reencryption/pass.ts';
import { type PlanLimits, plan } from '../../../lambdas/reencryption/plan.ts';
import { type Engine, work } from '../../../lambdas/reencryption/worker.ts';
import { fenceState, takeFence } from '../../../lambdas/reencryption/writer-fence.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';

export interface Clinic {
  server: PostgresServer;
  endpoint: Endpoint;
  /** The engine's login role. */
  worker: Credential;
  sql<Row extends Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  asWorker<T>(work: (session: Session) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function startClinic(settings: Record<string, string> = {}): Promise<Clinic> {
  const server = await startPostgres({
    settings: { fsync: 'off', max_prepared_transactions: '5', ...settings },
  });
  const worker = { username: 'reencryption', password: randomBytes(24).toString('base64url') };
  const endpoint = { host: 'localhost', port: server.port, dbname: 'clinic', ca: server.ca };
  const clinic: Clinic = {
    server,
    endpoint,
    worker,
    sql: async (text, values) => (await superuser).session.query(text, values),
    asWorker: async (work) => work((await engine).session),
    async stop() {
      for (const kept of [superuser, engine]) {
        await (await kept.catch(() => undefined))?.close();
      }
      await server.stop();
    },
  };
  let superuser: Promise<Kept> = Promise.reject(new Error('not started'));
  let engine = superuser;
  superuser.catch(() => undefined);
  try {
    await server.session(async (client) => {
      await client.query('create database clinic');
      await client.query(`create role reencryption login password '${worker.password}'`);
      await client.query(`create role app login password 'of the application'`);
    });
    superuser = keep(endpoint, server.superuser);
    await migrate((await superuser).session, 'reencryption');
    engine = keep(endpoint, worker);
    return clinic;
  } catch (error) {
    await clinic.stop();
    throw error;
  }
}

interface Kept {
  session: Session;
  close(): Promise<void>;
}

/** A session until it is closed: a login costs more than all a test does with it. */
export function keep(endpoint: Endpoint, credential: Credential): Promise<Kept> {
  return new Promise((resolve, reject) => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((done) => {
      end = done;
    });
    const closed = nodePostgres.withSession(endpoint, credential, (session) => {
      resolve({
        session,
        close: () => {
          end();
          return closed;
        },
      });
      return ended;
    });
    closed.catch(reject);
  });
}

function keyOf(name: string): CipherKey {
  const bytes = createHash('sha256').update(name).digest();
  const kid = createHash('sha256')
    .update('quarterturn kid v1')
    .update(bytes)
    .digest('hex')
    .slice(0, 16);
  return new CipherKey({ kid, key: createSecretKey(bytes) });
}
export const k1 = keyOf('the first key');
export const k2 = keyOf('the second key');
export const k3 = keyOf('the third key');

const random = pooledRandom();

export function columnOf(id: string, more: Partial<ReencryptedColumn> = {}): ReencryptedColumn {
  const [table = '', column = ''] = id.split('.');
  return { id, table: `public.${table}`, column, format: 'qt1', profile: 'column', ...more };
}

export function bound(
  id: string,
  profile: 'none' | 'column' | 'row' = 'column',
  row: string[] = [],
): Binding {
  return profile === 'none'
    ? { profile }
    : profile === 'column'
      ? { profile, column: id }
      : { profile, column: id, row };
}

export function sealed(plaintext: string, key: CipherKey, binding: Binding): string {
  return qt1.seal(Buffer.from(plaintext), key, binding, random, { nested: true });
}

export function opened(stored: string, binding: Binding, keys = new KeyRing([k1, k2, k3])): string {
  return qt1.open(stored, keys, binding).plaintext.toString();
}

/** Stands still unless told otherwise; sleeping only moves it. */
export function stillClock(): Clock & { slept: number[] } {
  let now = Date.UTC(2026, 4, 17, 17);
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(now),
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

export const planAll: PlanLimits = { rowsPerRange: 400, rowsCutExactly: 1_000_000 };

export function engineOf(
  clinic: Clinic,
  columns: readonly ReencryptedColumn[],
  more: Partial<Omit<Engine, 'limits'>> & { limits?: Partial<Engine['limits']> } = {},
): Engine {
  return {
    door: bulkPostgres,
    endpoint: clinic.endpoint,
    credential: clinic.worker,
    clock: stillClock(),
    columns,
    cipherOf: cipherOf(qt1),
    keys: new KeyRing([k1, k2, k3]),
    random: pooledRandom(),
    ...more,
    limits: {
      rows: 250,
      bytes: 4_000_000,
      strides: 8,
      lockTimeout: 2_000,
      leaseSeconds: 60,
      statementTimeout: 15_000,
      quarantined: 1_000,
      tries: 5,
      throttle: defaultThrottle,
      ...more.limits,
    },
  };
}

export const later = new Date(Date.UTC(2030, 0));

export function startJob(
  clinic: Clinic,
  engine: Engine,
  secret: string,
  target = k2,
): Promise<Job> {
  return clinic.asWorker(async (session) => {
    const job = await openJob(session, {
      secret,
      targetKid: target.kid,
      keysetVersion: randomUUID(),
      mode: 'online',
    });
    await plan(session, job, engine.columns, planAll);
    return job;
  });
}

export const workOn = (engine: Engine, job: Job) => work(engine, job.id, randomUUID(), later);

export const countsOf = (clinic: Clinic, job: Job, pass = 0) =>
  clinic.asWorker(async (session) => (await ledger(session, job.id, pass)).columns);

/** Everything after the first pass, as a state machine would call it. */
export async function finish(clinic: Clinic, engine: Engine, job: Job): Promise<void> {
  const inSession = clinic.asWorker;
  const next = async (kind: 'sweep' | 'verify' | 'count') => {
    const { pass } = await inSession((session) => passResult(session, job.id));
    await inSession((session) => openPass(session, job.id, kind, pass, engine.columns, planAll));
    await workOn(engine, job);
    return inSession((session) => passResult(session, job.id));
  };
  for (let result = await next('sweep'); !isSwept(result); ) {
    result = await next('sweep');
  }
  for (const [fence, kind] of [
    ['writers', 'verify'],
    ['counts', 'count'],
  ] as const) {
    await inSession((session) => takeFence(session, job.id, fence));
    await inSession((session) => fenceState(session, job.id, fence));
    await next(kind);
  }
}
