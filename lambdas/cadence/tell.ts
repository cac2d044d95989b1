/**
 * What the schedule says on the event bus: a rotation is planned, a secret is overdue. The record comes first, by
 * compare-and-swap, so that two ticks say a thing once; a record whose event may not have arrived is sent again, with
 * the same id, by the next tick.
 */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { auditEventSource } from '../../domain/events/audit-event.ts';
import type { NoticeRecord } from '../../domain/events/control-records.ts';
import type { OverdueNotice, PlannedNotice } from '../../domain/events/notices.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import type { CadenceDoors } from './doors.ts';
import type { Judged } from './inventory.ts';

/** Announces it for an hour. @returns false: another tick did so meanwhile, for an hour of its own */
export async function announce(
  doors: CadenceDoors,
  entry: Judged,
  plannedAt: Date,
): Promise<boolean> {
  const seen = entry.facts.announced;
  const record: NoticeRecord = {
    versionId: currentVersion(entry.facts.versionIdsToStages) ?? '',
    at: doors.clock.now().toISOString(),
    plannedAt: plannedAt.toISOString(),
    told: false,
  };
  const standing = await doors.controlTable.putNotice(
    entry.secret.name,
    record,
    (found) => seen !== undefined && isSame(found, seen),
  );
  if (standing !== undefined) return false;
  await tellPlanned(doors, entry, record);
  return true;
}

/** A tick that was broken off between record and event has told nobody. */
export async function tellAgain(doors: CadenceDoors, entry: Judged): Promise<void> {
  const record = await doors.controlTable.getNotice(entry.secret.name);
  if (record !== undefined && !record.told) await tellPlanned(doors, entry, record);
}

async function tellPlanned(
  { controlTable, eventBus, clock }: CadenceDoors,
  { secret, description, verdict }: Judged,
  record: NoticeRecord,
): Promise<void> {
  const notice: PlannedNotice = {
    type: 'credential-rotation-planned',
    version: 1,
    id: derivedToken('planned-notice', secret.name, record.versionId, record.plannedAt),
    at: clock.now().toISOString(),
    secret: { name: secret.name, arn: description.arn },
    kind: secret.kind,
    plannedAt: record.plannedAt,
    limitAt: (verdict.limitAt ?? new Date(record.plannedAt)).toISOString(),
    ...(logsEveryoneOut(secret) && { logsEveryoneOut: true }),
  };
  await send(eventBus, notice);
  await controlTable.putNotice(secret.name, { ...record, told: true }, (found) =>
    isSame(found, record),
  );
}

/** Once a day (UTC). @param reason what is known of it, as the log has it */
export async function tellOverdue(
  { controlTable, eventBus, clock }: CadenceDoors,
  { secret, description, verdict }: Judged,
  reason: string,
): Promise<void> {
  const at = clock.now().toISOString();
  const record = { day: at.slice(0, 10), at, told: false };
  const standing = await controlTable.putOverdue(
    secret.name,
    record,
    ({ day, told }) => day !== record.day || !told,
  );
  if (standing !== undefined) return;
  const { rotatedAt, limitAt } = verdict;
  const notice: OverdueNotice = {
    type: 'credential-overdue',
    version: 1,
    id: derivedToken('overdue', secret.name, record.day),
    at,
    secret: { name: secret.name, arn: description.arn },
    kind: secret.kind,
    ...(rotatedAt && { rotatedAt: rotatedAt.toISOString() }),
    ...(limitAt && { limitAt: limitAt.toISOString() }),
    reason: reason.slice(0, 1024),
  };
  await send(eventBus, notice);
  await controlTable.putOverdue(
    secret.name,
    { ...record, told: true },
    ({ day }) => day === record.day,
  );
}

const send = (
  eventBus: CadenceDoors['eventBus'],
  notice: PlannedNotice | OverdueNotice,
): Promise<void> =>
  eventBus.put({
    source: auditEventSource,
    detailType: notice.type,
    detail: notice,
    resources: [notice.secret.arn],
  });

const isSame = (
  a: Pick<NoticeRecord, 'versionId' | 'plannedAt'>,
  b: Pick<NoticeRecord, 'versionId' | 'plannedAt'>,
): boolean => a.versionId === b.versionId && a.plannedAt === b.plannedAt;

const logsEveryoneOut = (secret: RotatedManifestSecret): boolean =>
  secret.kind === 'jwt' && secret.logsEveryoneOut;
