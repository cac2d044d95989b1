/**
 * Items of the control table: conditional writes, consistent reads, records parsed at the door.
 *
 * An item is `{ pk, sk, revision, record }`; `record` is the JSON of one of the schemas in
 * `domain/events/control-records.ts`, `revision` counts its writes and is what a write compares.
 */
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type * as z from 'zod';
import type { RecordName } from '../domain/events/control-record-names.ts';
import { readAs } from '../domain/events/read-as.ts';
import { awsCall, isAwsError } from './aws-call.ts';

export class ControlRecordError extends Error {
  override readonly name = 'ControlRecordError';
  readonly code = 'ERR_ROTATION_CONTROL_RECORD';
  constructor(key: string, found: string) {
    super(
      `The control table's record ${key} ${found}; expected a record as this release writes it. ` +
        'Nothing was changed. Restore the record from point-in-time recovery, or remove it if it is yours.',
    );
  }
}

interface Stored<Content> {
  content: Content;
  revision: number;
}

export function controlItems(table: string, client: DynamoDBClient) {
  const keyOf = (name: RecordName, secretName: string, sk: string) => ({
    pk: { S: `${name}#${secretName}` },
    sk: { S: sk },
  });

  async function get<Schema extends z.ZodType>(
    schema: Schema,
    name: RecordName,
    secretName: string,
    sk: string,
  ): Promise<Stored<z.infer<Schema>> | undefined> {
    const answer = await awsCall('GetItem', () =>
      client.send(
        new GetItemCommand({
          TableName: table,
          Key: keyOf(name, secretName, sk),
          ConsistentRead: true,
        }),
      ),
    );
    return answer.Item && decode(schema, answer.Item);
  }

  /** Writes when the item is absent (`revision` 0) or unchanged since it was read. */
  async function put(
    name: RecordName,
    secretName: string,
    sk: string,
    content: object,
    guard: { revision: number } | 'overwrite',
  ): Promise<boolean> {
    const condition =
      guard === 'overwrite'
        ? {}
        : guard.revision === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'revision = :revision',
              ExpressionAttributeValues: { ':revision': { N: String(guard.revision) } },
            };
    const revision = guard === 'overwrite' ? 1 : guard.revision + 1;
    try {
      await awsCall('PutItem', () =>
        client.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              ...keyOf(name, secretName, sk),
              revision: { N: String(revision) },
              record: { S: JSON.stringify(content) },
            },
            ...condition,
          }),
        ),
      );
      return true;
    } catch (error) {
      if (isAwsError(error, 'ConditionalCheckFailedException')) {
        return false;
      }
      throw error;
    }
  }

  /** Every record of one kind of one secret, or those whose sort key begins so. */
  async function all<Schema extends z.ZodType>(
    schema: Schema,
    name: RecordName,
    secretName: string,
    prefix = '',
  ): Promise<z.infer<Schema>[]> {
    const found: z.infer<Schema>[] = [];
    let start: Record<string, never> | undefined;
    do {
      const page = await awsCall('Query', () =>
        client.send(
          new QueryCommand({
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: `pk = :pk${prefix && ' AND begins_with(sk, :prefix)'}`,
            ExpressionAttributeValues: {
              ':pk': { S: `${name}#${secretName}` },
              ...(prefix && { ':prefix': { S: prefix } }),
            },
            ...(start && { ExclusiveStartKey: start }),
          }),
        ),
      );
      found.push(...(page.Items ?? []).map((item) => decode(schema, item).content));
      start = page.LastEvaluatedKey as Record<string, never> | undefined;
    } while (start);
    return found;
  }

  const remove = (name: RecordName, secretName: string, sk: string) =>
    awsCall('DeleteItem', () =>
      client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(name, secretName, sk) })),
    );

  /** @returns false when it was written since it was read */
  async function removeUnchanged(
    name: RecordName,
    secretName: string,
    sk: string,
    { revision }: { revision: number },
  ): Promise<boolean> {
    try {
      await awsCall('DeleteItem', () =>
        client.send(
          new DeleteItemCommand({
            TableName: table,
            Key: keyOf(name, secretName, sk),
            ConditionExpression: 'revision = :revision',
            ExpressionAttributeValues: { ':revision': { N: String(revision) } },
          }),
        ),
      );
      return true;
    } catch (error) {
      if (isAwsError(error, 'ConditionalCheckFailedException')) return false;
      throw error;
    }
  }

  const content = async <Schema extends z.ZodType>(
    schema: Schema,
    ...key: [RecordName, string, string]
  ) => (await get(schema, ...key))?.content;

  /**
   * Compare-and-swap; tried again when somebody wrote in between.
   * @param changed of what stands; undefined: leave it
   * @returns what stands afterwards
   */
  async function change<Schema extends z.ZodType<object>>(
    schema: Schema,
    key: [RecordName, string, string],
    changed: (standing: z.infer<Schema> | undefined) => z.infer<Schema> | undefined,
  ): Promise<z.infer<Schema> | undefined> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const stored = await get(schema, ...key);
      const record = changed(stored?.content);
      if (record === undefined) return stored?.content;
      if (await put(...key, record, stored ?? { revision: 0 })) return record;
    }
    throw new ControlRecordError(
      `${key[0]}#${key[1]}/${key[2]}`,
      'changed five times while it was written',
    );
  }

  /** @returns the record that stands and did not give way; undefined when this one stands now */
  async function replace<Schema extends z.ZodType<object>>(
    schema: Schema,
    key: [RecordName, string, string],
    record: z.infer<Schema>,
    over: (standing: z.infer<Schema>) => boolean,
  ): Promise<z.infer<Schema> | undefined> {
    const stands = await change(schema, key, (standing) =>
      standing === undefined || over(standing) ? record : undefined,
    );
    return stands === record ? undefined : stands;
  }

  return { get, put, all, remove, removeUnchanged, content, change, replace };
}

function decode<Schema extends z.ZodType>(
  schema: Schema,
  item: Record<string, { S?: string | undefined; N?: string | undefined }>,
): Stored<z.infer<Schema>> {
  const key = `${item.pk?.S}/${item.sk?.S}`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(item.record?.S ?? '');
  } catch {
    throw new ControlRecordError(key, 'is not JSON');
  }
  const result = readAs(schema, parsed);
  if (!result.success) {
    throw new ControlRecordError(key, `does not fit at ${result.error.issues[0]?.path.join('.')}`);
  }
  return { content: result.data, revision: Number(item.revision?.N) };
}
