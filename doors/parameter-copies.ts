/**
 * The door to a sync target: a value of a secret, copied into a SecureString of Parameter Store for readers who
 * only know that. The value is in no message: what AWS says of a request that it refuses may quote it.
 */
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AwsCallError, awsCall, clientDefaults, isAwsError } from './aws-call.ts';

/** "Standard parameters … 4 KB", "advanced … 8 KB and charges apply" (parameter-store-advanced-parameters.html). */
export type ParameterTier = 'Standard' | 'Advanced' | 'Intelligent-Tiering';

export interface ParameterCopy {
  /** With its path, e.g. "/pharmacy/prod/jwt-secret". */
  name: string;
  /** Id, ARN or alias of a KMS key. */
  keyId: string;
  value: string;
  tier: ParameterTier;
}

export interface ParameterCopiesDoor {
  /**
   * Writes it, over what is there; the version counts on from there.
   * @throws ParameterCopyError when AWS refuses this parameter as it is; AwsCallError
   */
  put(copy: ParameterCopy): Promise<{ version: number }>;
  /**
   * What readers get now; absent when there is none.
   * @throws ParameterCopyError when what stands there is no SecureString; AwsCallError
   */
  read(name: string): Promise<{ value: string; version: number } | undefined>;
}

/** Asking again changes nothing: somebody has to change the parameter, its key, or the configuration. */
export class ParameterCopyError extends Error {
  override readonly name = 'ParameterCopyError';
  readonly code = 'ERR_ROTATION_PARAMETER_COPY';
  readonly parameter: string;
  /** AWS's own error name, or what was found in place of a SecureString. */
  readonly found: string;

  constructor(parameter: string, found: string, advice: string) {
    super(`Parameter ${parameter} could not be used as a copy: ${found}. What to do: ${advice}.`);
    this.parameter = parameter;
    this.found = found;
  }
}

const advice: Readonly<Record<string, string>> = {
  HierarchyTypeMismatchException:
    'a String of that name is there, and a type is never changed: delete it, or configure another name',
  InvalidKeyId:
    'enable the key, or name one that is there; it must be a symmetric one of this region',
  ParameterLimitExceeded:
    'the account holds 10,000 standard parameters: delete some, or configure the tier Advanced',
  ParameterMaxVersionLimitExceeded:
    'the oldest of its hundred versions has a label: move the label to a later version',
  ValidationException:
    'a value over 4 KB needs the tier Advanced or Intelligent-Tiering, one over 8 KB has no place in Parameter Store; an advanced parameter is never made a standard one; a name is a path of letters, digits and . - _, and begins neither with aws nor with ssm',
};

export function parameterCopies(client = new SSMClient(clientDefaults)): ParameterCopiesDoor {
  return {
    async put({ name, keyId, value, tier }) {
      const { Version } = await refusedAs(name, () =>
        awsCall(
          'PutParameter',
          () =>
            client.send(
              new PutParameterCommand({
                Name: name,
                Type: 'SecureString',
                KeyId: keyId,
                Value: value,
                Tier: tier,
                Overwrite: true,
              }),
            ),
          { carriesValue: true },
        ),
      );
      return { version: Version ?? 0 };
    },

    async read(name) {
      try {
        const { Parameter: found } = await refusedAs(name, () =>
          awsCall('GetParameter', () =>
            client.send(new GetParameterCommand({ Name: name, WithDecryption: true })),
          ),
        );
        if (found?.Type !== 'SecureString') {
          throw new ParameterCopyError(
            name,
            `a ${found?.Type ?? 'parameter without a type'} that anybody with ssm:GetParameter may read`,
            'delete it, and change what was in it, if it was ever secret; or configure another name',
          );
        }
        return { value: found.Value ?? '', version: found.Version ?? 0 };
      } catch (error) {
        if (isAwsError(error, 'ParameterNotFound')) return undefined;
        throw error;
      }
    },
  };
}

async function refusedAs<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const repair = error instanceof AwsCallError ? advice[error.awsCode] : undefined;
    if (error instanceof AwsCallError && repair !== undefined) {
      throw new ParameterCopyError(name, error.awsCode, repair);
    }
    throw error;
  }
}
