/** The door to what is remembered of triggers over Maps, with the same conditions on every write. */
import type {
  ExposureRecord,
  RefusalRecord,
  TriggerRecord,
  WaitingRecord,
} from '../../domain/events/control-records.ts';
import type { TriggerRecordsDoor } from '../../doors/trigger-records.ts';

export function inMemoryTriggerRecords(): TriggerRecordsDoor {
  const triggers = new Map<string, TriggerRecord>();
  const waiting = new Map<string, WaitingRecord>();
  const exposures = new Map<string, ExposureRecord>();
  const refusals = new Map<string, RefusalRecord>();
  return {
    getTrigger: async (id) => structuredClone(triggers.get(id)),
    async putTrigger(id, record) {
      const standing = triggers.get(id);
      if (standing !== undefined && standing.eventId !== record.eventId) {
        return structuredClone(standing);
      }
      triggers.set(id, structuredClone(record));
      return undefined;
    },
    getWaiting: async () => structuredClone([...waiting.values()]),
    putWaiting: async (record) => void waiting.set(record.requestId, structuredClone(record)),
    removeWaiting: async (id) => void waiting.delete(id),
    async putExposure(name, record, over) {
      const standing = exposures.get(name);
      if (standing !== undefined && !over(standing)) return structuredClone(standing);
      exposures.set(name, structuredClone(record));
      return undefined;
    },
    async putRefusal(code, hour, record, over = () => false) {
      const key = `${code}/${hour}`;
      const standing = refusals.get(key);
      if (standing !== undefined && !over(standing)) return 'exists';
      refusals.set(key, structuredClone(record));
      return 'stored';
    },
  };
}
