/** One look at a rotation, from outside: labels, records, and whether its execution is alive. No value is read. */
import type { AfterRotationRecord, RotationRecord } from '../../domain/events/control-records.ts';
import type { RolloutRecord } from '../../domain/events/rollout.ts';
import { currentVersion, pendingVersion, rotationInProgress } from '../../domain/policy/labels.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import type { OpenDeployment } from '../command.ts';
import type { Following, RollBackSeen } from './happening.ts';

export interface Look {
  readonly description: SecretDescription;
  readonly record: RotationRecord | undefined;
  readonly after: AfterRotationRecord | undefined;
  /** Is the execution at work on the AfterRotation alive? */
  readonly live: boolean;
  /** Of this version's consumers. */
  readonly rollouts: readonly RolloutRecord[];
  readonly activation?: {
    readonly versionId: string;
    readonly kid: string;
    readonly promoted: boolean;
  };
  /** `begun`: Secrets Manager works on it, or it is AWSCURRENT. */
  readonly rollback?: RollBackSeen & { readonly begun: boolean };
}

export async function lookAt(deployment: OpenDeployment, following: Following): Promise<Look> {
  const { secretsManager, controlTable, stepFunctions } = deployment;
  const { secret, secretArn, token, inDetail } = following;
  const [description, record, after] = await Promise.all([
    secretsManager.describe(secretArn),
    controlTable.getRotation(secret.name, token),
    controlTable.getAfterRotation(secret.name, token),
  ]);
  const execution = after?.state === 'running' ? after.execution : undefined;
  const live = execution !== undefined && (await stepFunctions.isRunning(execution));
  const look: Look = { description, record, after, live, rollouts: [] };
  if (!inDetail || after === undefined) return look;

  const [rollouts, activation] = await Promise.all([
    isRolledOut(deployment, following)
      ? deployment.rolloutRecords.getRollouts(secret.name, token)
      : [],
    activationOf(deployment, following, look),
  ]);
  const detailed = { ...look, rollouts, ...(activation && { activation }) };
  const rollback = await rollBackOf(deployment, following, detailed);
  return rollback === undefined ? detailed : { ...detailed, rollback };
}

/** Who has no consumer that is rolled out has no record of one, and nobody a right to look for it. */
const isRolledOut = (
  { manifest }: Pick<OpenDeployment, 'manifest'>,
  { secret }: Following,
): boolean =>
  manifest.rollout !== undefined &&
  manifest.consumers.some(({ reads }) => reads.includes(secret.key));

/** The rotation that AfterRotation asks for once every reader has the published key. */
async function activationOf(
  { controlTable }: OpenDeployment,
  { secret, token }: Following,
  { description, after }: Look,
): Promise<Look['activation']> {
  const kid = after?.publishedKid;
  if (kid === undefined) return undefined;
  const stages = description.versionIdsToStages;
  for (const versionId of [pendingVersion(stages), currentVersion(stages)]) {
    if (versionId === undefined || versionId === token) continue;
    const record = await controlTable.getRotation(secret.name, versionId);
    if (record?.intent === 'activate' && record.activateKid === kid) {
      return { versionId, kid, promoted: currentVersion(stages) === versionId };
    }
  }
  return undefined;
}

/**
 * AfterRotation marks the material before it clears the way; a person who rolls back leaves an intent. Neither is
 * looked for while nothing speaks for one.
 */
async function rollBackOf(
  { controlTable, rolloutRecords, manifest }: OpenDeployment,
  { secret, token }: Following,
  look: Look,
): Promise<Look['rollback']> {
  const { after, rollouts, activation, description } = look;
  const stopped = after?.state === 'stopped';
  if (!stopped && !rollouts.some(({ state }) => state === 'unhealthy')) return undefined;
  const stages = description.versionIdsToStages;
  const ours = [token, activation?.versionId];
  if (manifest.rollout !== undefined) {
    const materials = [after?.publishedKid, after?.primary].filter((it) => it !== undefined);
    for (const material of materials) {
      const failed = await rolloutRecords.getFailed(secret.name, material);
      if (failed === undefined || !ours.includes(failed.versionId)) continue;
      const { rollback: versionId, consumer, reason } = failed;
      return { versionId, consumer, reason, begun: stages[versionId] !== undefined };
    }
  }
  for (const versionId of [rotationInProgress(stages), currentVersion(stages)]) {
    if (versionId === undefined || ours.includes(versionId)) continue;
    const intent = await controlTable.getIntent(secret.name, versionId);
    if (intent?.intent !== 'rollback') continue;
    const reason = intent.reason ?? `asked for by ${intent.requestedBy}`;
    return { versionId, reason, begun: true };
  }
  return undefined;
}
