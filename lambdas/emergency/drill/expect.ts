/**
 * How long a real emergency is expected to take: from how long rotations of these secrets took, where there were some;
 * else from the bounds of the machine.
 */
import type { Manifest } from '../../../domain/config/manifest.ts';
import type { Intent } from '../../../domain/events/control-records.ts';
import type { EmergencyRecord } from '../../../domain/events/emergency.ts';
import type { EmergencyDoors } from '../doors.ts';
import { keysOf, secretOf } from '../secrets.ts';
import { drainMinutes } from '../tasks/stop.ts';

/** Looks between two states, and the proof of the old credential. */
const proofSeconds = 30;
/**
 * An emergency lets nobody log in with what leaked until logins that had begun are over (`authentication_timeout`, a minute
 * by default); other rotations do not wait for that.
 */
const loginsSeconds = 60;
/** Of a secret that was never rotated: until it would be given up. */
const rotationSeconds = 600;
/** Consumers of a deployment that nothing is known of. */
const afterSeconds = 1800;

export interface Expected {
  readonly deadWithinSeconds: number;
  readonly overWithinSeconds: number;
}

export async function expectedTimes(
  { controlTable }: Pick<EmergencyDoors, 'controlTable'>,
  manifest: Manifest,
  record: EmergencyRecord,
): Promise<Expected> {
  const stopSeconds = record.consumers.stop.length === 0 ? 0 : drainMinutes * 60;
  let dead = 0;
  let over = 0;
  for (const key of keysOf(record)) {
    const secret = secretOf(manifest, key);
    if (secret.kind === 'userManaged') continue;
    const last = await lastOf(controlTable, secret.name);
    const waits = secret.kind === 'database' && last.intent !== 'emergency' ? loginsSeconds : 0;
    const took = { ...last, rotation: last.rotation + waits };
    const isExposed = record.exposed.includes(key);
    if (isExposed) dead = Math.max(dead, took.rotation + proofSeconds);
    over = Math.max(over, took.rotation + proofSeconds + took.after);
  }
  return {
    deadWithinSeconds: Math.round(stopSeconds + dead),
    overWithinSeconds: Math.round(stopSeconds + dead + over),
  };
}

async function lastOf(
  controlTable: EmergencyDoors['controlTable'],
  name: string,
): Promise<{ rotation: number; after: number; intent?: Intent }> {
  const afters = await controlTable.getAfterRotations(name);
  const [last] = afters
    .filter(({ state }) => state === 'finished')
    .toSorted((a, b) => b.at.localeCompare(a.at));
  const steps = last && (await controlTable.getRotation(name, last.versionId))?.steps;
  const { createSecret, finishSecret } = steps ?? {};
  if (last === undefined || createSecret === undefined || finishSecret === undefined) {
    return { rotation: rotationSeconds, after: afterSeconds };
  }
  const end = Date.parse(finishSecret.at) + finishSecret.milliseconds;
  return {
    intent: last.intent,
    rotation: (end - Date.parse(createSecret.at)) / 1000,
    after: Math.max(0, (Date.parse(last.at) - end) / 1000),
  };
}
