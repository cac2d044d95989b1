/**
 * The door to what the rollout of a consumer remembers, in the control table: how far it has come, who restarts it
 * now, and what it ran with before it was stopped. What AfterRotation reads of it is `doors/rollout-records.ts`.
 */
import { isDeepStrictEqual } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type ConsumerLock,
  type CountsRecord,
  consumerLockSchema,
  countsRecordSchema,
  type RolloutRecord,
  rolloutRecordSchema,
} from '../domain/events/rollout.ts';
import { clientDefaults } from './aws-call.ts';
import { controlItems } from './control-items.ts';

/** Of which rollout: one consumer in one round of one version. */
export interface RolloutKey {
  readonly secretName: string;
  readonly versionId: string;
  readonly round: string;
  readonly consumer: string;
}

export interface ConsumerRecordsDoor {
  getRollout(key: RolloutKey): Promise<RolloutRecord | undefined>;
  /**
   * Compare-and-swap; tried again when somebody wrote in between.
   * @param change undefined: leave what stands
   * @returns what stands afterwards
   */
  updateRollout(
    key: RolloutKey,
    change: (standing: RolloutRecord | undefined) => RolloutRecord | undefined,
  ): Promise<RolloutRecord | undefined>;

  /**
   * Takes a consumer, by compare-and-swap. The same owner passes, and so does whoever finds an expired one.
   * @returns the lock of another one that stands; undefined: this one stands now
   */
  takeLock(consumer: string, lock: ConsumerLock): Promise<ConsumerLock | undefined>;
  /** Lets the lock expire if it is this owner's. */
  releaseLock(consumer: string, owner: string, now: Date): Promise<void>;

  getCounts(consumer: string): Promise<CountsRecord | undefined>;
  /**
   * The first record stands: what a consumer ran with is not what it runs with once it is being stopped.
   * @returns what stands; undefined: another one stood, and is gone again, as when its consumer was started meanwhile
   */
  putCounts(consumer: string, record: CountsRecord): Promise<CountsRecord | undefined>;
  /**
   * Whatever stands: somebody may have removed it while the consumer was being stopped. Of two, the one with more
   * tasks tells what it ran with: the other one was read while it was stopped.
   */
  keepCounts(consumer: string, record: CountsRecord): Promise<void>;
  /** @returns false when another record stands than the one that was looked at; it goes on standing */
  removeCounts(consumer: string, looked: CountsRecord): Promise<boolean>;
}

/** @param deployment `<name>/<environment>` */
export function consumerRecords(
  table: string,
  deployment: string,
  client = new DynamoDBClient(clientDefaults),
): ConsumerRecordsDoor {
  const { get, put, content, change, replace, removeUnchanged } = controlItems(table, client);
  const sortKey = ({ versionId, round, consumer }: RolloutKey) =>
    `${versionId}/${round}/${consumer}`;
  return {
    getRollout: (key) => content(rolloutRecordSchema, 'rollout', key.secretName, sortKey(key)),
    updateRollout: (key, changed) =>
      change(rolloutRecordSchema, ['rollout', key.secretName, sortKey(key)], changed),

    takeLock: (consumer, lock) =>
      replace(consumerLockSchema, ['lock', deployment, consumer], lock, (standing) =>
        givesWay(standing, lock),
      ),
    async releaseLock(consumer, owner, now) {
      const lock = await content(consumerLockSchema, 'lock', deployment, consumer);
      if (lock?.owner !== owner) return;
      const released = { ...lock, expiresAt: now.toISOString() };
      // Taken away it could be another one's by then: over one of the same owner only.
      await replace(
        consumerLockSchema,
        ['lock', deployment, consumer],
        released,
        (standing) => standing.owner === owner,
      );
    },

    getCounts: (consumer) => content(countsRecordSchema, 'counts', deployment, consumer),
    async putCounts(consumer, record) {
      const isFirst = await put('counts', deployment, consumer, record, { revision: 0 });
      return isFirst ? record : content(countsRecordSchema, 'counts', deployment, consumer);
    },
    async keepCounts(consumer, record) {
      await change(countsRecordSchema, ['counts', deployment, consumer], (standing) =>
        keptCounts(record, standing),
      );
    },
    async removeCounts(consumer, looked) {
      const stored = await get(countsRecordSchema, 'counts', deployment, consumer);
      if (stored === undefined) return true;
      if (!isDeepStrictEqual(stored.content, looked)) return false;
      return removeUnchanged('counts', deployment, consumer, stored);
    },
  };
}

export const keptCounts = (
  record: CountsRecord,
  standing: CountsRecord | undefined,
): CountsRecord =>
  standing === undefined || standing.desired <= record.desired
    ? record
    : { ...standing, stoppedBy: record.stoppedBy, stops: (standing.stops ?? 0) + 1, at: record.at };

/** @param by the lock that would take its place */
export const givesWay = (standing: ConsumerLock, by: ConsumerLock): boolean =>
  standing.owner === by.owner || new Date(standing.expiresAt) <= new Date(by.at);
