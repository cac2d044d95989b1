/**
 * "Secret Label Updated" with AWSCURRENT: starts the AfterRotation of that version. The event carries only
 * `{ name, labelUpdated, versionId }` (user guide, "Secret Label Updated"), so what made the version is
 * read from the control table:
 *
 * 0. an inbox of a user-managed secret: the rotation that takes the value is asked for (rotate-from-inbox.ts)
 * 1. not a rotating secret of this stack: nothing
 * 2. a version that finishSecret promoted (it leaves an AfterRotation record before), and
 *    a. whose AfterRotation had finished before the event: moved back by hand, as 4
 *    b. that an execution owns (an activation, an emergency): handed over, that execution goes on
 *    c. any other: one execution, named after the version; the second event starts nothing
 * 3. no such version, but a new secret that still holds its first, empty value: nothing
 * 4. no such version: an unmanaged write, told on the bus
 *
 * The event fires inside finishSecret, before the service has closed the rotation; the execution waits for
 * that. Delivery is best effort: the cadence starts what no event started.
 */
import {
  type InboxManifestSecret,
  isRotated,
  type Manifest,
} from '../../domain/config/manifest.ts';
import {
  auditEventSource,
  type UnmanagedWriteEvent,
  unmanagedWriteEventSchema,
} from '../../domain/events/audit-event.ts';
import type { AfterRotationRecord } from '../../domain/events/control-records.ts';
import { ageOf } from '../../domain/policy/age.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import type { AskingDoors } from '../../doors/ask-for-rotation.ts';
import type { Clock } from '../../doors/clock.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { Log } from '../../doors/log.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { StepFunctionsDoor } from '../../doors/step-functions.ts';
import { failureOf } from '../rotation/failure.ts';
import { type LabelEvent, parseLabelEvent } from './label-event.ts';
import { rotateFromInbox } from './rotate-from-inbox.ts';

export interface StarterDoors {
  secretsManager: Pick<SecretsManagerDoor, 'describe' | 'rotate'>;
  controlTable: AskingDoors['controlTable'] & Pick<ControlTableDoor, 'getRotation' | 'putTold'>;
  stepFunctions: Pick<StepFunctionsDoor, 'startExecution'>;
  eventBus: EventBusDoor;
  clock: Clock;
  log: Log;
}

export type Started =
  | 'started'
  | 'alreadyStarted'
  | 'handedOver'
  | 'unmanagedWrite'
  | 'uninitialised'
  | 'notOurs'
  /** Of the secret whose inbox it is. */
  | 'rotationStarted'
  | 'otherLabel';

/** What the rule calls; nothing leaves it that could hold a value. @throws InvalidLabelEventError, AwsCallError, by name and code */
export async function startFor(
  doors: StarterDoors,
  manifest: () => Promise<Manifest>,
  stateMachineArn: string,
  event: unknown,
): Promise<{ outcome: Started }> {
  try {
    const parsed = parseLabelEvent(event, stateMachineArn);
    return { outcome: await start(doors, await manifest(), stateMachineArn, parsed) };
  } catch (error) {
    const { code, message, frames, error: printable } = failureOf(error, 'the starter');
    doors.log.error('failed', { code, reason: message, frames });
    throw printable;
  }
}

export async function start(
  doors: StarterDoors,
  manifest: Manifest,
  stateMachineArn: string,
  event: LabelEvent,
): Promise<Started> {
  const outcome = await decideStart(doors, manifest, stateMachineArn, event);
  const { name: secret, versionId, labelUpdated } = event.detail;
  const write = outcome === 'unmanagedWrite' ? doors.log.error : doors.log.info;
  write('starter', { secret, versionId, labelUpdated, outcome });
  return outcome;
}

async function decideStart(
  doors: StarterDoors,
  manifest: Manifest,
  stateMachineArn: string,
  { detail, time, resources: [secretArn = ''] }: LabelEvent,
): Promise<Started> {
  const { name: secretName, versionId, labelUpdated } = detail;
  // Date labels and pins send the same event.
  if (labelUpdated !== 'AWSCURRENT') return 'otherLabel';
  const owned = manifest.secrets.find(hasInboxOf(secretName));
  if (owned !== undefined) return rotateFromInbox(doors, owned, secretArn);
  const secret = manifest.secrets.find(({ name }) => name === secretName);
  if (secret === undefined || !isRotated(secret)) return 'notOurs';

  const rotation = await doors.controlTable.getRotation(secretName, versionId);
  const after = await doors.controlTable.getAfterRotation(secretName, versionId);
  if (rotation === undefined || after === undefined || isOverBefore(time, after)) {
    const { versionIdsToStages } = await doors.secretsManager.describe(secretArn);
    const now = doors.clock.now();
    if (ageOf({ origin: secret.origin, versionIdsToStages, now }).uninitialised) {
      return 'uninitialised';
    }
    const moved = { versionId, time };
    await announceUnmanagedWrite(doors, { name: secretName, arn: secretArn }, moved, now);
    return 'unmanagedWrite';
  }

  if (rotation.owner !== undefined) return 'handedOver';

  const answer = await doors.stepFunctions.startExecution({
    stateMachineArn,
    name: versionId,
    input: { secretArn, secretName, versionId },
  });
  return answer === 'started' ? 'started' : 'alreadyStarted';
}

const hasInboxOf =
  (inbox: string) =>
  (secret: Manifest['secrets'][number]): secret is InboxManifestSecret =>
    secret.kind === 'userManaged' && secret.inbox?.name === inbox;

/** A late delivery tells of a promotion before its AfterRotation; what comes after it is another move. */
function isOverBefore(time: string, { state, at }: AfterRotationRecord): boolean {
  return state === 'finished' && new Date(at).getTime() < new Date(time).getTime();
}

async function announceUnmanagedWrite(
  { eventBus, controlTable }: StarterDoors,
  secret: UnmanagedWriteEvent['secret'],
  { versionId, time }: { versionId: string; time: string },
  now: Date,
): Promise<void> {
  const event = unmanagedWriteEventSchema.parse({
    type: 'unmanaged-secret-write',
    version: 1,
    id: derivedToken('unmanaged-secret-write', secret.name, versionId, time),
    at: now.toISOString(),
    secret,
    versionId,
  } satisfies UnmanagedWriteEvent);
  await eventBus.put({
    source: auditEventSource,
    detailType: event.type,
    detail: event,
    resources: [secret.arn],
  });
  // The watch tells what was not told here: an event that never came.
  await controlTable.putTold(secret.name, {
    fact: 'unmanagedWrite',
    versionId,
    at: now.toISOString(),
  });
}
