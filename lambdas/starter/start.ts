/**
 * "Secret Label Updated" with AWSCURRENT: starts the AfterRotation of that version. The event carries only
 * `{ name, labelUpdated, versionId }` (user guide, "Secret Label Updated"), so what made the version is
 * read from the control table:
 *
 * 1. not a rotating secret of this stack: nothing
 * 2. a rotation that an execution owns (an activation, an emergency): handed over, that execution goes on
 * 3. any other rotation of ours: one execution, named after the version; the second event starts nothing
 * 4. no rotation, but a new secret that still holds its first, empty value: nothing
 * 5. no rotation at all: an unmanaged write, told on the bus
 *
 * The event fires inside finishSecret, before the service has closed the rotation; the execution waits for
 * that. Delivery is best effort: the cadence starts what no event started.
 */
import * as z from 'zod';
import type { Manifest } from '../../domain/config/manifest.ts';
import {
  auditEventSource,
  type UnmanagedWriteEvent,
  unmanagedWriteEventSchema,
} from '../../domain/events/audit-event.ts';
import { ageOf } from '../../domain/policy/age.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import type { Clock } from '../../doors/clock.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { Log } from '../../doors/log.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { StepFunctionsDoor } from '../../doors/step-functions.ts';

export interface StarterDoors {
  secretsManager: Pick<SecretsManagerDoor, 'describe'>;
  controlTable: Pick<ControlTableDoor, 'getRotation' | 'getIntent'>;
  stepFunctions: Pick<StepFunctionsDoor, 'startExecution'>;
  eventBus: EventBusDoor;
  clock: Clock;
  log: Log;
}

export const labelEventSchema = z.object({
  source: z.literal('aws.secretsmanager'),
  'detail-type': z.literal('Secret Label Updated'),
  resources: z.array(z.string()).min(1),
  detail: z.object({
    name: z.string().min(1),
    labelUpdated: z.string(),
    versionId: z.string().min(1).max(64),
  }),
});
export type LabelEvent = z.infer<typeof labelEventSchema>;

export type Started =
  | 'started'
  | 'alreadyStarted'
  | 'handedOver'
  | 'unmanagedWrite'
  | 'uninitialised'
  | 'notOurs'
  | 'otherLabel';

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
  { detail, resources: [secretArn = ''] }: LabelEvent,
): Promise<Started> {
  const { name: secretName, versionId, labelUpdated } = detail;
  // Date labels and pins send the same event.
  if (labelUpdated !== 'AWSCURRENT') return 'otherLabel';
  const secret = manifest.secrets.find(({ name }) => name === secretName);
  if (secret === undefined || secret.kind === 'userManaged') return 'notOurs';

  const rotation = await doors.controlTable.getRotation(secretName, versionId);
  if (rotation === undefined) {
    const { versionIdsToStages } = await doors.secretsManager.describe(secretArn);
    const now = doors.clock.now();
    if (ageOf({ origin: secret.origin, versionIdsToStages, now }).uninitialised) {
      return 'uninitialised';
    }
    await announceUnmanagedWrite(doors, { name: secretName, arn: secretArn }, versionId, now);
    return 'unmanagedWrite';
  }

  const intent = await doors.controlTable.getIntent(secretName, versionId);
  if ((rotation.owner ?? intent?.owner) !== undefined) return 'handedOver';

  const answer = await doors.stepFunctions.startExecution({
    stateMachineArn,
    name: versionId,
    input: { secretArn, secretName, versionId },
  });
  return answer === 'started' ? 'started' : 'alreadyStarted';
}

async function announceUnmanagedWrite(
  { eventBus }: StarterDoors,
  secret: UnmanagedWriteEvent['secret'],
  versionId: string,
  now: Date,
): Promise<void> {
  const event = unmanagedWriteEventSchema.parse({
    type: 'unmanaged-secret-write',
    version: 1,
    id: derivedToken('unmanaged-secret-write', secret.name, versionId),
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
}
