/**
 * Staging labels of one secret, as DescribeSecret (`VersionIdsToStages`) and ListSecrets
 * (`SecretVersionsToStages`) give them. Versions without a label never appear in either map.
 */
export type VersionIdsToStages = Readonly<Record<string, readonly string[]>>;

/** The version that carries a label: Secrets Manager attaches a label to one version at most. */
export function versionWith(label: string, stages: VersionIdsToStages): string | undefined {
  return Object.entries(stages).find(([, labels]) => labels.includes(label))?.[0];
}

export function currentVersion(stages: VersionIdsToStages): string | undefined {
  return versionWith('AWSCURRENT', stages);
}

export function pendingVersion(stages: VersionIdsToStages): string | undefined {
  return versionWith('AWSPENDING', stages);
}

export function previousVersion(stages: VersionIdsToStages): string | undefined {
  return versionWith('AWSPREVIOUS', stages);
}

/**
 * The version of a rotation that the service has not closed. "If the AWSPENDING staging label is present
 * but not attached to the same version as AWSCURRENT, then any later invocation of RotateSecret assumes
 * that a previous rotation request is still in progress" (API_RotateSecret).
 */
export function rotationInProgress(stages: VersionIdsToStages): string | undefined {
  const pending = pendingVersion(stages);
  return pending === currentVersion(stages) ? undefined : pending;
}

const datePrefix = 'rotated-';
const dateLabel = /^rotated-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** The labels of a version that claim to be dates, well-formed or not; the oldest first, which is the one that counts. */
export function dateLabelsOf(versionId: string, stages: VersionIdsToStages): readonly string[] {
  return (stages[versionId] ?? []).filter((label) => label.startsWith(datePrefix)).toSorted();
}

/** `rotated-20260517T170002Z`: when the material of a version became current, to the second, in UTC. */
export function formatDateLabel(at: Date): string {
  return `${datePrefix}${at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')}`;
}

export type ParsedDate =
  | { readonly ok: true; readonly at: Date }
  | { readonly ok: false; readonly problem: string };

/** The clocks of two functions may differ by this much, in milliseconds; a label beyond it is wrong. */
export const clockSkew = 5 * 60_000;

/**
 * Reads a date label. A label that is no date, or lies in the future, is a problem to report: an invalid
 * `Date` compares false with everything, so a lenient reader would answer "not due" for ever.
 */
export function parseDateLabel(label: string, now: Date): ParsedDate {
  const fields = dateLabel.exec(label);
  if (fields === null) {
    return {
      ok: false,
      problem: `the label "${label}" is not of the form rotated-20260517T170002Z`,
    };
  }
  const [, year, month, day, hour, minute, second] = fields;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // 30 February and 24:00:00 roll over to another instant, so the way back must give the same label.
  if (Number.isNaN(at.getTime()) || formatDateLabel(at) !== label) {
    return { ok: false, problem: `the label "${label}" names an instant that does not exist` };
  }
  if (!(at.getTime() <= now.getTime() + clockSkew)) {
    return {
      ok: false,
      problem: `the label "${label}" lies in the future (now ${formatDateLabel(now)})`,
    };
  }
  return { ok: true, at };
}
