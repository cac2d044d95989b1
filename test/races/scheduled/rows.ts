/**
 * Races over rows that are re-encrypted, on a real PostgreSQL: every statement of a worker is a call. Whoever waits
 * for a row's lock does so in the server, and is not asked.
 */
import { randomUUID } from 'node:crypto';
import type { Scheduler } from 'fast-check';
import { type BulkPostgresDoor, bulkPostgres } from '../../../doors/postgres/bulk-session.ts';
import type { Session } from '../../../doors/postgres/door.ts';
import { closeJob, type Job, openJob } from '../../../lambdas/reencryption/job.ts';
import { plan } from '../../../lambdas/reencryption/plan.ts';
import { work } from '../../../lambdas/reencryption/worker.ts';
import {
  bound,
  type Clinic,
  columnOf,
  countsOf,
  engineOf,
  k1,
  k2,
  k3,
  keep,
  later,
  opened,
  sealed,
  startClinic,
} from '../../lambdas/reencryption/clinic.ts';
import { broken } from '../invariants.ts';
import { type Hold, type Participant, Schedule, told, unwrap } from '../schedule.ts';

const rows = 40;
const column = columnOf('patients.ssn');
const here = bound('patients.ssn');
const limits = { rows: 5 };

export type RowsRace = (typeof rowsRaces)[number];
export const rowsRaces = ['two workers', 'an older epoch', 'a writer with the old key'] as const;
export const rowsWays: Record<RowsRace, readonly string[]> = {
  'two workers': ['one', 'other', 'both'],
  'an older epoch': ['fenced', 'through'],
  'a writer with the old key': ['met', 'missed'],
};

/** Where rows are, and a session that looks at locks while the others wait for them. */
export interface RowsStage {
  readonly clinic: Clinic;
  readonly locks: Awaited<ReturnType<typeof keep>>;
}

export async function startRows(): Promise<RowsStage> {
  const clinic = await startClinic();
  await clinic.sql('create table patients (id int primary key, ssn text)');
  await clinic.sql('grant select (id, ssn), update (ssn) on patients to reencryption');
  return { clinic, locks: await keep(clinic.endpoint, clinic.server.superuser) };
}

interface Drawn {
  after: number;
  hold: Hold | undefined;
}

/** Of the first job: once whoever closes it was answered, no batch of it is under way (`closeJob`). */
interface Fence {
  isClosed: boolean;
  /** Batches that were written all the same. */
  late: number;
}

/** @returns which way it went, and how often somebody else was let go */
export async function raceOverRows(
  { clinic, locks }: RowsStage,
  race: RowsRace,
  scheduler: Scheduler,
  { after, hold }: Drawn,
): Promise<{ way: string; changes: number }> {
  const truth = await fill(clinic);
  const secret = randomUUID();
  const job = await begin(clinic, secret, k2.kid);
  const schedule = new Schedule(scheduler, hold);
  const away = { calls: 0 };
  schedule.quiet = () => quiet(locks.session, away);
  const fence: Fence = { isClosed: false, late: 0 };
  const worker = (name: string, of?: Job) =>
    work(
      engineOf(clinic, [column], {
        door: gated(schedule, name, away, of === undefined ? fence : undefined),
        limits,
      }),
      (of ?? job).id,
      randomUUID(),
      later,
    );
  const other: Record<RowsRace, () => Participant> = {
    'two workers': () => ({ name: 'other', after, run: () => worker('other') }),
    'an older epoch': () => ({
      name: 'other',
      after,
      async run() {
        await inCall(schedule, 'other', 'close', away, async () => {
          const kept = await keep(clinic.endpoint, clinic.worker);
          await closeJob(kept.session, secret, 'emergency');
          fence.isClosed = true;
          await kept.close();
        });
        const next = await inCall(schedule, 'other', 'open', away, () =>
          begin(clinic, secret, k3.kid),
        );
        return worker('other', next);
      },
    }),
    'a writer with the old key': () => ({
      name: 'other',
      after,
      async run() {
        for (let write = 0; write < 12; write++) {
          const id = (write * 7) % rows;
          const text = `written ${write}`;
          await inCall(schedule, 'other', `write ${id}`, away, () => put(clinic, id, text));
          truth.set(id, text);
        }
      },
    }),
  };
  try {
    const outcomes = await schedule.play([
      { name: 'one', run: () => worker('one') },
      other[race](),
    ]);
    const changes = schedule.calls.filter(
      ({ name }, index) => index > 0 && schedule.calls[index - 1]?.name !== name,
    ).length;
    const counts = await under(clinic);
    await nothingLost(clinic, truth);
    unwrap(outcomes.get('other'));
    if (race === 'an older epoch') {
      if (fence.late > 0) broken('fence', `${fence.late} batches were written after it was closed`);
      if (counts.get(k3.kid) !== rows) broken('epoch', `${counts.get(k3.kid)} rows are under k3`);
      const one = outcomes.get('one');
      const code = one?.status === 'rejected' ? (one.reason as { code?: string }).code : 'through';
      if (code !== 'through' && code !== 'ERR_ROTATION_JOB_FENCED') broken('epoch', String(code));
      return { way: code === 'through' ? 'through' : 'fenced', changes };
    }
    unwrap(outcomes.get('one'));
    if (race === 'two workers') {
      const [total] = await countsOf(clinic, job);
      if (total?.rewritten !== rows) broken('twice', `${total?.rewritten} of ${rows} are counted`);
      if (counts.get(k2.kid) !== rows) broken('rows', `${counts.get(k2.kid)} are under k2`);
      const [a, b] = ['one', 'other'].map(
        (name) => unwrap<{ ranges: number }>(outcomes.get(name)).ranges > 0,
      );
      return { way: a && b ? 'both' : a ? 'one' : 'other', changes };
    }
    return { way: (counts.get(k1.kid) ?? 0) > 0 ? 'met' : 'missed', changes };
  } catch (error) {
    throw new Error(`${race}: ${(error as Error).message}\n${told(schedule)}`, { cause: error });
  }
}

