/**
 * The door to what is remembered of emergencies, in the control table: each one's head, its stages and its secrets,
 * who has which secret now, and when the last drill was.
 *
 * Partition `emergency#<name>/<environment>`; ids begin with the time, so the newest sorts last:
 *
 *   <id>                 the head
 *   <id>/secret/<key>    how far one secret has come
 *   <id>/stage/<stage>   one stage
 *   claims               which running emergency has which secrets
 */
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import {
  type DrilledRecord,
  drilledRecordSchema,
  type EmergencyRecord,
  type EmergencySecretRecord,
  type EmergencyStage,
  emergencyIdSchema,
  emergencyRecordSchema,
  emergencySecretRecordSchema,
  type StageRecord,
  stageRecordSchema,
} from '../domain/events/emergency.ts';
import { awsCall, clientDefaults } from './aws-call.ts';
import { ControlRecordError, controlItems } from './control-items.ts';

const claimsSchema = z.object({
  claims: z.array(
    z.object({
      id: emergencyIdSchema,
      secrets: z.array(z.string()),
      unattended: z.boolean(),
      at: z.iso.datetime(),
    }),
  ),
});
export type Claim = z.infer<typeof claimsSchema>['claims'][number];

/** undefined: leave what stands. */
export type Change<Record> = (standing: Record | undefined) => Record | undefined;

export interface EmergencyRecordsDoor {
  getEmergency(id: string): Promise<EmergencyRecord | undefined>;
  /** Heads, newest first. @param limit at most so many */
  getEmergencies(limit: number): Promise<readonly EmergencyRecord[]>;
  /** Compare-and-swap; retried when somebody wrote in between. @returns what stands afterwards */
  updateEmergency(
    id: string,
    change: Change<EmergencyRecord>,
  ): Promise<EmergencyRecord | undefined>;

  getStage(id: string, stage: EmergencyStage): Promise<StageRecord | undefined>;
  /** In no order. */
  getStages(id: string): Promise<readonly StageRecord[]>;
  updateStage(
    id: string,
    stage: EmergencyStage,
    change: Change<StageRecord>,
  ): Promise<StageRecord | undefined>;

  getSecret(id: string, key: string): Promise<EmergencySecretRecord | undefined>;
  /** In no order. */
  getSecrets(id: string): Promise<readonly EmergencySecretRecord[]>;
  updateSecret(
    id: string,
    key: string,
    change: Change<EmergencySecretRecord>,
  ): Promise<EmergencySecretRecord | undefined>;

  /** Who has which secrets. Of one that has ended or died a claim may be left: its head says so. */
  getClaims(): Promise<readonly Claim[]>;
  /** Compare-and-swap on the list as it was read. @returns false when somebody wrote in between */
  replaceClaims(looked: readonly Claim[], claims: readonly Claim[]): Promise<boolean>;

  getDrilled(): Promise<DrilledRecord | undefined>;
  putDrilled(record: DrilledRecord): Promise<void>;
}

/** @param deployment `<name>/<environment>` */
export function emergencyRecords(
  table: string,
  deployment: string,
  client = new DynamoDBClient(clientDefaults),
): EmergencyRecordsDoor {
  const { get, put, all, content } = controlItems(table, client);

  async function update<Schema extends z.ZodType<object>>(
    schema: Schema,
    sk: string,
    change: Change<z.infer<Schema>>,
  ): Promise<z.infer<Schema> | undefined> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const standing = await get(schema, 'emergency', deployment, sk);
      const changed = change(standing?.content);
      if (changed === undefined) return standing?.content;
      if (await put('emergency', deployment, sk, changed, standing ?? { revision: 0 })) {
        return changed;
      }
    }
    throw new ControlRecordError(
      `emergency#${deployment}/${sk}`,
      'changed five times while it was written',
    );
  }

  /** The id that stands last before `before`: one item is read, however many an emergency has. */
  async function newestBefore(before: string): Promise<string | undefined> {
    const page = await awsCall('Query', () =>
      client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk AND sk < :before',
          ExpressionAttributeValues: {
            ':pk': { S: `emergency#${deployment}` },
            ':before': { S: before },
          },
          ScanIndexForward: false,
          Limit: 1,
        }),
      ),
    );
    return page.Items?.[0]?.sk?.S?.split('/')[0];
  }

  return {
    getEmergency: (id) => content(emergencyRecordSchema, 'emergency', deployment, id),
    async getEmergencies(limit) {
      const found: EmergencyRecord[] = [];
      // Ids begin with a digit; ":" stands behind "9", and before "claims".
      let id = await newestBefore(':');
      while (id !== undefined && found.length < limit) {
        const head = await content(emergencyRecordSchema, 'emergency', deployment, id);
        if (head !== undefined) found.push(head);
        id = await newestBefore(id);
      }
      return found;
    },
    updateEmergency: (id, change) => update(emergencyRecordSchema, id, change),

    getStage: (id, stage) =>
      content(stageRecordSchema, 'emergency', deployment, `${id}/stage/${stage}`),
    getStages: (id) => all(stageRecordSchema, 'emergency', deployment, `${id}/stage/`),
    updateStage: (id, stage, change) => update(stageRecordSchema, `${id}/stage/${stage}`, change),

    getSecret: (id, key) =>
      content(emergencySecretRecordSchema, 'emergency', deployment, `${id}/secret/${key}`),
    getSecrets: (id) => all(emergencySecretRecordSchema, 'emergency', deployment, `${id}/secret/`),
    updateSecret: (id, key, change) =>
      update(emergencySecretRecordSchema, `${id}/secret/${key}`, change),

    getClaims: async () =>
      (await content(claimsSchema, 'emergency', deployment, 'claims'))?.claims ?? [],
    async replaceClaims(looked, claims) {
      const standing = await get(claimsSchema, 'emergency', deployment, 'claims');
      if (JSON.stringify(standing?.content.claims ?? []) !== JSON.stringify(looked)) return false;
      return put('emergency', deployment, 'claims', { claims }, standing ?? { revision: 0 });
    },

    getDrilled: () => content(drilledRecordSchema, 'drilled', deployment, 'last'),
    async putDrilled(record) {
      await put('drilled', deployment, 'last', record, 'overwrite');
    },
  };
}
