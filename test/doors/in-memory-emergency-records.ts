/** The door to what is remembered of emergencies over Maps, with the same conditions on every write. */
import type {
  DrilledRecord,
  EmergencyRecord,
  EmergencySecretRecord,
  StageRecord,
} from '../../domain/events/emergency.ts';
import type { Change, Claim, EmergencyRecordsDoor } from '../../doors/emergency-records.ts';

export function inMemoryEmergencyRecords(): EmergencyRecordsDoor {
  const heads = new Map<string, EmergencyRecord>();
  const stages = new Map<string, StageRecord>();
  const secrets = new Map<string, EmergencySecretRecord>();
  let claims: readonly Claim[] = [];
  let drilled: DrilledRecord | undefined;

  function update<Record extends object>(
    map: Map<string, Record>,
    key: string,
    change: Change<Record>,
  ): Record | undefined {
    const standing = structuredClone(map.get(key));
    const changed = change(standing);
    if (changed !== undefined) map.set(key, structuredClone(changed));
    return changed ?? standing;
  }
  const below = <Record>(map: Map<string, Record>, id: string): Record[] =>
    structuredClone([...map].filter(([key]) => key.startsWith(`${id}/`)).map(([, one]) => one));

  return {
    getEmergency: async (id) => structuredClone(heads.get(id)),
    getEmergencies: async (limit) =>
      structuredClone([...heads.values()].sort((a, b) => b.id.localeCompare(a.id)).slice(0, limit)),
    updateEmergency: async (id, change) => update(heads, id, change),
    getStage: async (id, stage) => structuredClone(stages.get(`${id}/${stage}`)),
    getStages: async (id) => below(stages, id),
    updateStage: async (id, stage, change) => update(stages, `${id}/${stage}`, change),
    getSecret: async (id, key) => structuredClone(secrets.get(`${id}/${key}`)),
    getSecrets: async (id) => below(secrets, id),
    updateSecret: async (id, key, change) => update(secrets, `${id}/${key}`, change),
    getClaims: async () => structuredClone(claims),
    async replaceClaims(looked, next) {
      if (JSON.stringify(claims) !== JSON.stringify(looked)) return false;
      claims = structuredClone(next);
      return true;
    },
    getDrilled: async () => structuredClone(drilled),
    async putDrilled(record) {
      drilled = structuredClone(record);
    },
  };
}
