/** The door to what rollouts remember over Maps, with the same conditions on every write. */
import { isDeepStrictEqual } from 'node:util';
import type { ConsumerLock, CountsRecord, RolloutRecord } from '../../domain/events/rollout.ts';
import {
  type ConsumerRecordsDoor,
  givesWay,
  keptCounts,
  type RolloutKey,
} from '../../doors/consumer-records.ts';
import type { RolloutRecordsDoor } from '../../doors/rollout-records.ts';

export type ConsumerRecords = ConsumerRecordsDoor & Pick<RolloutRecordsDoor, 'getRollouts'>;

export function inMemoryConsumerRecords(): ConsumerRecords & {
  locks: ReadonlyMap<string, ConsumerLock>;
} {
  const rollouts = new Map<string, RolloutRecord>();
  const locks = new Map<string, ConsumerLock>();
  const counts = new Map<string, CountsRecord>();
  const keyOf = ({ secretName, versionId, round, consumer }: RolloutKey) =>
    `${secretName}#${versionId}/${round}/${consumer}`;
  return {
    locks,
    getRollouts: async (secretName, versionId) =>
      [...rollouts].flatMap(([key, record]) =>
        key.startsWith(`${secretName}#${versionId}/`) ? [structuredClone(record)] : [],
      ),
    getRollout: async (key) => structuredClone(rollouts.get(keyOf(key))),
    async updateRollout(key, change) {
      const standing = structuredClone(rollouts.get(keyOf(key)));
      const changed = change(standing);
      if (changed === undefined) return standing;
      rollouts.set(keyOf(key), structuredClone(changed));
      return changed;
    },
    async takeLock(consumer, lock) {
      const standing = locks.get(consumer);
      if (standing !== undefined && !givesWay(standing, lock)) return structuredClone(standing);
      locks.set(consumer, structuredClone(lock));
      return undefined;
    },
    async releaseLock(consumer, owner, now) {
      const standing = locks.get(consumer);
      if (standing?.owner === owner) {
        locks.set(consumer, { ...standing, expiresAt: now.toISOString() });
      }
    },
    getCounts: async (consumer) => structuredClone(counts.get(consumer)),
    async putCounts(consumer, record) {
      if (!counts.has(consumer)) counts.set(consumer, structuredClone(record));
      return structuredClone(counts.get(consumer));
    },
    keepCounts: async (consumer, record) =>
      void counts.set(consumer, structuredClone(keptCounts(record, counts.get(consumer)))),
    async removeCounts(consumer, looked) {
      const standing = counts.get(consumer);
      if (standing !== undefined && !isDeepStrictEqual(standing, looked)) return false;
      counts.delete(consumer);
      return true;
    },
  };
}
