/**
 * The checks every step begins with, and the two ways a rotation is given up.
 *
 * The service labels the version of a rotation AWSPENDING before it calls createSecret, and may have
 * taken the label away again since: a step for such a version is refused.
 */
import { pinLabel } from '../../domain/config/names.ts';
import { currentVersion, versionWith } from '../../domain/policy/labels.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import {
  BaseMovedError,
  ForeignRotationFunctionError,
  RotationDisabledError,
  VersionNotStagedError,
} from './errors.ts';
import { type Room, type Run, readUntilFound, readVersion } from './run.ts';
import type { RotationStrategy } from './strategy.ts';

/** DescribeSecret, repeated for a moment while it does not show the label this call is about. */
export async function describeStaged(
  room: Room<unknown>,
  token: string,
): Promise<SecretDescription> {
  const { doors, environment } = room;
  const staged = await readUntilFound(doors, async () => {
    const description = await doors.secretsManager.describe(environment.SECRET_ARN);
    return description.versionIdsToStages[token] === undefined ? undefined : description;
  });
  return staged ?? doors.secretsManager.describe(environment.SECRET_ARN);
}

/** @returns 'current' when this rotation was promoted already, 'pending' when it is under way */
export function checkStaging(
  description: SecretDescription,
  token: string,
  functionArn: string,
): 'current' | 'pending' {
  if (!description.rotationEnabled) {
    throw new RotationDisabledError(description.name);
  }
  if (description.rotationLambdaArn !== functionArn) {
    throw new ForeignRotationFunctionError(description.rotationLambdaArn, functionArn);
  }
  const labels = description.versionIdsToStages[token];
  if (labels?.includes('AWSCURRENT')) {
    return 'current';
  }
  if (!labels?.includes('AWSPENDING')) {
    throw new VersionNotStagedError(description.name, token, labels);
  }
  return 'pending';
}

/** Takes AWSPENDING off this token, so that the next RotateSecret is not answered "isn't complete". */
export async function clearPending(
  room: Pick<Room<unknown>, 'doors' | 'environment'>,
  token: string,
): Promise<void> {
  await room.doors.secretsManager.moveLabel({
    secretId: room.environment.SECRET_ARN,
    label: 'AWSPENDING',
    from: token,
  });
}

/**
 * As `clearPending`, after a refusal, whose words must reach whoever asks: a failure of this call is logged and no
 * more. Where the label is left, the service tries again, and is refused again.
 */
export async function clearRefused(
  room: Pick<Room<unknown>, 'doors' | 'environment'>,
  token: string,
): Promise<void> {
  try {
    await clearPending(room, token);
  } catch (error) {
    if (!(error instanceof AwsCallError)) {
      throw error;
    }
    const { SECRET_NAME: secret } = room.environment;
    room.doors.log.error('pendingLabelLeft', { secret, token, awsCode: error.awsCode });
  }
}

/**
 * Keeps a pending version under the pin label when the target accepts its value, or does not answer:
 * it may be the only copy of a credential that works. So may one that cannot be read as a value of this kind, and it
 * keeps no emergency from going on.
 * @param known its value, where it was read already
 */
export async function pinIfAccepted<Value>(
  room: Pick<Room<Value>, 'doors' | 'environment' | 'strategy'>,
  versionId: string,
  probe: (strategy: RotationStrategy<Value>, pending: Value) => Promise<void>,
  known?: Value | 'unparsable',
): Promise<boolean> {
  const pending = known ?? (await pendingValue(room, versionId));
  if (pending === 'unparsable') {
    await pinVersion(room, versionId);
    return true;
  }
  if (pending === undefined) {
    return false;
  }
  try {
    await probe(room.strategy, pending);
  } catch (error) {
    if (isRefusalOfTheTarget(error)) {
      return false;
    }
  }
  await pinVersion(room, versionId);
  return true;
}

/**
 * Undefined: it has none, or the marker of a new secret. Read again for a moment before it is: what is taken for
 * valueless loses its only label. @throws AwsCallError
 */
export async function pendingValue<Value>(
  room: Pick<Room<Value>, 'doors' | 'environment' | 'strategy'>,
  versionId: string,
): Promise<Value | 'unparsable' | undefined> {
  try {
    return await readUntilFound(room.doors, () => readVersion(room, versionId));
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (error instanceof AwsCallError || !code.startsWith('ERR_ROTATION_')) {
      throw error;
    }
    return 'unparsable';
  }
}

/** There is one pin: it leaves the version that had it. */
export async function pinVersion(
  { doors, environment }: Pick<Room<unknown>, 'doors' | 'environment'>,
  versionId: string,
): Promise<void> {
  const { versionIdsToStages } = await doors.secretsManager.describe(environment.SECRET_ARN);
  const holder = versionWith(pinLabel, versionIdsToStages);
  if (holder !== versionId) {
    await doors.secretsManager.moveLabel({
      secretId: environment.SECRET_ARN,
      label: pinLabel,
      to: versionId,
      ...(holder && { from: holder }),
    });
  }
}

/** Only the target's own "no" says that nobody needs this value; a timeout says nothing. */
export function isRefusalOfTheTarget(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return (
    code === 'ERR_ROTATION_LOGIN_REFUSED' ||
    code === 'ERR_ROTATION_ROLE_CANNOT_LOGIN' ||
    code === 'ERR_ROTATION_PROBE_REFUSED' ||
    code === 'ERR_ROTATION_TEST_FAILED'
  );
}

/** AWSCURRENT is not what this rotation builds on: its value is out of date, and it ends here. */
export async function giveUp<Value>(
  run: Run<Value>,
  basedOn: string | null,
  probe: (strategy: RotationStrategy<Value>, pending: Value) => Promise<void>,
): Promise<never> {
  const pinned = await pinIfAccepted(run, run.token, probe);
  await clearPending(run, run.token);
  throw new BaseMovedError(basedOn, currentVersion(run.description.versionIdsToStages), pinned);
}

/** The doors' own failures: the same call may go well a moment later. Everything else is a refusal. */
export function mayGoWellLater(error: unknown): boolean {
  if (error instanceof AwsCallError) {
    return true;
  }
  const code = String((error as { code?: unknown }).code);
  return !code.startsWith('ERR_ROTATION_') || transient.has(code);
}

const transient: ReadonlySet<string> = new Set([
  'ERR_ROTATION_CONTROL_RECORD',
  'ERR_ROTATION_RANDOM_SOURCE',
  'ERR_ROTATION_COMPANION',
  'ERR_ROTATION_POSTGRES',
  'ERR_ROTATION_POSTGRES_UNREACHABLE',
  'ERR_ROTATION_TLS',
  'ERR_ROTATION_LOGIN_REFUSED',
]);
