import { functionName } from '../../domain/config/names.ts';
import { ageOf } from '../../domain/policy/age.ts';
import { nextDue } from '../../domain/policy/due.ts';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import { kidOfToken } from '../application-load.ts';
import { firstIdOfTheApplication } from '../data/schema.sql.ts';
import { present, prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import type { Report } from '../terminal/scene.ts';
import type { Chapter } from './chapter.ts';

const day = 86_400_000;
const hour = 3_600_000;

export const schedule: Chapter = {
  id: 'schedule',
  title: 'The schedule: 90 and 180 days go by, and nobody has to remember',

  async run(stage, report) {
    const start = stage.sandbox.clock.now();
    const pass = (days: number, hours: number) => letPass(stage, start, days, hours);

    report.doing('the clock moves to day 84');
    const early = await pass(84, 1);
    prove(early.length === 0, 'nothing is rotated before it is due');

    // Five days before the limit the cadence asks; a failure could still be repaired in time.
    report.doing('the clock moves to day 86, hour by hour at the end');
    const firstQuarter = await pass(86, 2);
    prove(firstQuarter.join() === 'pii', 'the encryption key, and nothing else, was rotated');
    report.changed('day 86: the cadence rotated the encryption key, before its limit of 90 days');
    await pass(90, 1);
    await showTable(stage, report, 90);

    report.doing('the clock moves to day 176, hour by hour at the end');
    const onDay172 = await pass(172, 2);
    const token = await stage.pharmacy.login();
    const secondQuarter = new Set([...onDay172, ...(await pass(176, 6))]);
    prove(secondQuarter.size === 5, `five secrets were rotated: ${[...secondQuarter].join(', ')}`);
    report.changed('days 172 and 176: it rotated all five, one an hour at most');
    await pass(180, 1);
    await showTable(stage, report, 180);
    prove(await stage.pharmacy.accepts(token), 'the token of day 172 verifies');
    const signer = kidOfToken(token);
    const primary = primaryOf(await stage.application.keyset('jwt')).kid;
    prove(signer !== primary, 'the signing key was rotated since day 172');
    report.proof(
      `a token signed by ${signer} on day 172 verifies; logins are signed by ${primary}`,
    );
    await proveEverythingWorks(stage, report);
  },
};

/**
 * Moves the clock to `days` after `start`, then hour by hour for `hours`. The hours in between are passed
 * over: what was due in them is due at the first one that is not.
 * @returns the keys of the secrets that the cadence has rotated
 */
async function letPass(
  { sandbox, operator }: Stage,
  start: Date,
  days: number,
  hours: number,
): Promise<string[]> {
  const since = sandbox.requests().length;
  const target = start.getTime() + days * day;
  await sandbox.clock.advanceTo(new Date(target), 'last');
  await sandbox.clock.settle();
  for (let passed = 1; passed <= hours; passed++) {
    await sandbox.clock.advanceTo(new Date(target + passed * hour));
    await sandbox.clock.settle();
  }
  const cadence = functionName(operator.manifest, 'cadence');
  const requests = sandbox.requests().slice(since);
  return operator
    .rotatedSecrets()
    .filter((secret) =>
      requests.some(
        ({ operation, principal, input, status }) =>
          operation === 'RotateSecret' &&
          status === 200 &&
          principal?.includes(cadence) === true &&
          JSON.stringify(input).includes(`${secret.name}-`),
      ),
    )
    .map(({ key }) => key);
}

/** Secret, last rotated, next due, frequency: from the date labels, no value is read. */
async function showTable({ sandbox, operator }: Stage, report: Report, days: number) {
  const now = sandbox.clock.now();
  report.changed(`day ${days}, ${date(now)}:`);
  for (const { key, name, cadenceDays, origin } of operator.rotatedSecrets()) {
    const { versionIdsToStages } = await operator.describe(key);
    const since = present(
      ageOf({ origin, versionIdsToStages, now }).since,
      `${name} carries a date label`,
    );
    const due = nextDue(since, cadenceDays);
    prove(now.getTime() < due.getTime(), `${name} is younger than ${cadenceDays} days`);
    report.changed(
      `${name.padEnd(24)} last rotated ${date(since)}, next due ${date(due)}, every ${cadenceDays} days`,
    );
  }
  report.proof(`no secret is older than its limit on day ${days}`);
}

async function proveEverythingWorks(
  { application, pharmacy, data }: Stage,
  report: Report,
): Promise<void> {
  prove(await pharmacy.accepts(await pharmacy.login()), 'a login gets a token');
  const cipher = await application.cipher();
  const rows = await application.withDatabase('db', (session) =>
    session.query<{ id: number; ssn: string }>(
      'SELECT id::int AS id, ssn FROM public.patients WHERE id < $1',
      [firstIdOfTheApplication],
    ),
  );
  prove(
    rows.every(
      ({ id, ssn }) =>
        cipher.open('patients.ssn', id, ssn) === data.patients.find((row) => row.id === id)?.ssn,
    ),
    'every patient is readable',
  );
  report.proof(`${rows.length} patients of November are readable in May, under the key of May`);
  const legacy = await application.credential('legacyDb');
  prove(!(await application.isRefused(legacy)), 'the older application logs in');
  report.proof('logins get tokens, both applications log in to the database');
}

const date = (at: Date): string => at.toISOString().slice(0, 10);
