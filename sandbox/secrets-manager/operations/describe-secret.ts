import type { Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { secretId } from '../input.ts';
import type { Secret, SecretState } from '../secret.ts';

export function describeSecret(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('DescribeSecret', backend.store.get(secretId(input)), input),
    ],
    run: async (input) => {
      const secret = backend.store.get(secretId(input));
      const state = secret.read();
      return { ...metadata(backend, secret, state), VersionIdsToStages: stages(state) };
    },
  };
}

/** What DescribeSecret and an entry of ListSecrets have in common. */
export function metadata(
  backend: Backend,
  secret: Secret,
  state: SecretState,
): Record<string, unknown> {
  const tags = [...state.tags].map(([Key, Value]) => ({ Key, Value }));
  return {
    ARN: secret.arn,
    Name: secret.name,
    CreatedDate: seconds(secret.created),
    LastChangedDate: seconds(state.lastChanged),
    ...(state.description === undefined ? {} : { Description: state.description }),
    ...(state.kmsKeyId === undefined ? {} : { KmsKeyId: state.kmsKeyId }),
    ...(secret.lastAccessed === undefined ? {} : { LastAccessedDate: day(secret.lastAccessed) }),
    ...(state.deletion === undefined ? {} : { DeletedDate: seconds(state.deletion.requested) }),
    ...(state.owningService === undefined ? {} : { OwningService: state.owningService }),
    ...(state.primaryRegion === undefined ? {} : { PrimaryRegion: state.primaryRegion }),
    ...(tags.length === 0 ? {} : { Tags: tags }),
    ...rotationMembers(backend, state),
  };
}

/** Before any rotation was configured these members are absent, not false. */
function rotationMembers(backend: Backend, state: SecretState): Record<string, unknown> {
  const { rotation, lastRotated, owningService } = state;
  if (owningService !== undefined) {
    // As recorded of an RDS-managed secret: seven days, and no function (rds-secrets-manager.html).
    return { RotationEnabled: true, RotationRules: { AutomaticallyAfterDays: 7 } };
  }
  if (rotation === undefined) {
    return {};
  }
  const next = backend.schedule.nextRotationDate(state);
  const rules = rotation.rules;
  return {
    RotationEnabled: rotation.enabled,
    RotationLambdaARN: rotation.lambdaArn,
    ...(rules === undefined
      ? {}
      : {
          RotationRules: {
            AutomaticallyAfterDays: backend.schedule.automaticallyAfterDays(state),
            ...(rules.scheduleExpression === undefined
              ? {}
              : { ScheduleExpression: rules.scheduleExpression }),
            ...(rules.duration === undefined ? {} : { Duration: rules.duration }),
          },
        }),
    ...(rotation.enabled && lastRotated !== undefined
      ? { LastRotatedDate: seconds(lastRotated) }
      : {}),
    ...(next === undefined ? {} : { NextRotationDate: seconds(next) }),
  };
}

/** Versions without a label never appear. */
export function stages(state: SecretState): Record<string, string[]> {
  return Object.fromEntries(
    [...state.versions.values()]
      .filter((version) => version.labels.size > 0)
      .map((version) => [version.versionId, [...version.labels]]),
  );
}

/** Timestamps travel as seconds since the epoch. */
export function seconds(date: Date): number {
  return date.getTime() / 1000;
}

/** LastAccessedDate "is truncated to midnight of the date". */
export function day(date: Date): number {
  return Math.floor(date.getTime() / 86_400_000) * 86_400;
}
