/** One measurement each: the engine, an UPDATE without cryptography, cryptography without a database. */
import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { openJob } from '../../lambdas/reencryption/job.ts';
import { workerLimits } from '../../lambdas/reencryption/limits.ts';
import { plan, planLimits } from '../../lambdas/reencryption/plan.ts';
import type { WorkerLimits } from '../../lambdas/reencryption/worker.ts';
import { columnsOf, newKey } from './keys.ts';
import type { People } from './people.ts';
import { type Bundles, race } from './processes.ts';
import type { WorkDone, WorkOrder } from './worker.ts';

export const sessions = 2;

const limits: WorkerLimits = {
  ...workerLimits,
  // How fast this machine is, is the question; a throttle answers another one.
  throttle: {
    replicationLagSeconds: Number.MAX_SAFE_INTEGER,
    walBytesPerSecond: Number.MAX_SAFE_INTEGER,
    slotBytesLeft: 0,
    batchP95Milliseconds: Number.MAX_SAFE_INTEGER,
    vacuumPatienceMilliseconds: 0,
  },
};

export interface Measured {
  seconds: number;
  rowsPerSecond: number;
  walPerRow: number;
  /** Share of updates that touched no index. */
  hot: number;
  /** Of the table's own pages, 1: none. */
  growth: number;
  /** Bytes of the largest worker; 0: there was none. */
  peakMemory: number;
  /** Microseconds of CPU a row, of the workers and of the sessions they had; NaN where the system does not tell. */
  clientCpu: number;
  serverCpu: number;
}

export async function measureEngine(
  people: People,
  bundles: Bundles,
  columns: number,
  execArgv: readonly string[] = [],
): Promise<Measured> {
  return people.fresh(async (endpoint, client) => {
    const job = await nodePostgres.withSession(endpoint, people.worker, async (session) => {
      const opened = await openJob(session, {
        secret: 'bench',
        targetKid: newKey.kid,
        keysetVersion: 'bench',
        mode: 'online',
      });
      // Of a small table there would be one range, and one worker with nothing to do.
      const rowsPerRange = Math.min(planLimits.rowsPerRange, Math.ceil(people.rows / 8));
      await plan(session, opened, columnsOf(columns), { ...planLimits, rowsPerRange });
      return opened;
    });
    const order: WorkOrder = {
      endpoint,
      credential: people.worker,
      job: job.id,
      columns,
      limits,
    };
    let answers: WorkDone[] = [];
    const measured = await observed(client, async () => {
      const raced = await race<WorkDone>(
        bundles.worker,
        Array.from({ length: sessions }, () => order),
        execArgv,
      );
      answers = raced.answers;
      return raced.seconds;
    });
    await assertRewritten(client, columns);
    const cpu = answers.reduce((sum, one) => sum + one.cpu, 0);
    return {
      ...measured,
      peakMemory: Math.max(...answers.map(({ peakMemory }) => peakMemory)),
      clientCpu: cpu / measured.rows,
    };
  });
}

/** (a) Every byte of the same columns is written anew, and none is looked at. */
export async function measureUpdate(people: People, columns: number): Promise<Measured> {
  const sets = columnsOf(columns).map(
    ({ column }) => `${column} = substr(${column}, 1, 28) || reverse(substr(${column}, 29))`,
  );
  return people.fresh((endpoint, client) =>
    observed(client, async (rows) => {
      const half = Math.floor(rows / sessions);
      const started = performance.now();
      await Promise.all(
        Array.from({ length: sessions }, (_, at) =>
          people.server.session(
            (session) =>
              session.query(
                `update people set ${sets.join(', ')} where id > ${at * half} and id <= ${at + 1 === sessions ? rows : (at + 1) * half}`,
              ),
            { database: endpoint.dbname },
          ),
        ),
      );
      return (performance.now() - started) / 1_000;
    }),
  );
}

/** (x) */
export async function measureCrypto(
  bundles: Bundles,
  columns: number,
  rows: number,
): Promise<number> {
  const order = { columns, rows: Math.ceil(rows / sessions) };
  const { seconds } = await race(
    bundles.crypto,
    Array.from({ length: sessions }, () => order),
  );
  return (order.rows * sessions) / seconds;
}

async function observed(
  client: pg.Client,
  work: (rows: number) => Promise<number>,
): Promise<Measured & { rows: number }> {
  const before = await look(client);
  const spent = sessionCpu(before.pid);
  const seconds = await work(before.rows);
  // A session is gone for its client before the server has waited for its process.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const serverCpu = (sessionCpu(before.pid) - spent) / before.rows;
  const after = await look(client);
  const updated = after.updated - before.updated;
  return {
    seconds,
    rows: before.rows,
    rowsPerSecond: before.rows / seconds,
    walPerRow: (after.wal - before.wal) / before.rows,
    hot: (after.hot - before.hot) / updated,
    growth: after.bytes / before.bytes,
    peakMemory: 0,
    clientCpu: 0,
    serverCpu,
  };
}

async function look(client: pg.Client) {
  const { rows } = await client.query(`
    select pg_backend_pid()::float8 as pid, (select count(*) from people)::float8 as rows,
           pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal,
           pg_relation_size('people')::float8 as bytes,
           n_tup_upd::float8 as updated, n_tup_hot_upd::float8 as hot
      from pg_stat_user_tables where relname = 'people'`);
  return rows[0] as Record<'pid' | 'rows' | 'wal' | 'bytes' | 'updated' | 'hot', number>;
}

async function assertRewritten(client: pg.Client, columns: number): Promise<void> {
  for (const { column } of columnsOf(columns)) {
    const { rows } = await client.query(
      `select count(*)::int as left from people where not starts_with(${column}, 'qt1.${newKey.kid}.')`,
    );
    if (rows[0]?.left !== 0) {
      throw new Error(`${rows[0]?.left} values of ${column} are not under the new key.`);
    }
  }
}

/**
 * Microseconds of CPU of every session that has ended: the server's process has waited for them, and Linux
 * counts them for it (proc(5), cutime and cstime, in ticks of 10 ms).
 */
function sessionCpu(session: number): number {
  try {
    const statOf = (pid: string) =>
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
    const [, server = ''] = statOf(String(session));
    const fields = statOf(server);
    return (Number(fields[13]) + Number(fields[14])) * 10_000;
  } catch {
    return Number.NaN;
  }
}
