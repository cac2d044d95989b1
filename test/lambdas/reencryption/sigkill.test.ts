import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { bound, type Clinic, columnOf, k1, k2, opened, sealed, startClinic } from './clinic.ts';
import { countsOfPasses, type Driven } from './drive.ts';
import type { Task } from './mortal-worker.ts';
import { type MortalWorkers, startMortalWorkers } from './mortal-workers.ts';
import { drawer } from './seeded.ts';

const full = process.env.PROOF === 'full';
/** What a worker leaves at each statement, without a process of its own for each: crash.test.ts. */
const kills = full ? { drawn: 200 } : { drawn: 1, atStatements: 2 };
const inFull = full ? test : test.skip;
jest.setTimeout(full ? 3_000_000 : 60_000);
const { seed, draw } = drawer();

const columns = [columnOf('patients.ssn'), columnOf('patients.name')];
const target = new KeyRing([k2]);
let clinic: Clinic;
let workers: MortalWorkers;

beforeAll(async () => {
  workers = startMortalWorkers();
  clinic = await startClinic();
  await clinic.sql('create table patients (id int primary key, ssn text, name text)');
  await clinic.sql('grant select (id, ssn, name), update (ssn, name) on patients to reencryption');
  const ssn = bound('patients.ssn');
  const values = Array.from({ length: 40 }, (_, id) => ({
    id,
    ssn:
      id % 10 === 3
        ? null
        : id % 10 === 4
          ? 'damaged'
          : sealed(`ssn ${id}`, id % 10 === 5 ? k2 : k1, ssn),
    name: sealed(`name ${id}`, k1, bound('patients.name')),
  }));
  await clinic.sql(
    'create table seed as select * from json_to_recordset($1) as s(id int, ssn text, name text)',
    [JSON.stringify(values)],
  );
});
afterAll(async () => {
  await workers?.stop();
  await clinic?.stop();
});

let nth = 0;

/** Rows as they were before, and a job nobody has begun. */
async function fresh(more: Partial<Task> = {}): Promise<Task> {
  await clinic.sql('truncate patients');
  await clinic.sql('insert into patients table seed');
  workers.sealsSent();
  return {
    place: { endpoint: clinic.endpoint, worker: clinic.worker },
    columns,
    limits: { rows: 20, strides: 2 },
    drive: {
      secret: `sigkill ${nth++}`,
      targetKid: k2.kid,
      plan: { rowsPerRange: 20, rowsCutExactly: 1_000 },
      accepted: [{ columnId: 'patients.ssn', reason: 'NOT_CIPHERTEXT' }],
    },
    seen: 0,
    ...more,
  };
}

/** What is to be the same, however often somebody was killed on the way. */
async function outcome(task: Task, driven: Driven) {
  const rows = await clinic.sql<{ id: number; ssn: string | null; name: string }>(
    'select id, ssn, name from patients order by id',
  );
  const plaintexts = rows.map(({ id, ssn, name }) => [
    ssn === null || ssn === 'damaged' ? ssn : opened(ssn, bound('patients.ssn'), target),
    opened(name, bound('patients.name'), target),
    id,
  ]);
  const [seals] = await clinic.sql<{ n: number }>(
    'select sum(seals)::int as n from quarterturn.seal_count where secret = $1',
    [task.drive.secret],
  );
  const counts = await clinic.asWorker((session) =>
    countsOfPasses(session as Parameters<typeof countsOfPasses>[0], driven),
  );
  return { state: { counts, plaintexts, verdict: driven.verdict }, sealsCounted: seals?.n ?? 0 };
}

/** Works until it is done, killed on the way wherever `deaths` says, one after another. */
async function survive(task: Task, deaths: { dieAt?: number; killAfter?: number }[]) {
  let killed = 0;
  for (const { dieAt, killAfter } of deaths) {
    const ended = await workers.run(dieAt === undefined ? task : { ...task, dieAt }, killAfter);
    killed += ended.kind === 'killed' ? 1 : 0;
  }
  const last = await workers.run(task);
  if (last.kind === 'killed') {
    throw new Error('Killed by nobody.');
  }
  const found = await outcome(task, last.driven);
  return { ...found, killed, sealsSent: workers.sealsSent(), texts: last.texts, last };
}

