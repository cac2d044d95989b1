import { primaryOf } from '../../domain/secrets/keyset.ts';
import { systemClock } from '../../doors/clock.ts';
import { prescription } from '../data/prescriptions.ts';
import { seedPrescriptions } from '../data/seed-prescriptions.ts';
import { countRows, underAnotherKey, validateRows } from '../database-proof.ts';
import { ProofFailedError, present, prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import { grouped } from '../terminal/progress-bar.ts';
import type { Report } from '../terminal/scene.ts';
import { LiveTraffic } from '../traffic.ts';
import { type Watched, watchReencryption } from '../watch-reencryption.ts';
import type { Chapter } from './chapter.ts';

/** Of the table that grows, unless somebody asks for another number. */
export const usualRows = 100_000;
const rowsAtOnce = 5_000;
/** Both machines with all their waits. */
const horizonMilliseconds = 4 * 3_600_000;

export const reencryption = (rows: number): Chapter => ({
  id: 'reencryption',
  title: `Re-encryption: ${grouped(rows)} rows move to a new key under live traffic`,

  async run(stage, report) {
    const { application } = stage;
    await growPrescriptions(stage, rows, report);
    const old = primaryOf(await application.keyset('pii')).kid;
    const traffic = startTraffic(stage, rows);
    let told: Told;
    try {
      report.doing('two readers and two writers are at work; RotateSecret');
      told = await rotateAndWatch(stage, rows, report);
      const next = primaryOf(await application.keyset('pii')).kid;
      prove(next !== old, 'another key is primary');
      report.changed(`every value moved from key ${old} to ${next}`);
      tellSpeed(told.watched, report);
      await proveRecord(stage, next, report);
      await proveByDatabase(stage, next, report);
    } finally {
      await traffic.stop();
    }
    report.proof(`another rotation, asked for meanwhile, was refused: ${told.refused}`);
    await proveTraffic(traffic, report);
  },
});

async function growPrescriptions(stage: Stage, rows: number, report: Report): Promise<void> {
  const { application, data } = stage;
  const cipher = await application.cipher();
  const perRow = stage.sealedPlaces.filter(({ table }) => table === 'public.prescriptions').length;
  report.doing(`prescriptions grow to ${grouped(rows)}, ${perRow} sealed columns each`);
  await application.withDatabase('db', async (session) => {
    for (let first = data.prescriptions.length + 1; first <= rows; first += rowsAtOnce) {
      const amount = Math.min(rowsAtOnce, rows - first + 1);
      const made = Array.from({ length: amount }, (_, at) => prescriptionOf(stage, first + at));
      await seedPrescriptions(session, made, cipher);
    }
  });
  report.changed(`${grouped(rows)} prescriptions, ${perRow} sealed columns each`);
}

const prescriptionOf = ({ data }: Stage, id: number) =>
  prescription(id, data.patients.length, data.window);

function startTraffic(stage: Stage, rows: number): LiveTraffic {
  const { application, operator, sandbox } = stage;
  return LiveTraffic.start({
    source: application.source('pii'),
    now: () => sandbox.clock.now(),
    cacheSeconds: operator.secret('pii').readerCacheSeconds,
    withDatabase: (work) => application.withDatabase('db', work),
    clock: systemClock,
    rows,
    prescription: (id) => prescriptionOf(stage, id),
  });
}

interface Told {
  watched: Watched;
  refused: string;
}

async function rotateAndWatch(stage: Stage, rows: number, report: Report): Promise<Told> {
  const { operator, sandbox, data } = stage;
  await sandbox.clock.advanceTo(new Date(sandbox.clock.now().getTime() + 60_000));
  await operator.ask('pii');
  let refused: string | undefined;
  const watched = await watchReencryption(
    {
      operator,
      key: 'pii',
      total: (data.patients.length + rows) * 3 + data.storedCredentials.length,
      async onTheWay(share) {
        if (share > 0 && share < 1) refused ??= await refusalOfAnother(stage);
      },
    },
    sandbox.clock.settle(horizonMilliseconds),
    report,
  );
  return { watched, refused: present(refused, 'a rotation was asked for while rows moved') };
}

/** With the count of what was left when the record was last written: before RotateSecret, no table is read. */
async function refusalOfAnother({ operator }: Stage): Promise<string> {
  const asked = await operator.askFirst('pii');
  prove(asked.outcome === 'refused', 'a planned rotation is refused while rows are under way');
  prove(
    asked.refusal.code === 'ERR_ROTATION_REENCRYPTION_ACTIVE',
    `it is refused for the rows, not: ${asked.refusal.message}`,
  );
  const left = /(\d+) values are left/.exec(asked.refusal.message)?.[1];
  return `${grouped(Number(present(left, `a refusal that counts: ${asked.refusal.message}`)))} values left`;
}

function tellSpeed({ values, seconds }: Watched, report: Report): void {
  const rate = (count: number) => grouped(count / seconds);
  report.changed(
    `as seen here, beside the traffic: ${seconds.toFixed(1)} s, ${rate(values)} values/s, ${rate(values / 3)} rows/s`,
  );
}

async function proveRecord({ operator }: Stage, kid: string, report: Report): Promise<void> {
  const record = await operator.reencryption('pii');
  prove(
    record?.state === 'verified' && record.targetKid === kid,
    `the re-encryption toward ${kid} is verified, not ${record?.state} (${record?.findings.join('; ')})`,
  );
  report.proof(`verification is green: every value was opened with ${kid} alone`);
}

async function proveByDatabase(stage: Stage, kid: string, report: Report): Promise<void> {
  const { asSuperuser, sealedPlaces } = stage;
  const counted = await asSuperuser((session) => countRows(session, sealedPlaces, kid));
  report.changed(`counted by PostgreSQL: rows ${underAnotherKey(kid)}`);
  for (const { table, rows: all, others } of counted) {
    prove(
      others.every((other) => other.rows === 0),
      `no row of ${table} is under another key than ${kid}: ${JSON.stringify(others)}`,
    );
    report.proof(
      `${table.replace('public.', '')}: ${others.map((other) => `${other.rows} ${other.column}`).join(', ')} of ${grouped(all)}`,
    );
  }
  await asSuperuser((session) => validateRows(session, sealedPlaces, kid));
  report.proof(
    `CHECK (… LIKE 'qt1.${kid}.%') of ${sealedPlaces.length} columns: validated, dropped`,
  );
}

async function proveTraffic(traffic: LiveTraffic, report: Report): Promise<void> {
  const { reads, failedReads, updates, lostUpdates, reasons } = await traffic.tally();
  if (failedReads > 0) {
    throw new ProofFailedError(`${failedReads} of ${reads} reads failed: ${reasons.join('; ')}`);
  }
  prove(
    reads > 0 && updates > 0,
    `the application was at work: ${reads} reads, ${updates} updates`,
  );
  report.proof(`0 of ${grouped(reads)} reads failed, all the while`);
  prove(lostUpdates === 0, `no update is lost; ${lostUpdates} of ${updates} are`);
  report.proof(`0 of ${grouped(updates)} updates are lost`);
}
