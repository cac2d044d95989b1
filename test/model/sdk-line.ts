/** The requests through a real SDK client: what goes out is what an application sends, what comes back is what it sees. */
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  type ListSecretVersionIdsCommandOutput,
  PutSecretValueCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { Answer, Operation, Request, RequestOf } from './requests.ts';

export interface Target {
  client: SecretsManagerClient;
  /** Its name, by which it is made and asked for. */
  secretId: string;
  /** Of the rotation function; undefined: the account has none. */
  lambdaArn?: string | undefined;
}

/** The connection broke: the request may have been carried out. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** @param options of the call, for the client's request handler. @throws whatever is no answer of the service */
export async function send(
  { client, ...target }: Target,
  request: Request,
  options: object = {},
): Promise<Answer> {
  const sent: Sent = {
    ...target,
    client: { send: (command: never) => client.send(command, options) } as never,
  };
  try {
    const call = calls[request.op] as (to: Sent, request: Request) => Promise<unknown>;
    return { ok: await call(sent, request) };
  } catch (error) {
    if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode) {
      return { error: (error as Error).name };
    }
    throw error;
  }
}

type Sent = Omit<Target, 'client'> & { client: Pick<SecretsManagerClient, 'send'> };
type Call<Op extends Operation> = (to: Sent, request: RequestOf<Op>) => Promise<unknown>;

const calls: { [Op in Operation]: Call<Op> } = {
  async create({ client, secretId }, { token, value }) {
    const input = { Name: secretId, ClientRequestToken: token, SecretString: value };
    const { VersionId } = await client.send(new CreateSecretCommand(input));
    return { VersionId };
  },
  async put({ client, secretId }, { token, value, stages }) {
    const { VersionId, VersionStages } = await client.send(
      new PutSecretValueCommand({
        SecretId: secretId,
        ClientRequestToken: token,
        SecretString: value,
        ...(stages && { VersionStages: [...stages] }),
      }),
    );
    return { VersionId, VersionStages: sorted(VersionStages) };
  },
  async update({ client, secretId }, { token, value, description }) {
    const { VersionId } = await client.send(
      new UpdateSecretCommand({
        SecretId: secretId,
        ClientRequestToken: token,
        SecretString: value,
        Description: description,
      }),
    );
    return value === undefined ? {} : { VersionId };
  },
  async stage({ client, secretId }, { label, from, to }) {
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: secretId,
        VersionStage: label,
        RemoveFromVersionId: from,
        MoveToVersionId: to,
      }),
    );
    return {};
  },
  async rotate({ client, secretId, lambdaArn }, { token, immediately, lambda, days }) {
    const { VersionId } = await client.send(
      new RotateSecretCommand({
        SecretId: secretId,
        ClientRequestToken: token,
        RotateImmediately: immediately,
        ...(lambda && { RotationLambdaARN: lambdaArn }),
        ...(days && { RotationRules: { AutomaticallyAfterDays: days } }),
      }),
    );
    return { VersionId };
  },
  async cancel({ client, secretId }) {
    const { VersionId } = await client.send(new CancelRotateSecretCommand({ SecretId: secretId }));
    return VersionId === undefined ? {} : { VersionId };
  },
  async delete({ client, secretId }, { force }) {
    await client.send(
      new DeleteSecretCommand({
        SecretId: secretId,
        ...(force ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: 7 }),
      }),
    );
    return {};
  },
  async restore({ client, secretId }) {
    await client.send(new RestoreSecretCommand({ SecretId: secretId }));
    return {};
  },
  async tag({ client, secretId }, { key, value }) {
    const Tags = [{ Key: key, Value: value }];
    await client.send(new TagResourceCommand({ SecretId: secretId, Tags }));
    return {};
  },
  async untag({ client, secretId }, { key }) {
    await client.send(new UntagResourceCommand({ SecretId: secretId, TagKeys: [key] }));
    return {};
  },
  async describe({ client, secretId }) {
    return described(await client.send(new DescribeSecretCommand({ SecretId: secretId })));
  },
  async list({ client, secretId }, { deprecated }) {
    const input = { SecretId: secretId, MaxResults: 100, IncludeDeprecated: deprecated };
    return listed(await client.send(new ListSecretVersionIdsCommand(input)));
  },
  async get({ client, secretId }, { id, stage }) {
    const { VersionId, SecretString, VersionStages } = await client.send(
      new GetSecretValueCommand({ SecretId: secretId, VersionId: id, VersionStage: stage }),
    );
    return { VersionId, value: SecretString, VersionStages: sorted(VersionStages) };
  },
};

/** What is compared of DescribeSecret. */
export function described(
  told: Pick<
    DescribeSecretCommandOutput,
    'VersionIdsToStages' | 'RotationEnabled' | 'DeletedDate' | 'Tags' | 'Description'
  >,
) {
  const stages = Object.entries(told.VersionIdsToStages ?? {});
  return {
    stages: Object.fromEntries(stages.map(([id, labels]) => [id, sorted(labels)])),
    rotation: told.RotationEnabled ?? null,
    deleted: told.DeletedDate !== undefined,
    tags: Object.fromEntries((told.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
    description: told.Description ?? null,
  };
}

/** What is compared of ListSecretVersionIds. */
export const listed = ({ Versions = [] }: Pick<ListSecretVersionIdsCommandOutput, 'Versions'>) =>
  Object.fromEntries(
    Versions.map(({ VersionId, VersionStages }) => [VersionId, sorted(VersionStages)]),
  );

const sorted = (labels: readonly string[] = []): string[] => [...labels].sort();
