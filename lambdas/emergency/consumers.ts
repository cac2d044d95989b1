/**
 * Consumers of an emergency: which of them are told to stop or start, through the rollout function, which keeps what
 * they ran with; and which may not start yet.
 */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { Evidence } from '../../domain/events/control-records.ts';
import type { EmergencyRecord, EmergencySecretRecord } from '../../domain/events/emergency.ts';
import {
  type ConsumersStopped,
  consumersStoppedSchema,
  type StopConsumers,
} from '../../domain/events/rollout.ts';
import { needsMaintenance, rowsFollow } from '../../domain/policy/emergency-by-hand.ts';
import { currentVersion, pendingVersion } from '../../domain/policy/labels.ts';
import { stands } from './claims.ts';
import type { EmergencyDoors } from './doors.ts';

import { evidenceOf } from './stages.ts';

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

type Doors = Pick<
  EmergencyDoors,
  'controlTable' | 'records' | 'secretsManager' | 'stepFunctions' | 'clock'
>;
type Readers = Pick<Manifest, 'secrets' | 'consumers'>;

/** Who was told to stop and may not start yet. */
export interface NotYet {
  /** consumer → the secret whose rows it waits for: the re-encryption starts it, with what it ran with. */
  readonly waiting: ReadonlyMap<string, string>;
  /** consumer → what keeps it from being started now: looked at again. */
  readonly held: ReadonlyMap<string, string>;
}

/**
 * Readers of rows that are about to move, or move: started now they would meet rows they cannot open. The
 * re-encryption starts them when every row is verified.
 */
async function readersOfRows(
  { controlTable, secretsManager }: Doors,
  { secrets, consumers }: Readers,
  records: readonly EmergencySecretRecord[],
): Promise<NotYet> {
  const waiting = new Map<string, string>();
  const held = new Map<string, string>();
  for (const secret of secrets) {
    if (!needsMaintenance(secret) || !rowsFollow(secret)) continue;
    const readers = consumers.filter(({ reads }) => reads.includes(secret.key));
    const record = records.find(({ key }) => key === secret.key);
    if (record?.state === 'asked' && record.versionId !== undefined) {
      // Its execution may have died: the service goes on by itself, and changes the key.
      const { versionIdsToStages } = await secretsManager.describe(secret.name);
      if (pendingVersion(versionIdsToStages) === record.versionId) {
        for (const { name } of readers) held.set(name, `${secret.key} is about to change`);
        continue;
      }
    }
    if (!(await isMoving({ controlTable, secretsManager }, secret.name, record))) continue;
    for (const { name } of readers) if (!waiting.has(name)) waiting.set(name, secret.key);
  }
  return { waiting, held };
}

async function isMoving(
  { controlTable, secretsManager }: Pick<Doors, 'controlTable' | 'secretsManager'>,
  name: string,
  record: EmergencySecretRecord | undefined,
): Promise<boolean> {
  const version = record?.versionId;
  const isPromoted =
    record?.promotedAt !== undefined ||
    (record?.state === 'asked' &&
      currentVersion((await secretsManager.describe(name)).versionIdsToStages) === version);
  if (isPromoted) {
    const job = await controlTable.getReencryption(name);
    return !(job?.state === 'verified' && job.versionId === version);
  }
  // A maintenance that was under way before: that one starts them.
  return (await controlTable.getConsumers(name))?.stopped === true;
}

/**
 * Two emergencies of different secrets may share a consumer, and what it ran with is remembered once. Whoever starts it
 * while the other one still changes its secrets would have it run with what is about to be refused, and the other one
 * would find it started: so the last one starts it.
 */
async function heldByOthers(doors: Doors, id: string): Promise<ReadonlyMap<string, string>> {
  const held = new Map<string, string>();
  for (const claim of await doors.records.getClaims()) {
    if (claim.id === id || !(await stands(doors, claim))) continue;
    const other = await doors.records.getEmergency(claim.id);
    const stop = await doors.records.getStage(claim.id, 'stop');
    const hasStopped = stop !== undefined && stop.state !== 'skipped';
    const starts = (await doors.records.getStage(claim.id, 'start')) !== undefined;
    if (other === undefined || !hasStopped || starts) continue;
    for (const name of other.consumers.stop) {
      held.set(name, `emergency ${claim.id} has stopped it, too, and is not done with its secrets`);
    }
  }
  return held;
}

/** Who was told to stop, less those that may not start yet. */
export async function toStart(
  doors: Doors,
  manifest: Manifest,
  { id, consumers }: EmergencyRecord,
): Promise<{ start: readonly string[] } & NotYet> {
  const rows = await readersOfRows(doors, manifest, await doors.records.getSecrets(id));
  const others = await heldByOthers(doors, id);
  const held = new Map(
    [...rows.held, ...others].filter(
      ([name]) => consumers.stop.includes(name) && !rows.waiting.has(name),
    ),
  );
  const start = consumers.stop.filter((name) => !rows.waiting.has(name) && !held.has(name));
  return { start, waiting: rows.waiting, held };
}

export const waitsFacts = (
  { consumers: { stop } }: Pick<EmergencyRecord, 'consumers'>,
  { waiting, held }: NotYet,
): Evidence[] => [
  ...stop
    .filter((name) => waiting.has(name))
    .map((consumer) => evidenceOf('consumerWaits', { consumer, rowsOf: waiting.get(consumer) })),
  ...[...held].map(([consumer, detail]) => evidenceOf('consumerStarting', { consumer, detail })),
];
