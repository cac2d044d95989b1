/** The control table's door over a Map, with the same conditions on every write. */
import type {
  AdoptionRecord,
  AfterRotationRecord,
  CompromisedRecord,
  ConsumersRecord,
  HoldRecord,
  IntentRecord,
  LeaseRecord,
  NoticeRecord,
  OverdueRecord,
  ReencryptionRecord,
  RotationRecord,
  ToldRecord,
  ZeroProof,
} from '../../domain/events/control-records.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import { inMemoryCertificateRecords } from './in-memory-certificate-records.ts';

export function inMemoryControlTable(): ControlTableDoor {
  const intents = new Map<string, IntentRecord>();
  const rotations = new Map<string, RotationRecord>();
  const afters = new Map<string, AfterRotationRecord>();
  const leases = new Map<string, LeaseRecord>();
  const holds = new Map<string, HoldRecord>();
  const notices = new Map<string, NoticeRecord>();
  const overdue = new Map<string, OverdueRecord>();
  const adoptions = new Map<string, AdoptionRecord>();
  const compromised = new Map<string, CompromisedRecord>();
  const reminders = new Map<string, OverdueRecord>();
  const reencryptions = new Map<string, ReencryptionRecord>();
  const consumers = new Map<string, ConsumersRecord>();
  const told = new Map<string, ToldRecord>();
  const zeros = new Map<string, ZeroProof>();
  const key = (...parts: string[]) => parts.join('/');

  function putOnce<Content>(map: Map<string, Content>, at: string, record: Content) {
    if (map.has(at)) return 'exists' as const;
    map.set(at, structuredClone(record));
    return 'stored' as const;
  }

  const recordsOf = <Content>(map: Map<string, Content>, name: string): Content[] =>
    [...map].flatMap(([at, record]) => (at.startsWith(`${name}/`) ? [record] : []));

  async function replace<Content>(
    map: Map<string, Content>,
    name: string,
    record: Content,
    over: (standing: Content) => boolean,
  ): Promise<Content | undefined> {
    const standing = map.get(name);
    if (standing !== undefined && !over(standing)) return structuredClone(standing);
    map.set(name, structuredClone(record));
    return undefined;
  }

  return {
    ...inMemoryCertificateRecords(),
    getIntent: async (name, token) => structuredClone(intents.get(key(name, token))),
    putIntent: async (name, record) => putOnce(intents, key(name, record.token), record),
    getRotation: async (name, token) => structuredClone(rotations.get(key(name, token))),
    getRotations: async (name) => structuredClone(recordsOf(rotations, name)),
    async fixRotation(name, record) {
      putOnce(rotations, key(name, record.token), record);
      return structuredClone(rotations.get(key(name, record.token)) ?? record);
    },
    async updateRotation(name, token, change) {
      const found = rotations.get(key(name, token));
      if (found === undefined) return undefined;
      const changed = change(structuredClone(found));
      rotations.set(key(name, token), structuredClone(changed));
      return changed;
    },
    getAfterRotation: async (name, versionId) => structuredClone(afters.get(key(name, versionId))),
    getAfterRotations: async (name) => structuredClone(recordsOf(afters, name)),
    putAfterRotation: async (name, record) => putOnce(afters, key(name, record.versionId), record),
    async moveAfterRotation(name, from, record) {
      const found = afters.get(key(name, record.versionId));
      if (found === undefined || !from.includes(found.state)) return false;
      afters.set(key(name, record.versionId), structuredClone(record));
      return true;
    },
    removeAfterRotation: async (name, versionId) => void afters.delete(key(name, versionId)),
    everPromoted: async (name) =>
      [...afters].some(([at, { state }]) => at.startsWith(`${name}/`) && state !== 'due'),
    getLease: async (name) => structuredClone(leases.get(name)),
    putLease: (name, record, over = () => true) => replace(leases, name, record, over),
    getNotice: async (name) => structuredClone(notices.get(name)),
    putNotice: (name, record, over) => replace(notices, name, record, over),
    putOverdue: (name, record, over) => replace(overdue, name, record, over),
    putReminder: (name, record, over) => replace(reminders, name, record, over),
    getCompromised: async (name) =>
      new Set(
        [...compromised]
          .filter(([at]) => at.startsWith(`${name}/`))
          .map(([, { material }]) => material),
      ),
    putCompromised: async (name, record) =>
      void putOnce(compromised, key(name, record.material), record),
    getHold: async (name) => structuredClone(holds.get(name)),
    getAdoption: async (name) => structuredClone(adoptions.get(name)),
    putAdoption: async (name, record) => putOnce(adoptions, name, record),
    putHold: async (name, record) => void holds.set(name, structuredClone(record)),
    endHold: (name, looked, ended) =>
      replace(holds, name, ended, ({ at, until }) => at === looked.at && until === looked.until),
    getTold: async (name, fact, versionId) => structuredClone(told.get(key(name, fact, versionId))),
    putTold: async (name, record) =>
      putOnce(told, key(name, record.fact, record.versionId), record),
    getReencryption: async (name) => structuredClone(reencryptions.get(name)),
    async updateReencryption(name, change) {
      const changed = change(structuredClone(reencryptions.get(name)));
      if (changed !== undefined) reencryptions.set(name, structuredClone(changed));
      return structuredClone(reencryptions.get(name));
    },
    getConsumers: async (name) => structuredClone(consumers.get(name)),
    putConsumers: async (name, record) => void consumers.set(name, structuredClone(record)),
    getZeroProofs: async (name) =>
      new Map(
        [...zeros]
          .filter(([at]) => at.startsWith(`${name}/`))
          .map(([, proof]) => [proof.kid, structuredClone(proof)]),
      ),
    putZeroProof: async (name, record) =>
      void zeros.set(key(name, record.kid), structuredClone(record)),
  };
}
