/**
 * The facts the rules of `domain/policy/` are asked about: of one secret, from its labels, the control table
 * and Step Functions. One gathering for everybody who asks, the schedule and whoever looks at a terminal, so
 * that they never disagree. No value is read.
 */
import { durationSeconds } from '../domain/config/duration.ts';
import type { Manifest, RotatedManifestSecret } from '../domain/config/manifest.ts';
import { scheduleSchema } from '../domain/config/schedule-schema.ts';
import { emergencyOf } from '../domain/events/emergency.ts';
import type { AgeFacts } from '../domain/policy/age.ts';
import type { ServiceFacts } from '../domain/policy/drift.ts';
import type { SecretFacts } from '../domain/policy/due.ts';
import { currentVersion, rotationInProgress } from '../domain/policy/labels.ts';
import type { Schedule } from '../domain/policy/plan.ts';
import type { Clock } from './clock.ts';
import type { ControlTableDoor } from './control-table.ts';
import type { SecretDescription } from './secrets-manager.ts';
import type { StepFunctionsDoor } from './step-functions.ts';

export interface FactDoors {
  controlTable: Pick<
    ControlTableDoor,
    | 'getIntent'
    | 'getRotation'
    | 'getAfterRotation'
    | 'getHold'
    | 'getAdoption'
    | 'getNotice'
    | 'getReencryption'
  >;
  stepFunctions: Pick<StepFunctionsDoor, 'isRunning'>;
  clock: Clock;
}

/** What the age of its material is told from: less than the facts, and Step Functions is not asked. */
export async function ageFactsOf(
  doors: {
    controlTable: Pick<ControlTableDoor, 'getAdoption' | 'getAfterRotation'>;
    clock: Clock;
  },
  secret: RotatedManifestSecret,
  { versionIdsToStages }: SecretDescription,
): Promise<AgeFacts> {
  const current = currentVersion(versionIdsToStages);
  const [adoptedSince, afterRotation] = await Promise.all([
    adoptedMaterialSince(doors, secret),
    current === undefined ? undefined : doors.controlTable.getAfterRotation(secret.name, current),
  ]);
  return {
    origin: secret.origin,
    versionIdsToStages,
    adoptedMaterialSince: adoptedSince,
    afterRotation,
    now: doors.clock.now(),
  };
}

/** What the deployment says of all of its secrets. */
export type Deployed = Pick<Manifest, 'schedule' | 'region'>;

/** The records of one secret are read side by side: at most six reads, each consistent. */
export async function factsOf(
  doors: FactDoors,
  secret: RotatedManifestSecret,
  description: SecretDescription,
  deployed: Deployed,
): Promise<SecretFacts> {
  const { rotationEnabled, versionIdsToStages } = description;
  const [hold, adoptedSince, afterRotation, since, announced, reencryption] = await Promise.all([
    doors.controlTable.getHold(secret.name),
    adoptedMaterialSince(doors, secret),
    afterRotationOf(doors, secret.name, currentVersion(versionIdsToStages)),
    pendingSince(doors, secret.name, description),
    doors.controlTable.getNotice(secret.name),
    rowsFollow(secret) ? doors.controlTable.getReencryption(secret.name) : undefined,
  ]);
  return {
    armed: secret.armed,
    origin: secret.origin,
    cadenceDays: secret.cadenceDays,
    leadDays: secret.leadDays,
    rotationEnabled,
    versionIdsToStages,
    hold,
    adoptedMaterialSince: adoptedSince,
    afterRotation,
    pendingSince: since,
    reencryption,
    schedule: scheduleOf(deployed),
    announced,
    service: serviceFactsOf(secret, description, deployed),
    now: doors.clock.now(),
  };
}

/** Manifests of 0.1 have none: at any time, announced two hours before. */
export function scheduleOf({ schedule }: Pick<Manifest, 'schedule'>): Schedule {
  const { window, notice, freezes } = schedule ?? scheduleSchema.parse({});
  return { window, freezes, noticeMilliseconds: durationSeconds(notice) * 1_000 };
}

function serviceFactsOf(
  secret: RotatedManifestSecret,
  description: SecretDescription,
  { region }: Deployed,
): ServiceFacts {
  return {
    rotationFunctionArn: description.rotationLambdaArn,
    expected: { function: secret.function, region },
    rule: description.rotationRules,
    lastChanged: description.lastChangedDate,
    deletedAt: description.deletedDate,
    primaryRegion: description.primaryRegion,
  };
}

/** Do the rows of this secret follow a new key? Nobody else has a record of that, or the right to look for one. */
export const rowsFollow = (secret: RotatedManifestSecret): boolean =>
  secret.kind === 'encryption' && secret.reencryption !== undefined;

/** An adopted secret has no date label before its first rotation: `quarterturn adopt` recorded its age. */
async function adoptedMaterialSince(
  { controlTable }: { controlTable: Pick<ControlTableDoor, 'getAdoption'> },
  { origin, name }: RotatedManifestSecret,
): Promise<string | undefined> {
  return origin === 'adopted' ? (await controlTable.getAdoption(name))?.materialSince : undefined;
}

async function afterRotationOf(
  { controlTable, stepFunctions }: FactDoors,
  secretName: string,
  current: string | undefined,
): Promise<SecretFacts['afterRotation']> {
  const record =
    current === undefined ? undefined : await controlTable.getAfterRotation(secretName, current);
  if (record === undefined) return undefined;
  // A record that is due names its owner when another execution made the version, e.g. an activation. An emergency
  // starts what follows within seconds, by the name that everybody gives it: where it has not, anybody may.
  const { owner } = record;
  const execution = record.execution ?? (emergencyOf(owner) === undefined ? owner : undefined);
  const open = record.state === 'due' || record.state === 'running';
  const live = open && execution !== undefined && (await stepFunctions.isRunning(execution));
  return { ...record, live };
}

/**
 * createSecret's record of the rotation, or the intent its caller left before RotateSecret. The console leaves none,
 * and createSecret comes a moment later: until then the label itself was the last change of the secret.
 */
async function pendingSince(
  { controlTable }: FactDoors,
  secretName: string,
  { versionIdsToStages, lastChangedDate }: SecretDescription,
): Promise<string | undefined> {
  const pending = rotationInProgress(versionIdsToStages);
  if (pending === undefined) return undefined;
  const record =
    (await controlTable.getRotation(secretName, pending)) ??
    (await controlTable.getIntent(secretName, pending));
  return record?.at ?? lastChangedDate?.toISOString();
}
