/** The door to AWS Secrets Manager. */
import {
  CancelRotateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  type ListSecretsCommandOutput,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export interface SecretDescription {
  arn: string;
  name: string;
  rotationEnabled: boolean;
  rotationLambdaArn?: string;
  nextRotationDate?: Date;
  lastRotatedDate?: Date;
  createdDate?: Date;
  /** Version id → its staging labels. Versions without a label do not appear. */
  versionIdsToStages: Readonly<Record<string, readonly string[]>>;
}

export interface SecretsManagerDoor {
  describe(secretId: string): Promise<SecretDescription>;
  /**
   * The value of one version; undefined when that version has none yet (the service labels a version
   * AWSPENDING before createSecret fills it) or does not exist.
   * @throws BinarySecretError when the version holds SecretBinary
   */
  getValue(secretId: string, versionId: string, stage?: string): Promise<string | undefined>;
  /** The value labelled AWSCURRENT, read without knowing its version. */
  getCurrentValue(secretId: string): Promise<string | undefined>;
  /**
   * Stores the value of a rotation. Always with `VersionStages: ['AWSPENDING']`: without the argument
   * PutSecretValue moves AWSCURRENT at once (API_PutSecretValue).
   * @returns 'conflict' when this token already holds another value
   */
  putPending(put: PendingValue): Promise<'stored' | 'conflict'>;
  /**
   * Moves or removes one staging label. `from` is the compare in compare-and-swap: the call fails when
   * the label is not there (API_UpdateSecretVersionStage).
   * @returns 'heldElsewhere' when `from` does not hold the label
   */
  moveLabel(move: LabelMove): Promise<'moved' | 'heldElsewhere'>;
  rotate(rotation: {
    secretId: string;
    clientRequestToken: string;
  }): Promise<'started' | 'inProgress'>;
  /** Stops retries; does not remove AWSPENDING. Rotation is off until the next RotateSecret. */
  cancelRotation(secretId: string): Promise<void>;
  /** Descriptions of every secret whose name starts with `namePrefix`, 100 a call. Up to 5 minutes old. */
  list(namePrefix: string): Promise<SecretDescription[]>;
}

export interface PendingValue {
  secretId: string;
  token: string;
  secretString: string;
  /** Passed on so that the service can verify the caller; sensitive, never logged. */
  rotationToken?: string;
}

export interface LabelMove {
  secretId: string;
  label: string;
  to?: string;
  from?: string;
}

export class BinarySecretError extends Error {
  override readonly name = 'BinarySecretError';
  readonly code = 'ERR_ROTATION_BINARY_SECRET';
  constructor(secretId: string, versionId: string) {
    super(
      `${secretId} version ${versionId} holds SecretBinary; expected SecretString. ` +
        'Store the value as a string before it is rotated.',
    );
  }
}

export function secretsManager(
  client = new SecretsManagerClient(clientDefaults),
): SecretsManagerDoor {
  async function read(secretId: string, selector: { VersionId?: string; VersionStage?: string }) {
    try {
      const answer = await awsCall('GetSecretValue', () =>
        client.send(new GetSecretValueCommand({ SecretId: secretId, ...selector })),
      );
      if (answer.SecretString === undefined) {
        throw new BinarySecretError(secretId, answer.VersionId ?? 'unknown');
      }
      return answer.SecretString;
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) {
        return undefined;
      }
      throw error;
    }
  }

  return {
    async describe(secretId) {
      return describe(
        await awsCall('DescribeSecret', () =>
          client.send(new DescribeSecretCommand({ SecretId: secretId })),
        ),
      );
    },

    getValue: (secretId, versionId, stage) =>
      read(secretId, { VersionId: versionId, ...(stage && { VersionStage: stage }) }),

    getCurrentValue: (secretId) => read(secretId, { VersionStage: 'AWSCURRENT' }),

    async putPending({ secretId, token, secretString, rotationToken }) {
      try {
        await awsCall(
          'PutSecretValue',
          () =>
            client.send(
              new PutSecretValueCommand({
                SecretId: secretId,
                ClientRequestToken: token,
                SecretString: secretString,
                VersionStages: ['AWSPENDING'],
                ...(rotationToken && { RotationToken: rotationToken }),
              }),
            ),
          { carriesValue: true },
        );
        return 'stored';
      } catch (error) {
        if (isAwsError(error, 'ResourceExistsException')) {
          return 'conflict';
        }
        throw error;
      }
    },

    async moveLabel({ secretId, label, to, from }) {
      try {
        await awsCall('UpdateSecretVersionStage', () =>
          client.send(
            new UpdateSecretVersionStageCommand({
              SecretId: secretId,
              VersionStage: label,
              ...(to && { MoveToVersionId: to }),
              ...(from && { RemoveFromVersionId: from }),
            }),
          ),
        );
        return 'moved';
      } catch (error) {
        // A version that never got a value is gone with its last label.
        const gone = to === undefined && isAwsError(error, 'ResourceNotFoundException');
        if (gone || isAwsError(error, 'InvalidParameterException')) {
          return 'heldElsewhere';
        }
        throw error;
      }
    },

    async rotate({ secretId, clientRequestToken }) {
      try {
        await awsCall('RotateSecret', () =>
          client.send(
            new RotateSecretCommand({ SecretId: secretId, ClientRequestToken: clientRequestToken }),
          ),
        );
        return 'started';
      } catch (error) {
        if (
          isAwsError(error, 'InvalidRequestException') &&
          /previous rotation/.test(error.message)
        ) {
          return 'inProgress';
        }
        throw error;
      }
    },

    async cancelRotation(secretId) {
      await awsCall('CancelRotateSecret', () =>
        client.send(new CancelRotateSecretCommand({ SecretId: secretId })),
      );
    },

    async list(namePrefix) {
      const found: SecretDescription[] = [];
      let nextToken: string | undefined;
      do {
        const page: ListSecretsCommandOutput = await awsCall('ListSecrets', () =>
          client.send(
            new ListSecretsCommand({
              Filters: [{ Key: 'name', Values: [namePrefix] }],
              MaxResults: 100,
              ...(nextToken && { NextToken: nextToken }),
            }),
          ),
        );
        for (const entry of page.SecretList ?? []) {
          // ListSecrets calls the same map SecretVersionsToStages (API_SecretListEntry).
          found.push(describe({ ...entry, VersionIdsToStages: entry.SecretVersionsToStages }));
        }
        nextToken = page.NextToken;
      } while (nextToken);
      return found;
    },
  };
}

function describe(answer: {
  ARN?: string | undefined;
  Name?: string | undefined;
  RotationEnabled?: boolean | undefined;
  RotationLambdaARN?: string | undefined;
  NextRotationDate?: Date | undefined;
  LastRotatedDate?: Date | undefined;
  CreatedDate?: Date | undefined;
  VersionIdsToStages?: Record<string, string[]> | undefined;
}): SecretDescription {
  return {
    arn: answer.ARN ?? '',
    name: answer.Name ?? '',
    rotationEnabled: answer.RotationEnabled ?? false,
    ...(answer.RotationLambdaARN && { rotationLambdaArn: answer.RotationLambdaARN }),
    ...(answer.NextRotationDate && { nextRotationDate: answer.NextRotationDate }),
    ...(answer.LastRotatedDate && { lastRotatedDate: answer.LastRotatedDate }),
    ...(answer.CreatedDate && { createdDate: answer.CreatedDate }),
    versionIdsToStages: answer.VersionIdsToStages ?? {},
  };
}
