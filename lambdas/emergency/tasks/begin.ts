/**
 * Takes the input, and puts the emergency on record. What it refuses, it refuses before anything is written.
 *
 * 1. { restore: id }: an execution died, its consumers are started
 * 2. { lift: id }: what was denied to suspects is no longer
 * 3. an id that is on record: this execution goes on with it, as it was begun
 * 4. anything else: a new emergency. Its id is the execution's, so that a task that is run again makes the same
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Manifest } from '../../../domain/config/manifest.ts';
import {
  type EmergencyInput,
  type EmergencyRecord,
  type EmergencySecretRecord,
  emergencyIdSchema,
  emergencyInputSchema,
} from '../../../domain/events/emergency.ts';
import { readAs } from '../../../domain/events/read-as.ts';
import { needsMaintenance, rowsFollow } from '../../../domain/policy/emergency-by-hand.ts';
import { emergencyConsumers } from '../../../domain/policy/emergency-consumers.ts';
import { claimSecrets } from '../claims.ts';
import type { EmergencyDoors } from '../doors.ts';
import {
  ConsumersMustStopError,
  EmergencyMismatchError,
  EmergencyRunningError,
  InvalidEmergencyInputError,
  RefusedSuspectsError,
  UnattendedLimitsError,
  UnknownSecretsError,
} from '../errors.ts';
import type { Progress } from '../progress.ts';
import { emergencyOf, keysOf, secretOf } from '../secrets.ts';

const givenSchema = z.object({ input: z.unknown(), startedAt: z.iso.datetime() });
const restoreSchema = z.strictObject({ restore: emergencyIdSchema });
const liftSchema = z.strictObject({ lift: emergencyIdSchema });

export type Begun = Progress & { form: 'emergency' | 'restore' | 'lift' };

export async function begin(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<Begun> {
  const { input: raw, startedAt } = givenSchema.parse(given);
  const input = parseInput(raw);
  if ('restore' in input || 'lift' in input) {
    const id = 'restore' in input ? input.restore : input.lift;
    const { drill } = await emergencyOf(doors, id);
    return { form: 'restore' in input ? 'restore' : 'lift', id, drill };
  }
  const id = input.id ?? idOf(execution, startedAt);
  const standing = await doors.records.getEmergency(id);
  const record =
    standing === undefined
      ? await newRecord(doors, execution, id, input)
      : await goesOn(doors, execution, standing, input);
  await claimSecrets(doors, record);
  if (standing !== undefined && standing.execution !== execution) {
    await reopenStages(doors, standing);
  }
  await doors.records.updateEmergency(id, (found) => {
    // The end of the execution before is not this one's.
    const { endedAt: _at, ended: _ended, ...rest } = found ?? record;
    return { ...rest, execution, state: 'running' };
  });
  await putSecrets(doors, record);
  doors.log.info('emergency', { emergency: id, execution, drill: record.drill });
  return { form: 'emergency', id, drill: record.drill };
}

function parseInput(
  raw: unknown,
): EmergencyInput | z.infer<typeof restoreSchema> | z.infer<typeof liftSchema> {
  const members = Object.keys((raw ?? {}) as object);
  const schema = members.includes('restore')
    ? restoreSchema
    : members.includes('lift')
      ? liftSchema
      : emergencyInputSchema;
  const parsed = readAs(schema, raw);
  if (parsed.success) return parsed.data;
  // All of them: who has written "secret" sees that, and that "secrets" is missing.
  const at = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => `${name} (not known)`)
      : [issue.path.join('.')],
  );
  throw new InvalidEmergencyInputError(at.join(', '));
}

/** `20261123t101500z-9f2c41aa07be63d1`: when it began, and which execution began it. */
export function idOf(execution: string, startedAt: string): string {
  const at = startedAt.slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  return `${at}z-${createHash('sha256').update(execution).digest('hex').slice(0, 16)}`;
}

/** @throws EmergencyRunningError, EmergencyMismatchError */
async function goesOn(
  { stepFunctions }: EmergencyDoors,
  execution: string,
  standing: EmergencyRecord,
  input: EmergencyInput,
): Promise<EmergencyRecord> {
  const { id, drill, state } = standing;
  if (drill !== input.drill) {
    throw new EmergencyMismatchError(id, drill ? 'is a drill' : 'is no drill');
  }
  // Left out silently, what is asked for in addition would stay as it is, and whoever asked would think otherwise.
  const more = [
    ...(input.secrets === 'all' ? [] : input.secrets).filter(
      (key) => !keysOf(standing).includes(key),
    ),
    ...input.suspects.filter((arn) => !standing.suspects.includes(arn)),
  ];
  if (more.length > 0) throw new EmergencyMismatchError(id, `is not about ${more.join(', ')}`);
  const isTakenOver =
    state === 'running' &&
    standing.execution !== execution &&
    (await stepFunctions.isRunning(standing.execution));
  if (isTakenOver) throw new EmergencyRunningError(id, standing.execution);
  return standing;
}

