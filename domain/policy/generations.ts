/**
 * A version as a person names it: by its date label, by the day its material became current, by another label, or by
 * its id. Pure, over the labels DescribeSecret gives.
 */
import { dateLabelsOf, type VersionIdsToStages, versionWith } from './labels.ts';

export type NamedVersion =
  | { readonly versionId: string }
  /** Of that day, in order. */
  | { readonly ambiguous: readonly string[] }
  /** There is none; `labels` are the dates there are, newest first. */
  | { readonly labels: readonly string[] };

const dayPattern = /^\d{4}-\d\d-\d\d$/;
/** What a ClientRequestToken may be (API_RotateSecret): a version without a label is not among the labels. */
const idPattern = /^[A-Za-z0-9-]{32,64}$/;

/** Of every generation that is still there, newest first. */
export function dateLabels(stages: VersionIdsToStages): readonly string[] {
  return Object.keys(stages)
    .flatMap((versionId) => dateLabelsOf(versionId, stages))
    .sort((a, b) => b.localeCompare(a));
}

/** Versions with their labels, the newest generation first; what has no date, e.g. a pin alone, comes last. */
export function newestFirst(
  stages: VersionIdsToStages,
): readonly (readonly [versionId: string, labels: readonly string[]])[] {
  const dateOf = (versionId: string) => dateLabelsOf(versionId, stages)[0] ?? '';
  return Object.entries(stages).sort(([a], [b]) => dateOf(b).localeCompare(dateOf(a)));
}

/** @param name `rotated-20260517T170002Z`, `2026-05-17` (UTC), `AWSPREVIOUS`, or the id of a version */
export function versionNamed(name: string, stages: VersionIdsToStages): NamedVersion {
  const labelled = versionWith(name, stages);
  if (labelled !== undefined) {
    return { versionId: labelled };
  }
  const labels = dateLabels(stages);
  if (dayPattern.test(name)) {
    const ofDay = labels.filter((label) =>
      label.startsWith(`rotated-${name.replaceAll('-', '')}T`),
    );
    // Two dates of one version are one generation (lambdas/rotation/date-label.ts).
    const [only, ...others] = new Set(ofDay.map((label) => versionWith(label, stages) as string));
    if (only === undefined) return { labels };
    return others.length > 0 ? { ambiguous: ofDay.toReversed() } : { versionId: only };
  }
  return Object.hasOwn(stages, name) || idPattern.test(name) ? { versionId: name } : { labels };
}
