/** The door to what is remembered of rollouts over Maps, with the same conditions on every write. */
import type { FailedMaterial, RolloutRecord } from '../../domain/events/rollout.ts';
import type { RolloutRecordsDoor } from '../../doors/rollout-records.ts';

export function inMemoryRolloutRecords() {
  const rollouts = new Map<string, RolloutRecord>();
  const failed = new Map<string, FailedMaterial>();
  return {
    /** As the rollout machine leaves it. */
    putRollout(secretName: string, record: RolloutRecord): void {
      const { versionId, round, consumer } = record;
      rollouts.set([secretName, versionId, round, consumer].join('|'), structuredClone(record));
    },
    async getRollouts(secretName, versionId) {
      const found = [...rollouts].filter(([key]) => key.startsWith(`${secretName}|${versionId}|`));
      return structuredClone(found.map(([, record]) => record));
    },
    getFailed: async (secretName, material) =>
      structuredClone(failed.get(`${secretName}|${material}`)),
    async putFailed(secretName, record) {
      const key = `${secretName}|${record.material}`;
      if (!failed.has(key)) failed.set(key, structuredClone(record));
      return structuredClone(failed.get(key) as FailedMaterial);
    },
  } satisfies Pick<RolloutRecordsDoor, 'getRollouts' | 'getFailed' | 'putFailed'> &
    Record<string, unknown>;
}
