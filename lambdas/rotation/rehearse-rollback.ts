/**
 * What a rollback would do, without doing it: the value to go back to is read, the one that would follow is made
 * in memory and thrown away. Nothing is stored, no label moves, nothing is set in a target.
 *
 * Whoever asks may not read values, and must not find out from a rotation that fails while production waits. So
 * every refusal of createSecret is met here, by the same code.
 */
import type { RotationRecord } from '../../domain/events/control-records.ts';
import type { Finding } from '../../domain/events/operator-requests.ts';
import type { RollbackRehearsal } from '../../domain/events/rollback-rehearsal.ts';
import { newestFirst } from '../../domain/policy/generations.ts';
import {
  currentVersion,
  dateLabelsOf,
  previousVersion,
  rotationInProgress,
} from '../../domain/policy/labels.ts';
import { preflight } from '../../domain/policy/preflight.ts';
import { MaterialInUseError, NothingToRestoreError } from './errors.ts';
import { attempt, blocks, noToken } from './rehearsing.ts';
import { type Room, type Run, rotationOf } from './run.ts';
import { valueToRestore, versionsToBuildOn } from './steps/create-secret.ts';
import type { Material, Rotation, Versions } from './strategy.ts';
import { sizeOf } from './value-size.ts';

/** Each is read, and for some kinds the target is asked. */
const mostNeighbours = 5;

/** @param asked absent: AWSPREVIOUS */
export async function rehearseRollback<Value>(
  room: Room<Value>,
  asked: string | undefined,
  functionArn: string,
): Promise<RollbackRehearsal> {
  const { SECRET_ARN, SECRET_NAME } = room.environment;
  const description = await room.doors.secretsManager.describe(SECRET_ARN);
  const stages = description.versionIdsToStages;
  const now = room.doors.clock.now();
  const run: Run<Value> = { ...room, token: noToken, description, now, evidence: [] };
  const currentId = currentVersion(stages);
  const restoreId = asked ?? previousVersion(stages);
  const inProgress = rotationInProgress(stages);

  const findings = await leased(run);
  const rotation = await rotationOf(run, recordOf(run, restoreId));
  const versions = await attempt(findings, () => versionsToBuildOn(run, 'rollback', rotation));
  const tried =
    versions && (await attempt(findings, () => restored(run, restoreId, versions, rotation)));
  const nearest =
    versions === undefined || tried !== undefined
      ? undefined
      : await nearestThatWorks(run, restoreId, versions, rotation);
  const current = versions?.current && materialOf(run, versions.current);

  run.doors.log.info('rollbackRehearsed', {
    secret: SECRET_NAME,
    restore: restoreId,
    findings: findings.map(({ code }) => code),
  });
  return {
    secretArn: SECRET_ARN,
    functionArn,
    ...(currentId && { current: { versionId: currentId, ...current } }),
    ...(restoreId && {
      restore: { versionId: restoreId, ...(tried?.primary && { primary: tried.primary }) },
    }),
    ...(tried && { next: tried.next }),
    ...(inProgress && { inProgress }),
    ...(nearest && { nearest }),
    findings,
  };
}

/** A rotation in progress gives way to a rollback; a lease does not. */
async function leased<Value>({ doors, environment, description, now }: Run<Value>) {
  const refusal = preflight({
    intent: 'rollback',
    armed: true,
    describe: { ...description, versionIdsToStages: {} },
    lease: await doors.controlTable.getLease(environment.SECRET_NAME),
    now,
  });
  return refusal === undefined ? [] : [blocks(refusal.code, refusal.message)];
}

function recordOf<Value>(run: Run<Value>, restoreVersionId: string | undefined): RotationRecord {
  return {
    token: noToken,
    intent: 'rollback',
    basedOn: currentVersion(run.description.versionIdsToStages) ?? null,
    ...(restoreVersionId && { restoreVersionId }),
    provenance: { intent: 'rollback', token: noToken, attributed: false },
    at: run.now.toISOString(),
    steps: {},
    evidence: [],
  };
}

interface Restored {
  /** Material of the value to go back to; a plain value names none. */
  primary: string | undefined;
  next: NonNullable<RollbackRehearsal['next']>;
}

/** @throws whatever createSecret of the rollback would throw */
async function restored<Value>(
  run: Run<Value>,
  versionId: string | undefined,
  versions: Versions<Value>,
  rotation: Rotation<Value>,
): Promise<Restored> {
  const { strategy, environment } = run;
  const record = recordOf(run, versionId);
  const restore = await valueToRestore(run, record, rotation);
  if (restore === undefined) {
    throw new NothingToRestoreError(environment.SECRET_NAME, versionId);
  }
  const value = await strategy.createSecret(versions, { ...rotation, restore });
  const { tooLarge } = sizeOf(run, 'rollback', value);
  if (tooLarge !== undefined) throw tooLarge;
  const { primary, published } = strategy.material(value);
  const current = versions.current && strategy.material(versions.current);
  const withdrawn = published === undefined ? current?.published : undefined;
  if (primary !== undefined && primary === current?.primary && withdrawn === undefined) {
    throw new MaterialInUseError(primary);
  }
  return {
    primary: strategy.material(restore).primary,
    next: { ...(primary && { primary }), ...(withdrawn && { withdrawn }) },
  };
}

function materialOf<Value>(run: Run<Value>, value: Value): Pick<Material, 'primary' | 'published'> {
  const { primary, published } = run.strategy.material(value);
  return { ...(primary && { primary }), ...(published && { published }) };
}

/** Of the other labelled versions, the newest generation first. */
async function nearestThatWorks<Value>(
  run: Run<Value>,
  refused: string | undefined,
  versions: Versions<Value>,
  rotation: Rotation<Value>,
): Promise<string | undefined> {
  const stages = run.description.versionIdsToStages;
  const others = newestFirst(stages)
    .map(([id]) => id)
    .filter((id) => id !== refused && id !== currentVersion(stages))
    .filter((id) => dateLabelsOf(id, stages).length > 0 || id === previousVersion(stages));
  for (const id of others.slice(0, mostNeighbours)) {
    const met: Finding[] = [];
    const found = await attempt(met, () => restored(run, id, versions, rotation));
    if (found !== undefined) {
      return id;
    }
  }
  return undefined;
}
