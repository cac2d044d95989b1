/**
 * Who read them: the access audit is asked until it is done, and what it says is stored beside the report.
 *
 * What it carries from call to call may be large, and the input of a state holds 256 KiB (Step Functions guide,
 * "Quotas"): it travels compressed. The answer does not travel at all.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import {
  type AccessAudit,
  type AccessQuestion,
  accessAnswerSchema,
} from '../../../domain/events/access-audit.ts';
import type { EmergencyRecord } from '../../../domain/events/emergency.ts';
import type { EmergencyDoors } from '../doors.ts';
import { StageIncompleteError } from '../errors.ts';
import { auditKey } from '../incident.ts';
import { type Looped, loopSchema } from '../progress.ts';
import { emergencyOf, keysOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, openStage } from '../stages.ts';

const day = 86_400_000;
/** CloudTrail's event history ends there (awscloudtrail/latest/userguide/view-cloudtrail-events.html). */
const historyDays = 90;
const auditMinutes = 20;
/** A look, not the whole window. */
const drillMilliseconds = 3_600_000;

const schema = loopSchema.extend({ progress: z.string().max(200_000).optional() });

export async function accessAudit(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<Looped & { progress?: string }> {
  const { id, drill, since, progress } = schema.parse(given);
  const over: Looped = { id, drill, done: true };
  const record = await emergencyOf(doors, id);
  if (isOver(await openStage(doors, id, 'accessAudit'))) return over;
  const { emergency } = await doors.manifest();
  if (emergency === undefined) {
    const reason = 'the manifest names no function that reads the trail: deploy the stack again';
    await closeStage(doors, id, 'accessAudit', { state: 'failed', reason });
    return over;
  }
  const now = doors.clock.now();
  const begun = since ?? now.toISOString();
  const question = await questionOf(doors, record, new Date(begun), progress);
  const answer = accessAnswerSchema.parse(
    await doors.functions.invoke(emergency.accessAudit, question),
  );
  if (!answer.done) {
    if (now.getTime() - new Date(begun).getTime() >= auditMinutes * 60_000) {
      throw new StageIncompleteError(
        `The access audit has seen ${answer.seen} events in ${auditMinutes} minutes and is not done; expected it to be. Go on under the same id, or ask it for a shorter time (quarterturn offboard).`,
      );
    }
    const carried = gzipSync(JSON.stringify(answer.progress ?? null)).toString('base64');
    return { id, drill, done: false, since: begun, refused: 0, progress: carried };
  }
  const { audit } = answer;
  await doors.incidents.put(auditKey(id), 'application/json', JSON.stringify(audit));
  await closeStage(doors, id, 'accessAudit', { state: 'done', evidence: [factOf(audit, drill)] });
  return over;
}

async function questionOf(
  { records }: Pick<EmergencyDoors, 'records'>,
  { id, exposedSince, drill, ...record }: EmergencyRecord,
  now: Date,
  progress: string | undefined,
): Promise<AccessQuestion> {
  const earliest = now.getTime() - (drill ? drillMilliseconds : historyDays * day);
  const since = drill || exposedSince === undefined ? new Date(earliest) : new Date(exposedSince);
  const found = await records.getSecrets(id);
  return {
    operation: 'readers',
    secrets: keysOf(record),
    since: since.toISOString(),
    until: now.toISOString(),
    newVersions: Object.fromEntries(
      found.flatMap(({ key, versionId, promotedAt }) =>
        versionId === undefined || promotedAt === undefined ? [] : [[key, versionId]],
      ),
    ),
    ...(progress !== undefined && {
      progress: JSON.parse(gunzipSync(Buffer.from(progress, 'base64')).toString('utf8')) as unknown,
    }),
  };
}

function factOf({ readers, covered, moreReaders }: AccessAudit, drill: boolean) {
  const unknown = readers.filter(({ standing }) => standing === 'unknown');
  const problems = covered.flatMap(({ region, problem }) =>
    problem ? [`${region}: ${problem}`] : [],
  );
  return evidenceOf('readersLookedUp', {
    ...(drill && { ok: problems.length === 0 }),
    readers: readers.length + moreReaders,
    unknown: unknown.length,
    unknownOfNew: unknown.filter(({ readNew }) => readNew).length,
    regions: covered.map(({ region, source }) => `${region} (${source})`).join(', '),
    detail: problems.length > 0 ? problems.join('; ') : undefined,
  });
}
