import { renderStatus } from '../../cli/status/render.ts';
import { functionName } from '../../domain/config/names.ts';
import { plannedNoticeSchema } from '../../domain/events/notices.ts';
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
    const { clock } = stage.sandbox;
    const start = clock.now();
    const onDay = (days: number) => new Date(start.getTime() + days * day);

    report.doing('the clock moves to day 84');
    const early = await letPass(stage, onDay(84), 1);
    prove(early.length === 0, 'nothing is rotated before it is due');
    await showStatus(stage, report, 84);

    // Five days before the limit the cadence asks; a failure could still be repaired in time.
    const { rotateAt } = await statusOf(stage, 'pii');
    report.doing('the clock moves on to the due day, hour by hour at the end');
    const due = new Date(present(rotateAt, 'the day on which pii is due is known'));
    const firstQuarter = await letPass(stage, new Date(due.getTime() - 4 * hour), 5);
    prove(firstQuarter.join() === 'pii', 'the encryption key, and nothing else, was rotated');
    proveItWasAnnounced(stage, report);
    report.changed('day 85: the cadence rotated the encryption key, before its limit of 90 days');
    await showStatus(stage, report, 85, 'pii');

    report.doing('the clock moves to day 176, hour by hour at the end');
    const onDay172 = await letPass(stage, onDay(172), 3);
    const token = await stage.pharmacy.login();
    const secondQuarter = new Set([...onDay172, ...(await letPass(stage, onDay(176), 6))]);
    prove(secondQuarter.size === 5, `five secrets were rotated: ${[...secondQuarter].join(', ')}`);
    report.changed('days 172 and 176: it rotated all five, one an hour at most, each announced');
    await letPass(stage, onDay(180), 1);
    await showStatus(stage, report, 180);
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
 * Moves the clock there, then hour by hour for `hours`. The hours in between are passed over: what was due in
 * them is due at the first one that is not.
 * @returns the keys of the secrets that the cadence has rotated
 */
async function letPass(
  { sandbox, operator }: Stage,
  target: Date,
  hours: number,
): Promise<string[]> {
  const since = sandbox.requests().length;
  await sandbox.clock.advanceTo(target, 'last');
  await sandbox.clock.settle();
  for (let passed = 1; passed <= hours; passed++) {
    await sandbox.clock.advanceTo(new Date(target.getTime() + passed * hour), 'last');
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

/** The notice on the event bus, before the rotation it speaks of. */
function proveItWasAnnounced({ sandbox, operator }: Stage, report: Report): void {
  const { name } = operator.secret('pii');
  const [event] = sandbox
    .events()
    .filter((sent) => sent['detail-type'] === 'credential-rotation-planned')
    .slice(-1);
  const notice = plannedNoticeSchema.parse(event?.detail);
  prove(notice.secret.name === name, `the last announcement is about ${name}`);
  const ahead = Date.parse(notice.plannedAt) - Date.parse(notice.at);
  prove(ahead >= 2 * hour, 'it came two hours before');
  const cadence = functionName(operator.manifest, 'cadence');
  const asked = sandbox
    .requests()
    .findLast(
      ({ operation, principal }) => operation === 'RotateSecret' && principal?.includes(cadence),
    );
  prove(
    asked !== undefined && Date.parse(notice.plannedAt) <= asked.time.getTime(),
    'the rotation did not start before the hour it was announced for',
  );
  report.proof(
    `announced at ${minute(notice.at)} for ${minute(notice.plannedAt)}, started then and not before`,
  );
}

async function statusOf({ operator }: Stage, key: string) {
  const { secrets } = await operator.status();
  return present(
    secrets.find((secret) => secret.key === key),
    `the status tells of ${key}`,
  );
}

/**
 * What `quarterturn status` prints: from labels and records, no value is read.
 * @param only the one secret whose line has changed since the last table; every line without it
 */
async function showStatus(
  { operator }: Stage,
  report: Report,
  days: number,
  only?: string,
): Promise<void> {
  const status = await operator.status();
  const secrets = status.secrets.filter(({ key }) => only === undefined || key === only);
  const [, ...lines] = renderStatus({ ...status, secrets }, { columns: 100, colours: false });
  report.changed(`day ${days}, quarterturn status on ${status.at.slice(0, 10)}:`);
  for (const line of lines.filter((text) => text !== '')) report.changed(line);
  prove(
    status.secrets.every(
      ({ limitAt }) => limitAt === undefined || Date.parse(status.at) < Date.parse(limitAt),
    ),
    'every secret is younger than its limit',
  );
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

const minute = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')}Z`;
