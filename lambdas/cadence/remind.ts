/**
 * Reminds of user-managed secrets that are older than their owners wanted: once a day (UTC) at most, the record
 * first, as with everything the schedule says (tell.ts). The age is that of the value: the date label where a
 * rotation made it, the version's own date where its owners wrote the secret itself. Values are never read.
 */
import type { Manifest, UserManagedManifestSecret } from '../../domain/config/manifest.ts';
import { auditEventSource } from '../../domain/events/audit-event.ts';
import type { ReminderNotice } from '../../domain/events/notices.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import { previousVersion } from '../../domain/policy/labels.ts';
import { reminderOf } from '../../domain/policy/reminder.ts';
import { inParallel } from '../rotation/in-parallel.ts';
import type { CadenceDoors } from './doors.ts';
import { type Inventory, secretsAtATime } from './inventory.ts';
import { reasonOf } from './result.ts';

/** One secret that fails does not keep the others from their turn. @returns how many failed */
export async function remindOwners(
  doors: CadenceDoors,
  manifest: Manifest,
  inventory: Inventory,
): Promise<number> {
  const secrets = manifest.secrets.filter(
    (secret): secret is UserManagedManifestSecret => secret.kind === 'userManaged',
  );
  const failed = await inParallel(secrets, secretsAtATime, async (secret) => {
    try {
      await remind(doors, secret, inventory);
      return 0;
    } catch (error) {
      const reason = error instanceof RangeError ? error.message : reasonOf(error);
      doors.log.error('cadence-reminder', { secret: secret.name, finding: true, reason });
      return 1;
    }
  });
  return failed.reduce<number>((sum, one) => sum + one, 0);
}

async function remind(
  doors: CadenceDoors,
  secret: UserManagedManifestSecret,
  inventory: Inventory,
): Promise<void> {
  const { controlTable, eventBus, clock, log } = doors;
  const { name, purpose, remindDays } = secret;
  const arn = inventory.listed.get(name)?.arn;
  // Manifests of 0.1 ask for no reminder; a secret that is not listed is not there yet.
  if (remindDays === undefined || arn === undefined) return;
  const changedAt = await changedSince(doors, secret, inventory);
  const now = clock.now();
  const ageDays = changedAt && reminderOf({ changedAt, remindDays, now });
  if (changedAt === undefined || ageDays === undefined) return;
  const at = now.toISOString();
  const record = { day: at.slice(0, 10), at, told: false };
  const standing = await controlTable.putReminder(
    name,
    record,
    ({ day, told }) => day !== record.day || !told,
  );
  if (standing !== undefined) return;
  const notice: ReminderNotice = {
    type: 'credential-reminder',
    version: 1,
    id: derivedToken('reminder', name, record.day),
    at,
    secret: { name, arn },
    purpose,
    changedAt: changedAt.toISOString(),
    ageDays,
    remindDays,
  };
  await eventBus.put({
    source: auditEventSource,
    detailType: notice.type,
    detail: notice,
    resources: [arn],
  });
  await controlTable.putReminder(name, { ...record, told: true }, ({ day }) => day === record.day);
  log.info('cadence-reminder', { secret: name, ageDays, remindDays });
}

/** Undefined: no owner has put a value yet. */
async function changedSince(
  { secretsManager }: CadenceDoors,
  secret: UserManagedManifestSecret,
  { judged, listed }: Inventory,
): Promise<Date | undefined> {
  if (secret.inbox !== undefined) {
    const since = judged.find((entry) => entry.secret.name === secret.name)?.verdict.rotatedAt;
    if (since !== undefined) return since;
  }
  // The first version is the deployment's: the marker of a new secret.
  const stages = listed.get(secret.name)?.versionIdsToStages ?? {};
  return previousVersion(stages) === undefined
    ? undefined
    : secretsManager.currentSince(secret.name);
}
