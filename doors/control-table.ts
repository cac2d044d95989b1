/**
 * The door to the control table (DynamoDB): what is remembered between the calls of one rotation.
 *
 * Every write is conditional and every read consistent: two runs of one step meet here, and one of them
 * loses cleanly. An item is `{ pk, sk, revision, record }`; `record` is the JSON of one of the schemas in
 * `domain/events/control-records.ts`, `revision` counts its writes and is what a write compares.
 */
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type * as z from 'zod';
import {
  type AfterRotationRecord,
  afterRotationRecordSchema,
  type CompromisedRecord,
  compromisedRecordSchema,
  type HoldRecord,
  holdRecordSchema,
  type Intent,
  type IntentRecord,
  intentRecordSchema,
  intents,
  type LeaseRecord,
  leaseRecordSchema,
  type RotationRecord,
  rotationRecordSchema,
} from '../domain/events/control-records.ts';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export interface ControlTableDoor {
  /** @throws ControlRecordError when a token has more than one intent */
  getIntent(secretName: string, token: string): Promise<IntentRecord | undefined>;
  /**
   * Each intent has a partition of its own, so that IAM can tell who may ask for which.
   * @returns 'exists' when this token already has this intent; the first record stands
   */
  putIntent(secretName: string, record: IntentRecord): Promise<'stored' | 'exists'>;

  getRotation(secretName: string, token: string): Promise<RotationRecord | undefined>;
  /** Fixes a rotation under its token; the first writer wins, every caller gets what stands. */
  fixRotation(secretName: string, record: RotationRecord): Promise<RotationRecord>;
  /** Changes a rotation record; retried when another run of a step wrote in between. */
  updateRotation(
    secretName: string,
    token: string,
    change: (record: RotationRecord) => RotationRecord,
  ): Promise<RotationRecord | undefined>;

  getAfterRotation(secretName: string, versionId: string): Promise<AfterRotationRecord | undefined>;
  /** @returns 'exists' when this version already has one */
  putAfterRotation(secretName: string, record: AfterRotationRecord): Promise<'stored' | 'exists'>;
  /** Compare-and-swap on the state. @returns false when the record is in none of the states `from` */
  moveAfterRotation(
    secretName: string,
    from: readonly AfterRotationRecord['state'][],
    record: AfterRotationRecord,
  ): Promise<boolean>;
  /** Takes the record of a version that never became current away. */
  removeAfterRotation(secretName: string, versionId: string): Promise<void>;
  /** Was any rotation of this secret ever promoted? An AfterRotation begins only for AWSCURRENT. */
  everPromoted(secretName: string): Promise<boolean>;

  getLease(secretName: string): Promise<LeaseRecord | undefined>;
  /** Takes or replaces the lease. */
  putLease(secretName: string, record: LeaseRecord): Promise<void>;

  getCompromised(secretName: string): Promise<ReadonlySet<string>>;
  putCompromised(secretName: string, record: CompromisedRecord): Promise<void>;

  getHold(secretName: string): Promise<HoldRecord | undefined>;
  putHold(secretName: string, record: HoldRecord): Promise<void>;
}

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

type RecordName = `intent.${Intent}` | 'rotation' | 'after' | 'lease' | 'compromised' | 'hold';
interface Stored<Content> {
  content: Content;
  revision: number;
}

export function controlTable(
  table: string,
  client = new DynamoDBClient(clientDefaults),
): ControlTableDoor {
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

  /** Every record of one kind of one secret. */
  async function all<Schema extends z.ZodType>(
    schema: Schema,
    name: RecordName,
    secretName: string,
  ): Promise<z.infer<Schema>[]> {
    const found: z.infer<Schema>[] = [];
    let start: Record<string, never> | undefined;
    do {
      const page = await awsCall('Query', () =>
        client.send(
          new QueryCommand({
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': { S: `${name}#${secretName}` } },
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

  const content = async <Schema extends z.ZodType>(
    schema: Schema,
    ...key: [RecordName, string, string]
  ) => (await get(schema, ...key))?.content;

  return {
    async getIntent(secretName, token) {
      const found = await Promise.all(
        intents.map((intent) => content(intentRecordSchema, `intent.${intent}`, secretName, token)),
      );
      const [record, ...others] = found.filter((candidate) => candidate !== undefined);
      if (others.length > 0) {
        throw new ControlRecordError(`intent.*#${secretName}/${token}`, 'names several intents');
      }
      return record;
    },
    putIntent: async (secretName, record) =>
      (await put(`intent.${record.intent}`, secretName, record.token, record, { revision: 0 }))
        ? 'stored'
        : 'exists',

    getRotation: (secretName, token) =>
      content(rotationRecordSchema, 'rotation', secretName, token),
    async fixRotation(secretName, record) {
      await put('rotation', secretName, record.token, record, { revision: 0 });
      const fixed = await content(rotationRecordSchema, 'rotation', secretName, record.token);
      if (fixed === undefined) {
        throw new ControlRecordError(
          `rotation#${secretName}/${record.token}`,
          'vanished after it was written',
        );
      }
      return fixed;
    },
    async updateRotation(secretName, token, change) {
      for (let attempt = 0; attempt < 5; attempt++) {
        const stored = await get(rotationRecordSchema, 'rotation', secretName, token);
        if (stored === undefined) {
          return undefined;
        }
        const changed = change(stored.content);
        if (await put('rotation', secretName, token, changed, stored)) {
          return changed;
        }
      }
      throw new ControlRecordError(
        `rotation#${secretName}/${token}`,
        'changed five times while it was written',
      );
    },

    getAfterRotation: (secretName, versionId) =>
      content(afterRotationRecordSchema, 'after', secretName, versionId),
    putAfterRotation: async (secretName, record) =>
      (await put('after', secretName, record.versionId, record, { revision: 0 }))
        ? 'stored'
        : 'exists',
    async moveAfterRotation(secretName, from, record) {
      const stored = await get(afterRotationRecordSchema, 'after', secretName, record.versionId);
      if (stored === undefined || !from.includes(stored.content.state)) {
        return false;
      }
      return put('after', secretName, record.versionId, record, stored);
    },
    async removeAfterRotation(secretName, versionId) {
      await remove('after', secretName, versionId);
    },
    async everPromoted(secretName) {
      for (const { state } of await all(afterRotationRecordSchema, 'after', secretName)) {
        if (state !== 'due') {
          return true;
        }
      }
      return false;
    },

    getLease: (secretName) => content(leaseRecordSchema, 'lease', secretName, 'lease'),
    async putLease(secretName, record) {
      await put('lease', secretName, 'lease', record, 'overwrite');
    },

    async getCompromised(secretName) {
      const records = await all(compromisedRecordSchema, 'compromised', secretName);
      return new Set(records.map(({ material }) => material));
    },
    async putCompromised(secretName, record) {
      // The first record of a material stands: it says since when it is known.
      await put('compromised', secretName, record.material, record, { revision: 0 });
    },

    getHold: (secretName) => content(holdRecordSchema, 'hold', secretName, 'hold'),
    async putHold(secretName, record) {
      await put('hold', secretName, 'hold', record, 'overwrite');
    },
  };
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
  const result = schema.safeParse(parsed);
  if (!result.success) {
    throw new ControlRecordError(key, `does not fit at ${result.error.issues[0]?.path.join('.')}`);
  }
  return { content: result.data, revision: Number(item.revision?.N) };
}