async function newRecord(
  doors: EmergencyDoors,
  execution: string,
  id: string,
  input: EmergencyInput,
): Promise<EmergencyRecord> {
  const manifest = await doors.manifest();
  const all = manifest.secrets.map(({ key }) => key);
  const exposed = input.secrets === 'all' ? all : [...new Set(input.secrets)];
  const unknown = exposed.filter((key) => !all.includes(key));
  if (unknown.length > 0) throw new UnknownSecretsError(unknown, all);
  const others = input.others ? all.filter((key) => !exposed.includes(key)) : [];
  assertLimits(input);
  assertSuspects(manifest, doors, input.suspects);
  const keys = [...exposed, ...others];
  if (input.keepRunning && !input.drill && !input.unattended) {
    await assertNobodyMustStop(doors, manifest, keys);
  }
  const keepRunning = input.keepRunning || input.unattended;
  const { stop, restart, alone } = emergencyConsumers(manifest.consumers, keys, {
    stops:
      !keepRunning && manifest.rollout !== undefined && manifest.emergency?.stopConsumers !== false,
  });
  return {
    id,
    exposed,
    others,
    reason: input.reason,
    ...(input.exposedSince !== undefined && { exposedSince: input.exposedSince }),
    suspects: [...new Set(input.suspects)],
    keepRunning,
    drill: input.drill,
    unattended: input.unattended,
    requestedBy: input.requestedBy,
    execution,
    state: 'running',
    startedAt: doors.clock.now().toISOString(),
    consumers: { stop: [...stop], restart: [...restart], alone: [...alone] },
  };
}

/** @throws UnattendedLimitsError */
function assertLimits({ unattended, others, suspects, secrets, drill }: EmergencyInput): void {
  if (!unattended || drill) return;
  const beyond = [
    ...(others ? ['others'] : []),
    ...(suspects.length > 0 ? ['suspects'] : []),
    ...(secrets === 'all' ? ['all secrets'] : []),
  ];
  if (beyond.length > 0) throw new UnattendedLimitsError(beyond.join(', '));
}

/** @throws RefusedSuspectsError */
function assertSuspects(
  { emergency }: Manifest,
  { roles }: Pick<EmergencyDoors, 'roles'>,
  suspects: readonly string[],
): void {
  const allowed = emergency?.suspects ?? [];
  const unlisted = suspects.filter((arn) => !allowed.includes(arn));
  if (unlisted.length > 0) {
    throw new RefusedSuspectsError(
      unlisted,
      allowed.length === 0
        ? 'none: the configuration names nobody (emergency.contain.principals)'
        : `some of ${allowed.join(', ')}, as emergency.contain.principals has them`,
    );
  }
  // Denied to itself, an emergency could neither rotate nor take the denial back.
  const own = suspects.filter((arn) => Object.values(roles).includes(arn) || isOfOwnStack(arn));
  if (own.length > 0) throw new RefusedSuspectsError(own, 'no role of a deployment of Quarterturn');
}

/** CloudFormation names a role after its stack (`stackName` in domain/config/names.ts). */
const isOfOwnStack = (arn: string): boolean => /:role\/(.*\/)?Quarterturn-[^/]*$/.test(arn);

/** @throws ConsumersMustStopError */
async function assertNobodyMustStop(
  { controlTable }: Pick<EmergencyDoors, 'controlTable'>,
  manifest: Manifest,
  keys: readonly string[],
): Promise<void> {
  const found: string[] = [];
  for (const key of keys) {
    const secret = secretOf(manifest, key);
    if (!needsMaintenance(secret) || !rowsFollow(secret)) continue;
    if (!manifest.consumers.some(({ reads }) => reads.includes(key))) continue;
    if ((await controlTable.getConsumers(secret.name))?.stopped !== true) found.push(key);
  }
  if (found.length > 0) throw new ConsumersMustStopError(found);
}

/**
 * What an execution does anew that goes on with one that did not come to its end: report and news, because they tell
 * how it ends; and of a key that did not change while its readers were stopped, stop and start: they may have been
 * started again meanwhile (tasks/restore.ts). Readers of any other secret are restarted by what follows its rotation.
 */
async function reopenStages(
  { records, manifest, clock }: EmergencyDoors,
  { id, state }: EmergencyRecord,
): Promise<void> {
  if (state === 'closed') return;
  const { secrets } = await manifest();
  const isLeft = (await records.getSecrets(id)).some(({ key, state: came }) => {
    const secret = secrets.find((one) => one.key === key);
    return secret !== undefined && needsMaintenance(secret) && unchanged.has(came);
  });
  const anew = [...(isLeft ? (['stop', 'start'] as const) : []), 'report', 'tell'] as const;
  for (const stage of anew) {
    await records.updateStage(id, stage, (standing) =>
      standing?.state === 'done'
        ? { id, stage, state: 'running', startedAt: clock.now().toISOString(), evidence: [] }
        : undefined,
    );
  }
}

const unchanged: ReadonlySet<EmergencySecretRecord['state']> = new Set([
  'waiting',
  'asked',
  'failed',
]);

async function putSecrets(
  { records, manifest }: EmergencyDoors,
  record: EmergencyRecord,
): Promise<void> {
  const deployed = await manifest();
  await Promise.all(
    keysOf(record).map((key) => {
      const { name, kind } = secretOf(deployed, key);
      return records.updateSecret(record.id, key, (standing) =>
        standing === undefined
          ? {
              id: record.id,
              key,
              name,
              kind,
              exposed: record.exposed.includes(key),
              state: 'waiting',
              attempts: 0,
              compromised: [],
              evidence: [],
            }
          : undefined,
      );
    }),
  );
}
