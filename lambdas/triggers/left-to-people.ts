/**
 * An exposure from a source that may not begin an emergency (`triggers.exposure.unattended`): told, with the command.
 * It takes no secret: whoever may only be heard must not keep one who may act waiting for hours. A secret is told of
 * once an hour; every event is in the log.
 */
import type { ManifestSecret } from '../../domain/config/manifest.ts';
import type { Exposure, TriggeredSecret } from '../../domain/events/triggers.ts';
import { emergencyCommand } from './by-hand.ts';
import { type Handling, replayed } from './handling.ts';
import type { Arrival } from './parse-trigger.ts';
import { tell } from './tell.ts';

const code = 'ERR_ROTATION_TRIGGER_NEEDS_PERSON';

/** @throws TriggerRefusedError when somebody sent another event under its id */
export async function leftToPeople(
  { doors, deployment, manifest }: Handling,
  arrival: Arrival,
  { id, reason, reportedBy }: Exposure,
  secrets: readonly ManifestSecret[],
): Promise<readonly TriggeredSecret[]> {
  const command = emergencyCommand(
    secrets.map(({ key }) => key),
    id,
    manifest,
  );
  const outcomes: TriggeredSecret[] = secrets.map(({ key, name }) => ({
    key,
    name,
    state: 'person',
    code,
    message: `an exposure from ${arrival.by.source} begins nothing here (triggers.exposure.unattended): a person decides`,
    command,
  }));
  const at = doors.clock.now().toISOString();
  const { eventId, by } = arrival;
  const told = await Promise.all(
    secrets.map(({ key }) =>
      doors.records.putRefusal(
        `${code}/${key}`,
        at.slice(0, 13),
        { at, eventId },
        // Whoever died before it had told tells it again.
        (standing) => standing.eventId === eventId,
      ),
    ),
  );
  doors.log.error('left-to-people', { code, requestId: id, eventId, source: by.source });
  if (!told.includes('stored')) return outcomes;
  await tell(doors, {
    deployment,
    trigger: 'exposure',
    by: { ...by, ...(reportedBy !== undefined && { reportedBy }) },
    requestId: id,
    ...(reason !== undefined && { reason }),
    outcome: 'open',
    secrets: outcomes,
  });
  const record = { trigger: 'exposure', eventId, at, done: true, secrets: outcomes } as const;
  const other = await doors.records.putTrigger(id, { ...record, secrets: [...outcomes] });
  if (other !== undefined) throw replayed(id, other.at, other.eventId);
  return outcomes;
}
