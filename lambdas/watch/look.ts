/** What one look finds of one secret: labels, and what the control table remembers of them. Nothing is changed. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type {
  AfterRotationRecord,
  FailureNote,
  IntentRecord,
  RotationRecord,
} from '../../domain/events/control-records.ts';
import { ageOf } from '../../domain/policy/age.ts';
import { currentVersion, rotationInProgress } from '../../domain/policy/labels.ts';
import { judgePending } from '../../domain/policy/pending.ts';
import type { WatchDoors } from './doors.ts';

/** A rotation that is not over: its four steps, or what follows them. */
export interface UnderWay {
  readonly versionId: string;
  /** AWSCURRENT has not moved yet. */
  readonly pending: boolean;
  readonly intent: RotationRecord['intent'];
  readonly attributed: boolean;
  readonly requestedBy?: string | undefined;
  readonly reason?: string | undefined;
  readonly backstopProbably?: boolean | undefined;
  /** The secret had no value before. */
  readonly firstValue?: true | undefined;
  readonly since: string;
  /** It failed, or does not end: somebody is told. */
  readonly stuck: boolean;
  readonly failure?: FailureNote | undefined;
}

export interface Seen {
  readonly secret: RotatedManifestSecret;
  readonly arn: string;
  readonly underWay?: UnderWay | undefined;
  /** AWSCURRENT, where no rotation made it. */
  readonly unmanaged?: string | undefined;
}

/** From DescribeSecret: a list may be five minutes old (API_ListSecrets), a third of the time there is. */
export async function lookAt(doors: WatchDoors, secret: RotatedManifestSecret): Promise<Seen> {
  const { controlTable, secretsManager, clock } = doors;
  const { arn, versionIdsToStages } = await secretsManager.describe(secret.name);
  const now = clock.now();
  const current = currentVersion(versionIdsToStages);
  const pending = rotationInProgress(versionIdsToStages);
  const after =
    current === undefined ? undefined : await controlTable.getAfterRotation(secret.name, current);
  const isOpen = after?.state === 'due' || after?.state === 'running';
  const versionId = pending ?? (isOpen ? current : undefined);
  const { unmanaged, uninitialised } = ageOf({
    origin: secret.origin,
    versionIdsToStages,
    asNeeded: secret.cadenceDays === undefined,
    ...(after && { afterRotation: after }),
    now,
  });
  return {
    secret,
    arn,
    ...(versionId && {
      underWay: {
        ...(await underWayOf(doors, secret, versionId, pending, now)),
        ...((pending === undefined ? replacedNothing(secret, after) : uninitialised) && {
          firstValue: true,
        }),
      },
    }),
    ...(unmanaged === true && current !== undefined && { unmanaged: current }),
  };
}

/** A value that was taken over as it was has no id of its own, so it is never named as what was replaced. */
const replacedNothing = (
  { origin }: RotatedManifestSecret,
  after: AfterRotationRecord | undefined,
): boolean => origin === 'new' && after?.intent === 'planned' && after.replaced === undefined;

async function underWayOf(
  { controlTable }: WatchDoors,
  { name }: RotatedManifestSecret,
  versionId: string,
  pending: string | undefined,
  now: Date,
): Promise<UnderWay> {
  const record = await controlTable.getRotation(name, versionId);
  // Its caller leaves it before RotateSecret; the console and the native rule leave none.
  const asked = record === undefined ? await controlTable.getIntent(name, versionId) : undefined;
  const seen = await controlTable.getTold(name, 'started', versionId);
  const { state, since } = judgePending({
    recordedAt: record?.at ?? asked?.at,
    firstSeenAt: seen?.at,
    failure: record?.failure,
    now,
  });
  const isPending = versionId === pending;
  return {
    versionId,
    pending: isPending,
    ...whoAsked(record, asked),
    since,
    stuck: isPending && state === 'stuck',
    ...(record?.failure && { failure: record.failure }),
  };
}

function whoAsked(record: RotationRecord | undefined, asked: IntentRecord | undefined) {
  const told = record?.provenance ?? asked;
  return {
    intent: record?.intent ?? asked?.intent ?? ('planned' as const),
    attributed: record?.provenance.attributed ?? asked !== undefined,
    ...(told?.requestedBy !== undefined && { requestedBy: told.requestedBy }),
    ...(told?.reason !== undefined && { reason: told.reason }),
    ...(record?.provenance.backstopProbably !== undefined && {
      backstopProbably: record.provenance.backstopProbably,
    }),
  };
}
