/** Executions of the one re-encryption machine of a deployment. */
import { currentVersion } from '../../domain/policy/labels.ts';
import { NotReencryptedError } from '../errors.ts';
import type { Asked } from './context.ts';

/**
 * Starts one over the ledger that stands; what it finds done it does not do again.
 * @param again what is proven is counted once more
 * @returns its ARN
 */
export async function startExecution(
  { deployment, secret }: Asked,
  { again }: { again: boolean },
): Promise<string> {
  const { manifest, caller, secretsManager, stepFunctions } = deployment;
  const machine = manifest.reencryptionMachine;
  const { arn, versionIdsToStages } = await secretsManager.describe(secret.name);
  const versionId = currentVersion(versionIdsToStages);
  if (machine === undefined || versionId === undefined) {
    throw new NotReencryptedError(
      machine === undefined
        ? `Deployment ${manifest.name}/${manifest.environment} names no re-encryption machine; expected one. Deploy the stack with this release.`
        : `"${secret.key}" has no value yet, so there is no key rows could move to; expected its first rotation. Run \`npx quarterturn rotate ${secret.key}\`.`,
    );
  }
  // arn:<partition>:…; China and GovCloud have partitions of their own.
  const [, partition = 'aws'] = caller.arn.split(':');
  const at = (resource: string) =>
    `arn:${partition}:states:${caller.region}:${caller.account}:${resource}`;
  // The name of an execution is taken for 90 days (API_StartExecution), at most 80 characters.
  const suffix = (await deployment.newToken()).slice(-8);
  const name = `${versionId.slice(0, 60)}-${again ? 'verify' : 'resume'}-${suffix}`;
  await stepFunctions.startExecution({
    stateMachineArn: at(`stateMachine:${machine}`),
    name,
    input: {
      secretName: secret.name,
      secretArn: arn,
      function: secret.reencryption.function,
      versionId,
      ...(again && { again }),
    },
  });
  return at(`execution:${machine}:${name}`);
}
