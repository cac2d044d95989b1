/**
 * Consumers of an emergency: which of them are told to stop or start, through the rollout function, which keeps what
 * they ran with; and which may not start yet.
 */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { EmergencyRecord, EmergencySecretRecord } from '../../domain/events/emergency.ts';
import {
  type ConsumersStopped,
  consumersStoppedSchema,
  type StopConsumers,
} from '../../domain/events/rollout.ts';
import type { EmergencyDoors } from './doors.ts';
import { needsMaintenance, rowsFollow } from './secrets.ts';

/** Of one call (stopConsumersSchema). */
const mostOfCall = 50;

export async function moveConsumers(
  { functions }: Pick<EmergencyDoors, 'functions'>,
  { rollout }: Pick<Manifest, 'rollout'>,
  operation: StopConsumers['operation'],
  consumers: readonly string[],
  by: string,
): Promise<ConsumersStopped> {
  const whole: ConsumersStopped = { done: true, consumers: [] };
  if (rollout === undefined) return whole;
  for (let first = 0; first < consumers.length; first += mostOfCall) {
    const request: StopConsumers = {
      operation,
      consumers: consumers.slice(first, first + mostOfCall),
      by,
    };
    const answer = consumersStoppedSchema.parse(await functions.invoke(rollout.function, request));
    whole.done &&= answer.done;
    whole.consumers.push(...answer.consumers);
  }
  return whole;
}

/**
 * Readers of rows that are about to move, or move: started now they would meet rows they cannot open. The
 * re-encryption starts them when every row is verified, with what they ran with.
 * @returns consumer → the secret whose rows it waits for
 */
export async function waitingForRows(
  { controlTable }: Pick<EmergencyDoors, 'controlTable'>,
  { secrets, consumers }: Pick<Manifest, 'secrets' | 'consumers'>,
  records: readonly EmergencySecretRecord[],
): Promise<ReadonlyMap<string, string>> {
  const waiting = new Map<string, string>();
  for (const secret of secrets) {
    if (!needsMaintenance(secret) || !rowsFollow(secret)) continue;
    const record = records.find(({ key }) => key === secret.key);
    const job = await controlTable.getReencryption(secret.name);
    const isVerified = job?.state === 'verified' && job.versionId === record?.versionId;
    const isMoving =
      record?.promotedAt !== undefined
        ? !isVerified
        : // A maintenance that was under way before: that one starts them.
          (await controlTable.getConsumers(secret.name))?.stopped === true;
    if (!isMoving) continue;
    for (const { name, reads } of consumers) {
      if (reads.includes(secret.key) && !waiting.has(name)) waiting.set(name, secret.key);
    }
  }
  return waiting;
}

/** Who was told to stop, less those that wait for rows. */
export async function toStart(
  doors: Pick<EmergencyDoors, 'controlTable' | 'records'>,
  manifest: Manifest,
  { id, consumers }: EmergencyRecord,
): Promise<{ start: readonly string[]; waiting: ReadonlyMap<string, string> }> {
  const waiting = await waitingForRows(doors, manifest, await doors.records.getSecrets(id));
  return { start: consumers.stop.filter((name) => !waiting.has(name)), waiting };
}
