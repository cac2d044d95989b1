/**
 * Which secrets a principal could read, by IAM's own simulation: GetSecretValue on the secret, and Decrypt on its key as
 * Secrets Manager asks for it. What the simulation cannot judge counts as "perhaps": whoever leaves is better counted
 * than missed.
 */
import type { ManifestSecret } from '../../domain/config/manifest.ts';
import { namesPrincipal } from '../../domain/policy/principals-named.ts';
import { isAwsError } from '../../doors/aws-call.ts';
import {
  NoSuchPrincipalError,
  type SimulatedRight,
  type SimulationQuestion,
} from '../../doors/permissions-simulation.ts';
import type { OpenDeployment } from '../command.ts';
import { CliError } from '../errors.ts';

export interface CouldRead {
  readonly couldRead: 'yes' | 'perhaps' | 'no' | 'unknown';
  readonly because: readonly string[];
}

export class SimulationNotAllowedError extends CliError {
  override readonly name = 'SimulationNotAllowedError';
  readonly code = 'ERR_ROTATION_SIMULATION_NOT_ALLOWED';
}

const read = 'secretsmanager:GetSecretValue';
const decrypt = 'kms:Decrypt';

/** By key. @throws SimulationNotAllowedError, AwsCallError */
export async function couldRead(
  deployment: OpenDeployment,
  principal: string,
): Promise<ReadonlyMap<string, CouldRead>> {
  const found = new Map<string, CouldRead>();
  for (const secret of deployment.manifest.secrets) {
    try {
      found.set(secret.key, await ofSecret(deployment, secret, principal));
    } catch (error) {
      if (error instanceof NoSuchPrincipalError) return new Map();
      throw isAwsError(error, 'AccessDenied', 'AccessDeniedException')
        ? notAllowed(deployment, error.message)
        : error;
    }
  }
  return found;
}

async function ofSecret(
  { secretsManager, permissions, caller }: OpenDeployment,
  { name }: ManifestSecret,
  principal: string,
): Promise<CouldRead> {
  const looked = await lookAt(secretsManager, name);
  if (looked === undefined) {
    // Without its ARN there is nothing to ask about: on-call's policy has only what rotates here.
    return { couldRead: 'unknown', because: ['these credentials may not look at it'] };
  }
  const { arn, kmsKeyId, policy } = looked;
  const isUser = principal.includes(':user/');
  const ask = async (question: Omit<SimulationQuestion, 'principal'>): Promise<SimulatedRight> =>
    (await permissions.simulate({ principal, ...question }))[0] as SimulatedRight;
  const reads = await ask({
    actions: [read],
    resources: [arn],
    context: {
      ...everyRequest(caller, principal),
      'secretsmanager:SecretId': arn,
      'secretsmanager:VersionStage': 'AWSCURRENT',
    },
    ...(isUser && policy !== undefined && { resourcePolicy: policy }),
  });
  const named = !isUser && policy !== undefined && namesPrincipal(policy, principal, read);
  const allowed = standing(reads, named ? ['the resource policy of the secret'] : []);
  // The account's own key for Secrets Manager lets everybody decrypt who may read the secret (Secrets Manager guide,
  // "Secret encryption and decryption").
  if (allowed.couldRead === 'no' || kmsKeyId === undefined) return allowed;
  const decrypts = await ask({
    actions: [decrypt],
    resources: [kmsKeyId],
    context: {
      ...everyRequest(caller, principal),
      'aws:ViaAWSService': true,
      'kms:CallerAccount': caller.account,
      'kms:EncryptionContext:SecretARN': arn,
      'kms:ViaService': `secretsmanager.${caller.region}.amazonaws.com`,
    },
  });
  if (decrypts.decision === 'allowed') return allowed;
  if (decrypts.decision === 'explicitDeny' && decrypts.missingContext.length === 0) {
    return { couldRead: 'no', because: [`${decrypt} is denied by ${listed(decrypts.policies)}`] };
  }
  return {
    couldRead: 'perhaps',
    because: [...allowed.because, `${decrypt} only if the key's own policy or a grant allows it`],
  };
}

async function lookAt(
  secretsManager: OpenDeployment['secretsManager'],
  name: string,
): Promise<{ arn: string; kmsKeyId?: string; policy: string | undefined } | undefined> {
  try {
    const { arn, kmsKeyId } = await secretsManager.describe(name);
    const policy = await secretsManager.getResourcePolicy(arn);
    return { arn, policy, ...(kmsKeyId !== undefined && { kmsKeyId }) };
  } catch (error) {
    if (isAwsError(error, 'AccessDeniedException')) return undefined;
    throw error;
  }
}

/** What every request of it carries, as far as that is known; MFA counts in its favour. */
const everyRequest = (
  { account, region }: OpenDeployment['caller'],
  principal: string,
): NonNullable<SimulationQuestion['context']> => ({
  'aws:MultiFactorAuthPresent': true,
  'aws:PrincipalAccount': account,
  'aws:PrincipalArn': principal,
  'aws:PrincipalIsAWSService': false,
  'aws:RequestedRegion': region,
  'aws:SecureTransport': true,
  'aws:ViaAWSService': false,
  ...(principal.includes(':user/') && { 'aws:username': principal.split('/').at(-1) ?? '' }),
});

function standing(right: SimulatedRight, alsoBy: readonly string[]): CouldRead {
  const { decision, missingContext, policies } = right;
  if (decision === 'allowed') return { couldRead: 'yes', because: [...policies, ...alsoBy] };
  if (decision === 'explicitDeny' && missingContext.length === 0) {
    return { couldRead: 'no', because: [`denied by ${listed(policies)}`] };
  }
  if (alsoBy.length > 0) return { couldRead: 'yes', because: alsoBy };
  if (missingContext.length > 0) {
    return {
      couldRead: 'perhaps',
      because: [`conditions on ${missingContext.join(', ')} decide, which nobody knows here`],
    };
  }
  const by = [
    ...(right.deniedByOrganization ? ['a service control policy'] : []),
    ...(right.deniedByBoundary ? ['its permissions boundary'] : []),
  ];
  return { couldRead: 'no', because: by.length > 0 ? [`not let by ${by.join(' and ')}`] : [] };
}

const listed = (names: readonly string[]): string => names.join(', ') || 'a policy';

const notAllowed = ({ caller, manifest }: OpenDeployment, message: string) =>
  new SimulationNotAllowedError(
    `${caller.arn} may not ask what somebody else may do (${message}) Expected the policy ${manifest.emergency?.policy ?? 'for emergencies'}: it has iam:SimulatePrincipalPolicy, which shows permissions of others. Nothing was changed.`,
  );
