/**
 * The door to what is remembered of rollouts, in the control table: how far each consumer has come with each version,
 * who restarts it now, what it ran with before it was stopped, and which material was rolled back from.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type FailedMaterial,
  failedMaterialSchema,
  type RolloutRecord,
  rolloutRecordSchema,
} from '../domain/events/rollout.ts';
import { clientDefaults } from './aws-call.ts';
import { controlItems } from './control-items.ts';

export interface RolloutRecordsDoor {
  /** Of every round and consumer of one version, in no order. */
  getRollouts(secretName: string, versionId: string): Promise<readonly RolloutRecord[]>;

  /** Absent: this material was never rolled back from by itself. */
  getFailed(secretName: string, material: string): Promise<FailedMaterial | undefined>;
  /** The first record of a material stands. @returns the one that stands */
  putFailed(secretName: string, record: FailedMaterial): Promise<FailedMaterial>;
}

export function rolloutRecords(
  table: string,
  client = new DynamoDBClient(clientDefaults),
): RolloutRecordsDoor {
  const { put, all, content } = controlItems(table, client);
  return {
    async getRollouts(secretName, versionId) {
      const records = await all(rolloutRecordSchema, 'rollout', secretName);
      return records.filter((record) => record.versionId === versionId);
    },
    getFailed: (secretName, material) =>
      content(failedMaterialSchema, 'failed', secretName, material),
    async putFailed(secretName, record) {
      await put('failed', secretName, record.material, record, { revision: 0 });
      return (await content(failedMaterialSchema, 'failed', secretName, record.material)) ?? record;
    },
  };
}
