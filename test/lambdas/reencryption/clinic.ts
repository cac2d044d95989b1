/** A database with encrypted columns, two keys, an application role and the engine's own role. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Credential, Endpoint, Session } from '../../../doors/postgres/door.ts';
import { migrate } from '../../../doors/postgres/ledger-schema.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { type Job, openJob } from '../../../lambdas/reencryption/job.ts';
import { ledger } from '../../../lambdas/reencryption/ledger.ts';
import { isSwept, openPass, passResult } from '../../../lambdas/reencryption/pass.ts';
import { plan } from '../../../lambdas/reencryption/plan.ts';
import { type Engine, work } from '../../../lambdas/reencryption/worker.ts';
import { fenceState, takeFence } from '../../../lambdas/reencryption/writer-fence.ts';
import { type PostgresServer, startPostgres } from '../../../sandbox/postgres/start.ts';
import { k2, later, planAll } from './material.ts';

export * from './material.ts';

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
export async function finish(
  clinic: Clinic,
  engine: Engine,
  job: Job,
  beforeCount: () => Promise<unknown> = async () => undefined,
): Promise<void> {
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
    if (kind === 'count') {
      await beforeCount();
    }
    await next(kind);
  }
}
