/**
 * Before a consumer is stopped and before the job is opened: would its work be done, and would "no row is left"
 * be true? What blocks stops the execution here, with no row changed. In an emergency rows leave a leaked key, so
 * only what makes the work impossible stops it; the rest is on record, and what would make zero a lie keeps
 * Verdict from proving it.
 */
import type { Finding } from '../../../domain/events/operator-requests.ts';
import { currentKeyset, keyRing } from '../current-keyset.ts';
import type { Tools } from '../doors.ts';
import { preflight as lookAhead } from '../preflight.ts';
import { assertStillOurs, findingsOf, keep } from '../records.ts';
import { withLedger } from '../rows-login.ts';
import { signedOffOf } from '../sign-off.ts';
import { PreflightRefusedError, TargetRefusedError } from './errors.ts';
import { type Begun, begunSchema } from './progress.ts';

/** There is nothing to work on, or no right to. */
const impossible: ReadonlySet<string> = new Set([
  'TABLE_MISSING',
  'NOT_A_TABLE',
  'COLUMN_MISSING',
  'COLUMN_UNFIT',
  'SCHEMA_MISSING',
  'SCHEMA_DENIED',
]);
/** Rows nobody counts, or somebody else who could write the count. */
const doubtful = ['UNDECLARED', 'SCHEMA_SHARED'];

/** @throws PreflightRefusedError */
export async function preflight(tools: Tools, execution: string, given: unknown): Promise<Begun> {
  const progress = begunSchema.parse(given);
  await assertStillOurs(tools, execution, progress);
  const { deployed, clock, random, log } = tools;
  const { secretName, columns, neighbours, cipherOf, engines } = deployed;
  const { keyset } = await currentKeyset(tools);
  const open = keyRing(keyset, clock.now());
  const target = open.find(progress.targetKid);
  if (target === undefined) {
    throw new TargetRefusedError(
      secretName,
      `key ${progress.targetKid} is not among those that open values now`,
      'Start again: quarterturn reencrypt resume.',
    );
  }
  const found = await withLedger(tools, async (session) =>
    lookAhead(
      session,
      columns,
      { cipherOf, keys: { target, open, random } },
      { engines, neighbours, signedOff: await signedOffOf(session, secretName) },
    ),
  );
  const blocking = found.filter(({ level }) => level === 'blocks');
  const stopping =
    keyset.rotation.intent === 'emergency'
      ? blocking.filter(({ code }) => impossible.has(code))
      : blocking;
  for (const { code, level } of found) {
    log.info('preflight', { secret: secretName, code, level });
  }
  const recorded = findingsOf(blocking.map(told));
  if (recorded.length > 0) {
    await keep(tools, execution, progress.targetKid, { findings: recorded });
  }
  if (stopping.length > 0) {
    throw new PreflightRefusedError(secretName, [...new Set(stopping.map(({ code }) => code))]);
  }
  return { ...progress, recorded };
}

const told = ({ code, message }: Finding): string => `${code}: ${message}`;

/** Of what is on record: why zero would be no proof. */
export function doubtsOf(recorded: readonly string[]): string[] {
  return recorded.filter((finding) => doubtful.some((code) => finding.startsWith(`${code}: `)));
}
