/** Whose turn it is, of the secrets of this deployment. */
import type { Manifest } from '../../domain/config/manifest.ts';
import { currentVersion, dateLabelsOf } from '../../domain/policy/labels.ts';
import {
  announcementOf,
  type PlannedSecret,
  planTurns,
  type Schedule,
  type Turn,
} from '../../domain/policy/plan.ts';
import { mayRotate } from '../../domain/policy/remarks.ts';
import { scheduleOf } from '../../doors/secret-facts.ts';
import type { Judged } from './inventory.ts';

/** Those that nothing keeps from being rotated when their time comes. */
export const isScheduled = ({ verdict: { decision }, remarks }: Judged): boolean =>
  (decision === 'notDue' || decision === 'due' || decision === 'overdue') && mayRotate(remarks);

export function turnsOf(
  judged: readonly Judged[],
  manifest: Manifest,
  now: Date,
): ReadonlyMap<string, Turn> {
  const schedule = scheduleOf(manifest);
  const readers = new Map<string, string[]>();
  for (const { name, reads } of manifest.consumers) {
    for (const key of reads) readers.set(key, [...(readers.get(key) ?? []), name]);
  }
  return planTurns(
    judged.map((entry) => plannedSecret(entry, readers.get(entry.secret.key) ?? [], schedule, now)),
    schedule,
    now,
  );
}

function plannedSecret(
  entry: Judged,
  consumers: readonly string[],
  schedule: Schedule,
  now: Date,
): PlannedSecret {
  const { secret, facts, verdict } = entry;
  const { rotatedAt, rotateAt, limitAt } = verdict;
  const stages = facts.versionIdsToStages;
  const current = currentVersion(stages);
  return {
    name: secret.name,
    consumers,
    // An adoption is no rotation: nobody was restarted.
    rotatedAt: wasRotated(stages) ? rotatedAt : undefined,
    due:
      isScheduled(entry) && rotateAt !== undefined && limitAt !== undefined
        ? {
            rotateAt,
            limitAt,
            since: rotatedAt,
            announcedFor: announcementOf(
              facts.announced,
              { current, rotateAt, limitAt },
              schedule,
              now,
            ),
            gently:
              secret.origin === 'adopted' && verdict.decision === 'overdue' && !wasRotated(stages),
          }
        : undefined,
  };
}

const wasRotated = (stages: Judged['facts']['versionIdsToStages']): boolean =>
  Object.keys(stages).some((versionId) => dateLabelsOf(versionId, stages).length > 0);
