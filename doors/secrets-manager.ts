/** The door to AWS Secrets Manager. */
import {
  CancelRotateSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  type ListSecretsCommandInput,
  type ListSecretsCommandOutput,
  ListSecretVersionIdsCommand,
  type ListSecretVersionIdsCommandInput,
  type ListSecretVersionIdsCommandOutput,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export interface SecretDescription {
  arn: string;
  name: string;
  rotationEnabled: boolean;
  rotationLambdaArn?: string;
  /** Secrets Manager's own rule; the service computes the days anew after each rotation. */
  rotationRules?: {
    scheduleExpression?: string | undefined;
    automaticallyAfterDays?: number | undefined;
    duration?: string | undefined;
  };
  /** Any change: of the value, of labels, of rotation. */
  lastChangedDate?: Date;
  nextRotationDate?: Date;
  lastRotatedDate?: Date;
  createdDate?: Date;
  /** Its value was last read by anybody: truncated to the day (API_DescribeSecret). */
  lastAccessedDate?: Date;
  /** Scheduled for deletion since. */
  deletedDate?: Date;
  /** Key id, key ARN or alias ARN as it was given; absent: the AWS managed key aws/secretsmanager. */
  kmsKeyId?: string;
  /** The AWS service that made the secret and alone changes it, e.g. `rds`. */
  owningService?: string;
  /** The region of the primary, when the secret is replicated: another one's makes this a replica. */
  primaryRegion?: string;
  tags?: Readonly<Record<string, string>>;
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
  /** The same, with the version it is: read at once, they belong together. */
  getCurrent(secretId: string): Promise<StoredValue | undefined>;
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
  /**
   * Descriptions of every secret that carries all these tags, those scheduled for deletion included, 100 a call. Up
   * to 5 minutes old.
   */
  listTagged(tags: Readonly<Record<string, string>>): Promise<SecretDescription[]>;
  /** When the version labelled AWSCURRENT was made; undefined when there is none. */
  currentSince(secretId: string): Promise<Date | undefined>;
  /**
   * Versions that lost their last label. Their values can still be read by their ids, until Secrets Manager
   * deletes them when it likes (API_ListSecretVersionIds, IncludeDeprecated).
   */
  unlabelledVersions(secretId: string): Promise<string[]>;
  /** The resource policy, as JSON; undefined when there is none. */
  getResourcePolicy(secretId: string): Promise<string | undefined>;
  /** Adds tags, or replaces those of the same key. */
  tag(secretId: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Removes tags; those that are not there are removed already. */
  untag(secretId: string, keys: readonly string[]): Promise<void>;
}

export interface StoredValue {
  versionId: string;
  secretString: string;
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
  async function read(
    secretId: string,
    selector: { VersionId?: string; VersionStage?: string },
  ): Promise<StoredValue | undefined> {
    try {
      const answer = await awsCall('GetSecretValue', () =>
        client.send(new GetSecretValueCommand({ SecretId: secretId, ...selector })),
      );
      if (answer.SecretString === undefined) {
        throw new BinarySecretError(secretId, answer.VersionId ?? 'unknown');
      }
      return { versionId: answer.VersionId ?? '', secretString: answer.SecretString };
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) {
        return undefined;
      }
      throw error;
    }
  }

  async function* versions(asked: ListSecretVersionIdsCommandInput) {
    let nextToken: string | undefined;
    do {
      const page: ListSecretVersionIdsCommandOutput = await awsCall('ListSecretVersionIds', () =>
        client.send(
          new ListSecretVersionIdsCommand({
            ...asked,
            MaxResults: 100,
            ...(nextToken && { NextToken: nextToken }),
          }),
        ),
      );
      yield* page.Versions ?? [];
      nextToken = page.NextToken;
    } while (nextToken);
  }

  async function listed(
    asked: Pick<ListSecretsCommandInput, 'Filters' | 'IncludePlannedDeletion'>,
  ): Promise<SecretDescription[]> {
    const found: SecretDescription[] = [];
    let nextToken: string | undefined;
    do {
      const page: ListSecretsCommandOutput = await awsCall('ListSecrets', () =>
        client.send(
          new ListSecretsCommand({
            ...asked,
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
  }

  return {
    async describe(secretId) {
      return describe(
        await awsCall('DescribeSecret', () =>
          client.send(new DescribeSecretCommand({ SecretId: secretId })),
        ),
      );
    },

    getValue: async (secretId, versionId, stage) =>
      (await read(secretId, { VersionId: versionId, ...(stage && { VersionStage: stage }) }))
        ?.secretString,

    getCurrentValue: async (secretId) =>
      (await read(secretId, { VersionStage: 'AWSCURRENT' }))?.secretString,

    getCurrent: (secretId) => read(secretId, { VersionStage: 'AWSCURRENT' }),

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

    list: (namePrefix) => listed({ Filters: [{ Key: 'name', Values: [namePrefix] }] }),

    async listTagged(tags) {
      // Filters match the beginning of any key and any value (API_Filter): which belongs to which is told here.
      const [[key, value] = ['', '']] = Object.entries(tags);
      const found = await listed({
        Filters: [
          { Key: 'tag-key', Values: [key] },
          { Key: 'tag-value', Values: [value] },
        ],
        IncludePlannedDeletion: true,
      });
      return found.filter((secret) =>
        Object.entries(tags).every(([name, expected]) => secret.tags?.[name] === expected),
      );
    },

    async currentSince(secretId) {
      for await (const version of versions({ SecretId: secretId })) {
        if (version.VersionStages?.includes('AWSCURRENT')) {
          return version.CreatedDate;
        }
      }
      return undefined;
    },

    async unlabelledVersions(secretId) {
      const found: string[] = [];
      for await (const version of versions({ SecretId: secretId, IncludeDeprecated: true })) {
        if (version.VersionId !== undefined && !version.VersionStages?.length) {
          found.push(version.VersionId);
        }
      }
      return found;
    },

    async getResourcePolicy(secretId) {
      const answer = await awsCall('GetResourcePolicy', () =>
        client.send(new GetResourcePolicyCommand({ SecretId: secretId })),
      );
      return answer.ResourcePolicy;
    },

    async tag(secretId, tags) {
      await awsCall('TagResource', () =>
        client.send(
          new TagResourceCommand({
            SecretId: secretId,
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          }),
        ),
      );
    },

    async untag(secretId, keys) {
      await awsCall('UntagResource', () =>
        client.send(new UntagResourceCommand({ SecretId: secretId, TagKeys: [...keys] })),
      );
    },
  };
}

function describe(answer: {
  ARN?: string | undefined;
  Name?: string | undefined;
  RotationEnabled?: boolean | undefined;
  RotationLambdaARN?: string | undefined;
  RotationRules?:
    | {
        ScheduleExpression?: string | undefined;
        AutomaticallyAfterDays?: number | undefined;
        Duration?: string | undefined;
      }
    | undefined;
  LastChangedDate?: Date | undefined;
  NextRotationDate?: Date | undefined;
  LastRotatedDate?: Date | undefined;
  CreatedDate?: Date | undefined;
  LastAccessedDate?: Date | undefined;
  DeletedDate?: Date | undefined;
  KmsKeyId?: string | undefined;
  OwningService?: string | undefined;
  PrimaryRegion?: string | undefined;
  Tags?: { Key?: string | undefined; Value?: string | undefined }[] | undefined;
  VersionIdsToStages?: Record<string, string[]> | undefined;
}): SecretDescription {
  return {
    arn: answer.ARN ?? '',
    name: answer.Name ?? '',
    rotationEnabled: answer.RotationEnabled ?? false,
    ...(answer.RotationLambdaARN && { rotationLambdaArn: answer.RotationLambdaARN }),
    ...(answer.RotationRules && {
      rotationRules: {
        scheduleExpression: answer.RotationRules.ScheduleExpression,
        automaticallyAfterDays: answer.RotationRules.AutomaticallyAfterDays,
        duration: answer.RotationRules.Duration,
      },
    }),
    ...(answer.LastChangedDate && { lastChangedDate: answer.LastChangedDate }),
    ...(answer.NextRotationDate && { nextRotationDate: answer.NextRotationDate }),
    ...(answer.LastRotatedDate && { lastRotatedDate: answer.LastRotatedDate }),
    ...(answer.CreatedDate && { createdDate: answer.CreatedDate }),
    ...(answer.LastAccessedDate && { lastAccessedDate: answer.LastAccessedDate }),
    ...(answer.DeletedDate && { deletedDate: answer.DeletedDate }),
    ...(answer.KmsKeyId && { kmsKeyId: answer.KmsKeyId }),
    ...(answer.OwningService && { owningService: answer.OwningService }),
    ...(answer.PrimaryRegion && { primaryRegion: answer.PrimaryRegion }),
    ...(answer.Tags && {
      tags: Object.fromEntries(answer.Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    }),
    versionIdsToStages: answer.VersionIdsToStages ?? {},
  };
}
