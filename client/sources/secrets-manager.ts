/** AWS Secrets Manager, through the SDK the application has. Published as `@quarterturn/client/aws`. */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ClientSettingsError, SecretReadError } from '../errors.ts';
import { peer } from '../missing-peer.ts';
import type { ReadSecret, SecretSource } from '../secret-source.ts';
import { type System, system } from '../system.ts';

export interface SecretsManagerOptions {
  /** Name or ARN. Of another account: the ARN (API_GetSecretValue). */
  readonly secretId: string;
  /** @default one with the SDK's own credentials and region */
  readonly client?: SecretsManagerClient;
  /** How long one read may take, its retries included, in milliseconds. @default 5_000 */
  readonly timeLimit?: number;
  /**
   * Also ask when the secret rotates next, and read it again then. Needs secretsmanager:DescribeSecret beside
   * GetSecretValue, and is a second call a read. @default false
   */
  readonly nextRotationDate?: boolean;
  readonly system?: Pick<System, 'timeLimit'>;
}

/**
 * Reads with GetSecretValue. Least privilege: `secretsmanager:GetSecretValue` on the secret, `kms:Decrypt` on its
 * key; a condition on `secretsmanager:VersionStage` may allow AWSCURRENT alone.
 *
 * @throws ClientSettingsError
 */
export function secretsManagerSecret(options: SecretsManagerOptions): SecretSource {
  const { secretId, timeLimit = 5_000, nextRotationDate = false } = options;
  if (typeof secretId !== 'string' || secretId === '') {
    throw new ClientSettingsError('secretId is empty; expected the name or ARN of a secret.');
  }
  if (!(timeLimit >= 100 && timeLimit <= 60_000)) {
    throw new ClientSettingsError(`timeLimit is ${timeLimit} ms; expected 100 to 60000.`);
  }
  const { timeLimit: limited } = options.system ?? system;
  let client = options.client;

  return {
    name: secretId,
    refreshes: true,
    async read(stage = 'AWSCURRENT'): Promise<ReadSecret> {
      const sdk = await peer(
        '@aws-sdk/client-secrets-manager',
        'Reading from Secrets Manager',
        () => import('@aws-sdk/client-secrets-manager'),
      );
      client ??= new sdk.SecretsManagerClient({});
      const sender = client;
      const abortSignal = limited(timeLimit);
      const [answer, description] = await Promise.all([
        called(secretId, 'GetSecretValue', () =>
          sender.send(new sdk.GetSecretValueCommand({ SecretId: secretId, VersionStage: stage }), {
            abortSignal,
          }),
        ),
        nextRotationDate && stage === 'AWSCURRENT'
          ? called(secretId, 'DescribeSecret', () =>
              sender.send(new sdk.DescribeSecretCommand({ SecretId: secretId }), { abortSignal }),
            )
          : undefined,
      ]);
      const { SecretString: value, VersionId: versionId } = answer;
      if (value === undefined) {
        throw new SecretReadError(
          secretId,
          'GetSecretValue',
          'it holds SecretBinary',
          'Store the value as a SecretString.',
        );
      }
      const next = description?.NextRotationDate;
      return {
        value,
        ...(versionId !== undefined && { versionId }),
        ...(next !== undefined && { nextRotationDate: next }),
      };
    },
  };
}

/** The SDK's own error is not passed on: it holds the request and the answer. */
async function called<T>(secretId: string, operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    const isLate = name === 'AbortError' || name === 'TimeoutError';
    const reason = isLate ? 'Timeout' : name;
    throw new SecretReadError(secretId, operation, reason, advice[reason] ?? unknownAdvice);
  }
}

const unknownAdvice = 'See API_GetSecretValue for what it means.';
/** What to look at, by AWS's name of the error (API_GetSecretValue). */
const advice: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'Grant the role of this process secretsmanager:GetSecretValue on the secret and kms:Decrypt on its key.',
  ResourceNotFoundException:
    'Check name, region and account; a secret without a value under this label is not found either.',
  DecryptionFailure: 'Grant the role of this process kms:Decrypt on the key of the secret.',
  InvalidRequestException: 'The secret may be scheduled for deletion.',
  CredentialsProviderError: 'The SDK finds no credentials for this process.',
  Timeout: 'No answer in time: look at the network path to Secrets Manager (VPC endpoint, DNS).',
};