/** A job of five ranges. */
const begin = (clinic: Clinic, secret: string, targetKid: string): Promise<Job> =>
  clinic.asWorker(async (session) => {
    const keysetVersion = randomUUID();
    const job = await openJob(session, { secret, targetKid, keysetVersion, mode: 'online' });
    await plan(session, job, [column], { rowsPerRange: 8, rowsCutExactly: 1_000_000 });
    return job;
  });

async function fill(clinic: Clinic): Promise<Map<number, string>> {
  const truth = new Map(Array.from({ length: rows }, (_, id) => [id, `first ${id}`]));
  await clinic.sql('truncate patients');
  await clinic.sql(
    'insert into patients select i - 1, v from unnest($1::text[]) with ordinality u(v, i)',
    [[...truth.values()].map((text) => sealed(text, k1, here))],
  );
  return truth;
}

const put = (clinic: Clinic, id: number, text: string) =>
  clinic.sql('update patients set ssn = $2 where id = $1', [id, sealed(text, k1, here)]);

async function under(clinic: Clinic): Promise<ReadonlyMap<string, number>> {
  const found = await clinic.sql<{ kid: string; n: number }>(
    `select split_part(ssn, '.', 2) as kid, count(*)::int as n from patients group by 1`,
  );
  return new Map(found.map(({ kid, n }) => [kid, n]));
}

/** No write of the application is overwritten, and every value opens. */
async function nothingLost(clinic: Clinic, truth: ReadonlyMap<number, string>): Promise<void> {
  const found = await clinic.sql<{ id: number; ssn: string }>('select id, ssn from patients');
  const lost = found.filter(({ id, ssn }) => opened(ssn, here) !== truth.get(id));
  if (lost.length > 0 || found.length !== rows) broken('lost', `${lost.length} updates are lost`);
}

/** One call that is away at the server until it has answered. */
function inCall<T>(
  schedule: Schedule,
  name: string,
  site: string,
  away: { calls: number },
  run: () => Promise<T>,
): Promise<T> {
  return schedule.call(name, site, async () => {
    away.calls++;
    try {
      return await run();
    } finally {
      away.calls--;
    }
  });
}

function gated(
  schedule: Schedule,
  name: string,
  away: { calls: number },
  fence: Fence | undefined,
): BulkPostgresDoor {
  const label = (text: string) => text.trim().slice(0, 40).replaceAll(/\s+/g, ' ');
  return {
    async withBulkSession(endpoint, credential, timeout, use) {
      await schedule.call(name, 'login', () => undefined);
      // Away while it logs in, and while it says goodbye.
      away.calls++;
      const over = bulkPostgres.withBulkSession(endpoint, credential, timeout, async (session) => {
        away.calls--;
        const query: typeof session.query = (text, values) =>
          inCall(schedule, name, label(text), away, () => session.query(text, values));
        let writes = false;
        const used = use({
          query,
          rows: (text, values) => {
            writes ||= text.includes('update only');
            return inCall(schedule, name, label(text), away, () => session.rows(text, values));
          },
          async transaction(inside) {
            writes = false;
            await query('begin');
            try {
              const result = await inside();
              await inCall(schedule, name, 'commit', away, () => {
                if (fence?.isClosed && writes) fence.late++;
                return session.query('commit');
              });
              return result;
            } catch (error) {
              await session.query('rollback').catch(() => undefined);
              throw error;
            }
          },
        });
        return used.finally(() => {
          away.calls++;
        });
      });
      return over.finally(() => {
        away.calls--;
      });
    },
  };
}

/** Everybody waits for a turn, or for a lock. */
async function quiet(session: Session, away: { calls: number }): Promise<void> {
  for (;;) {
    for (let turn = 0; turn < 3; turn++) await new Promise<void>((done) => setImmediate(done));
    if (away.calls === 0) return;
    const [row] = await session.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`,
    );
    if ((row?.n ?? 0) >= away.calls) return;
  }
}