async function undisturbed() {
  const whole = await survive(await fresh(), []);
  const { counts, verdict } = whole.state;
  expect(verdict).toEqual({ green: true, findings: [] });
  expect(counts.map((pass) => pass.map(({ rewritten }) => rewritten))).toEqual([
    [40, 28],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect([whole.sealsCounted, whole.sealsSent]).toEqual([68, 68]);
  return whole;
}

/** After them something is on the server that nobody has heard of. */
const writes = /^\s*(commit|with done|with held|with free|insert|update)/;

/** Sent and unanswered, or answered and not heard. */
function unheard(texts: readonly string[]): number[] {
  return texts.flatMap((text, at) => (writes.test(text) ? [at + 1.25, at + 1.5] : []));
}

/** Before each statement, which is after the one before it; and those. */
function momentsOf(texts: readonly string[]): number[] {
  return [...texts.map((_, at) => at + 1), ...unheard(texts)].toSorted((a, b) => a - b);
}

describe('a worker process that is ended by SIGKILL', () => {
  test('at each statement of the whole job leaves what the next one brings to the same end', async () => {
    const whole = await undisturbed();
    const all = momentsOf(whole.texts);
    const deciding = unheard(whole.texts);
    expect(deciding.length).toBeGreaterThan(60);
    const moments = full
      ? all
      : Array.from({ length: kills.atStatements ?? 0 }, (_, at) =>
          at % 2 === 0 ? draw(deciding) : draw(all),
        );
    let killed = 0;
    let uncounted = 0;
    for (const dieAt of moments) {
      const ended = await survive(await fresh(), [{ dieAt }]);
      const what = { seed, dieAt, statement: whole.texts[Math.floor(dieAt) - 1] };
      expect({ ...what, ...ended.state }).toEqual({ ...what, ...whole.state });
      uncounted = Math.max(uncounted, ended.sealsSent - ended.sealsCounted);
      expect({ ...what, uncounted: Math.max(0, uncounted) }).toEqual({ ...what, uncounted: 0 });
      killed += ended.killed;
    }
    expect(killed).toBe(moments.length);
    report(`${killed} kills at statements, of ${whole.texts.length} statements`);
  });

  test('at any moment, from outside, and again while the next one works, comes to the same end', async () => {
    const whole = await undisturbed();
    const milliseconds = whole.last.milliseconds;
    let killed = 0;
    let runs = 0;
    for (; killed < kills.drawn && runs < 10 * kills.drawn; runs++) {
      const deaths = Array.from({ length: 1 + Math.floor(draw() * 3) }, () => ({
        killAfter: draw() * milliseconds,
      }));
      const ended = await survive(await fresh(), deaths);
      const what = { seed, deaths };
      expect({ ...what, ...ended.state }).toEqual({ ...what, ...whole.state });
      expect(ended.sealsCounted).toBeGreaterThanOrEqual(ended.sealsSent);
      killed += ended.killed;
    }
    expect(killed).toBeGreaterThanOrEqual(kills.drawn);
    report(`${killed} kills at drawn moments of ${Math.round(milliseconds)} ms, in ${runs} jobs`);
  });

  inFull('is noticed by these tests where rows are committed apart from their counts', async () => {
    const naive = 'commits rows apart from counts';
    const whole = await survive(await fresh({ naive }), []);
    expect(whole.state.counts[0]).toMatchObject([{ rewritten: 40 }, { rewritten: 28 }]);
    const dieAt = whole.texts.findIndex((text) => text.includes('update only')) + 2.5;
    const ended = await survive(await fresh({ naive }), [{ dieAt }]);
    expect(ended.killed).toBe(1);
    expect(ended.state.counts).not.toEqual(whole.state.counts);
  });
});

function report(line: string): void {
  if (full) {
    console.log(`${line} (SEED=${seed})`);
  }
}
