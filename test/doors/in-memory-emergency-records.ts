/** The door to what is remembered of emergencies over Maps, with the same order. */
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

  function changed<Kept extends object>(
    map: Map<string, Kept>,
    sk: string,
    change: Change<Kept>,
  ): Kept | undefined {
    const record = change(structuredClone(map.get(sk)));
    if (record !== undefined) map.set(sk, structuredClone(record));
    return structuredClone(map.get(sk));
  }
  const below = <Kept>(map: Map<string, Kept>, id: string) =>
    [...map].filter(([sk]) => sk.startsWith(`${id}/`)).map(([, record]) => structuredClone(record));

  return {
    getEmergency: async (id) => structuredClone(heads.get(id)),
    getEmergencies: async (limit) =>
      [...heads]
        .sort(([a], [b]) => (a < b ? 1 : -1))
        .slice(0, limit)
        .map(([, head]) => structuredClone(head)),
    updateEmergency: async (id, change) => changed(heads, id, change),
    getStage: async (id, stage) => structuredClone(stages.get(`${id}/${stage}`)),
    getStages: async (id) => below(stages, id),
    updateStage: async (id, stage, change) => changed(stages, `${id}/${stage}`, change),
    getSecret: async (id, key) => structuredClone(secrets.get(`${id}/${key}`)),
    getSecrets: async (id) => below(secrets, id),
    updateSecret: async (id, key, change) => changed(secrets, `${id}/${key}`, change),
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
