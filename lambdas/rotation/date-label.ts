/**
 * The date label `rotated-20260517T170002Z`: when the material of a version became current.
 *
 * It follows the primary material, not the version:
 * 1. T carries a date label already       → it stays (a run of this step attached it)
 * 2. same material as AWSCURRENT          → that label moves to T, right after promotion: until then
 *                                           the age of AWSCURRENT must stay readable
 * 3. material that an older version names → that label moves to T before promotion (rollback)
 * 4. new material                         → a new label, before promotion
 * An older label stays on the last version of its generation: a generation is found again by its date.
 * Of several on one version the oldest counts, as for its age (domain/policy/age.ts).
 */
import {
  currentVersion,
  dateLabelsOf,
  formatDateLabel,
  parseDateLabel,
  previousVersion,
  type VersionIdsToStages,
} from '../../domain/policy/labels.ts';
import { AwsCallError } from '../../doors/aws-call.ts';
import { type Run, readVersionFor } from './run.ts';
import type { Material } from './strategy.ts';

/** Of the 20 labels a secret may carry: 3 are AWS's, 1 is the pin. */
const maximumDateLabels = 12;

/** One label to move; `from` absent: it is new. */
export interface DateLabelMove {
  label: string;
  from?: string;
  when: 'beforePromotion' | 'afterPromotion';
}

const dateOf = (versionId: string, stages: VersionIdsToStages): string | undefined =>
  dateLabelsOf(versionId, stages)[0];

export async function dateLabelMove<Value>(
  run: Run<Value>,
  pending: Material,
  current: Material | undefined,
): Promise<DateLabelMove | undefined> {
  const stages = run.description.versionIdsToStages;
  if (dateLabelsOf(run.token, stages).length > 0) {
    return undefined;
  }
  if (current !== undefined && isSameGeneration(pending, current)) {
    return carriedOver(run);
  }
  for (const versionId of Object.keys(stages)) {
    const label = dateOf(versionId, stages);
    if (label === undefined || versionId === currentVersion(stages)) {
      continue;
    }
    const value = await readVersionFor(run, 'emergency', versionId);
    if (value !== undefined && run.strategy.material(value).primary === pending.primary) {
      return { label, from: versionId, when: 'beforePromotion' };
    }
  }
  return { label: freeDateLabel(run), when: 'beforePromotion' };
}

/** A label is on one version only: a second generation within one second takes the next one. */
function freeDateLabel<Value>({ description, now }: Run<Value>): string {
  const taken = new Set(Object.values(description.versionIdsToStages).flat());
  for (let seconds = 0; ; seconds++) {
    const label = formatDateLabel(new Date(now.getTime() + seconds * 1_000));
    if (!taken.has(label)) {
      return label;
    }
  }
}

/**
 * A plain value has no kid until its first rotation, which adopts its key and only publishes another:
 * the material in use is the same.
 */
function isSameGeneration(pending: Material, current: Material): boolean {
  return (
    pending.primary === current.primary ||
    (current.primary === undefined && pending.published !== undefined)
  );
}

/** After promotion, the label of what was AWSCURRENT is found on AWSPREVIOUS. T itself has none, or nobody asks. */
export function carriedOver<Value>(run: Run<Value>): DateLabelMove | undefined {
  const stages = run.description.versionIdsToStages;
  for (const holder of [currentVersion(stages), previousVersion(stages)]) {
    const label = holder && dateOf(holder, stages);
    if (label) {
      return { label, from: holder, when: 'afterPromotion' };
    }
  }
  return undefined;
}

export async function attachDateLabel<Value>(run: Run<Value>, move: DateLabelMove): Promise<void> {
  const { doors, environment, token } = run;
  if (move.from === undefined) {
    await makeRoom(run);
  }
  const moved = await doors.secretsManager.moveLabel({
    secretId: environment.SECRET_ARN,
    label: move.label,
    to: token,
    ...(move.from && { from: move.from }),
  });
  if (moved === 'heldElsewhere') {
    // Another run of this step moved it in the meantime; the label is on T or follows there.
    doors.log.info('dateLabelMovedAlready', { secret: environment.SECRET_NAME, label: move.label });
  }
}

/**
 * One date a version. finishSecret, repeated, may not be shown the label that its run before attached (all reads are
 * eventually consistent, API_ListSecrets), and attaches another one: the next one that is shown both takes the later
 * away. What is no date stays, for whoever looks after it.
 */
export async function leaveOldestDates<Value>(run: Run<Value>): Promise<void> {
  const { doors, environment, description, now, token } = run;
  const stages = description.versionIdsToStages;
  const { SECRET_ARN: secretId, SECRET_NAME: secret } = environment;
  try {
    for (const versionId of Object.keys(stages)) {
      const dates = dateLabelsOf(versionId, stages).filter(
        (label) => parseDateLabel(label, now).ok,
      );
      for (const label of dates.slice(1)) {
        await doors.secretsManager.moveLabel({ secretId, label, from: versionId });
      }
    }
  } catch (error) {
    if (!(error instanceof AwsCallError)) {
      throw error;
    }
    doors.log.error('dateLabelsLeft', { secret, token, awsCode: error.awsCode });
  }
}

/** The oldest date goes first; AWSCURRENT's and AWSPREVIOUS's never. */
async function makeRoom<Value>({ description, doors, environment }: Run<Value>): Promise<void> {
  const stages = description.versionIdsToStages;
  const kept = new Set([currentVersion(stages), previousVersion(stages)]);
  const dates = Object.keys(stages)
    .flatMap((versionId) => dateLabelsOf(versionId, stages).map((label) => ({ label, versionId })))
    .sort((a, b) => a.label.localeCompare(b.label));
  const surplus = dates.length - (maximumDateLabels - 1);
  const removable = dates.filter(({ versionId }) => !kept.has(versionId));
  for (const { label, versionId } of removable.slice(0, Math.max(0, surplus))) {
    await doors.secretsManager.moveLabel({
      secretId: environment.SECRET_ARN,
      label,
      from: versionId,
    });
  }
}
