/** The audit event `credential-secret-rotation`, from what the steps recorded. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import {
  auditEventSource,
  type RotationAuditEvent,
  rotationAuditEventSchema,
} from '../../domain/events/audit-event.ts';
import type {
  AfterRotationRecord,
  Evidence,
  RotationRecord,
} from '../../domain/events/control-records.ts';
import { emergencyOf } from '../../domain/events/emergency.ts';
import { type RolloutRecord, rounds } from '../../domain/events/rollout.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import type { AfterRotationDoors } from './doors.ts';
import { NoAfterRotationError } from './errors.ts';
import { oldKey } from './old-key.ts';
import type { Progress } from './progress.ts';
import { rotatingSecret } from './rotating-secret.ts';
import { closedRoles } from './tasks/record-proof.ts';

type Proven = Pick<
  Progress,
  | 'secretArn'
  | 'secretName'
  | 'versionId'
  | 'startedAt'
  | 'activation'
  | 'rolledOutAs'
  | 'copies'
  | 'copiesAgain'
  | 'proxy'
  | 'redeployed'
  | 'old'
  | 'retired'
  | 'startedBy'
>;
type Outcome =
  | { outcome: 'rotated' }
  | { outcome: 'stopped'; reason: string; rolledBackBy?: string };

export async function proveRotation(
  doors: AfterRotationDoors,
  execution: string,
  { secretArn, secretName, versionId, startedAt, activation, rolledOutAs, ...found }: Proven,
  ended: Outcome,
): Promise<void> {
  const { controlTable, clock, eventBus, log } = doors;
  const manifest = await doors.manifest();
  const secret = rotatingSecret(manifest, secretName);
  const after = await controlTable.getAfterRotation(secretName, versionId);
  const rotation = await controlTable.getRotation(secretName, versionId);
  if (after === undefined || rotation === undefined) {
    throw new NoAfterRotationError(secretName, versionId);
  }
  const activated =
    activation === null ? undefined : await controlTable.getAfterRotation(secretName, activation);
  const activating =
    activation === null ? undefined : await controlTable.getRotation(secretName, activation);

  // Where nothing rolls out, nothing may read such records either.
  const records =
    manifest.rollout === undefined
      ? []
      : await doors.rolloutRecords.getRollouts(secretName, rolledOutAs ?? versionId);
  const rollouts = records.toSorted(inOrder).map(rolloutOf);
  const { copies, copiesAgain, proxy, redeployed, old, retired, startedBy } = found;
  const evidence = onlyOnce([
    ...closedRoles(retired),
    ...[copies, copiesAgain, proxy, startedBy, redeployed].flatMap((one) => one?.evidence ?? []),
    // Resumed, or stopped: what an earlier state found is on record.
    ...(old?.evidence ?? provenBefore(after, rotation)),
    ...(ended.outcome === 'rotated'
      ? oldKey(secret, activated ?? after, activating ?? rotation)
      : []),
  ]);

  const emergency = emergencyOf(after.owner);
  const event: RotationAuditEvent = rotationAuditEventSchema.parse({
    type: 'credential-secret-rotation',
    version: 1,
    id: derivedToken('credential-secret-rotation', secretName, versionId, ended.outcome),
    at: clock.now().toISOString(),
    secret: { name: secretName, arn: secretArn },
    kind: secret.kind,
    versionId,
    basedOn: after.basedOn,
    intent: after.intent,
    // A published key is used only once it is activated: then the activation says what replaced what.
    material: materialOf(activated ?? after),
    rotations: [rotation, ...(activating === undefined ? [] : [activating])].map(rotationOf),
    ...ended,
    ...(rollouts.length > 0 && { rollouts }),
    afterRotation: {
      execution,
      startedAt,
      endedAt: clock.now().toISOString(),
      ...(evidence.length > 0 && { evidence }),
    },
    ...logsEveryoneOut(secret, after),
    ...(emergency && { emergency }),
  } satisfies RotationAuditEvent);

  await eventBus.put({
    source: auditEventSource,
    detailType: event.type,
    detail: event,
    resources: [secretArn],
  });
  // Whole: its schema refuses every field that it does not name, and none of them is a value.
  const auditEvent = JSON.stringify(event);
  log.info('credential-secret-rotation', {
    secret: secretName,
    versionId,
    outcome: ended.outcome,
    auditEvent,
  });
}

const onlyOnce = (evidence: readonly Evidence[]): Evidence[] => [
  ...new Map(evidence.map((one) => [JSON.stringify(one), one])).values(),
];

/** The rest of it stands in the rotation's own evidence. */
function provenBefore({ proof }: AfterRotationRecord, { evidence }: RotationRecord): Evidence[] {
  const known = new Set(evidence.map((one) => JSON.stringify(one)));
  return (proof?.evidence ?? []).filter((one) => !known.has(JSON.stringify(one)));
}

function materialOf({ primary, replaced }: AfterRotationRecord): RotationAuditEvent['material'] {
  return { ...(primary && { primary }), ...(replaced && { replaced }) };
}

const inOrder = (a: RolloutRecord, b: RolloutRecord): number =>
  rounds.indexOf(a.round) - rounds.indexOf(b.round) ||
  Date.parse(a.startedAt) - Date.parse(b.startedAt);

function rolloutOf(record: RolloutRecord): NonNullable<RotationAuditEvent['rollouts']>[number] {
  const { consumer, round, state, at, proof, restartedAt, wasHealthy, reason } = record;
  const isOver = state === 'healthy' || state === 'unhealthy' || state === 'failed';
  return {
    consumer,
    round,
    outcome: isOver ? state : 'unfinished',
    at,
    ...(proof && { proof }),
    ...(restartedAt && { restartedAt }),
    ...(wasHealthy !== undefined && { wasHealthy }),
    ...(reason && { reason }),
  };
}

function rotationOf(record: RotationRecord): RotationAuditEvent['rotations'][number] {
  // The rotation itself says token and base; `triggeredBy` is a closed shape.
  const { intent, token: _token, basedOn: _basedOn, ...triggeredBy } = record.provenance;
  return {
    versionId: record.token,
    intent,
    basedOn: record.basedOn,
    at: record.at,
    triggeredBy,
    steps: record.steps,
    evidence: record.evidence,
  };
}

/** jwt: revoked keys (emergency) and readers that know one key end every session. */
function logsEveryoneOut(
  secret: RotatedManifestSecret,
  { intent }: AfterRotationRecord,
): Pick<RotationAuditEvent, 'logsEveryoneOut'> {
  if (secret.kind !== 'jwt') return {};
  return { logsEveryoneOut: secret.logsEveryoneOut || intent === 'emergency' };
}
