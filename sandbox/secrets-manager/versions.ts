/** Rules about versions and their staging labels: one version per label, deprecation, limits. */
import { limitExceeded } from './errors.ts';
import type { SecretState, SecretVersion } from './secret.ts';

export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
export const PREVIOUS = 'AWSPREVIOUS';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
export const MAXIMUM_VERSIONS = 100;
export const MAXIMUM_LABELS = 20;
const KEPT_MILLISECONDS = 24 * 3_600_000;

export function labelled(state: SecretState, label: string): SecretVersion | undefined {
  for (const version of state.versions.values()) {
    if (version.labels.has(label)) {
      return version;
    }
  }
  return undefined;
}

/**
 * Is a rotation under way, as RotateSecret sees it? AWSPENDING absent, or on the version that is
 * AWSCURRENT, means no (RotateSecret, API reference).
 */
export function pendingElsewhere(state: SecretState): SecretVersion | undefined {
  const pending = labelled(state, PENDING);
  return pending === undefined || pending.labels.has(CURRENT) ? undefined : pending;
}

/** Adds a version without value and label. @throws LimitExceededException */
export function addVersion(state: SecretState, versionId: string, now: Date): SecretVersion {
  if (state.versions.size >= MAXIMUM_VERSIONS) {
    dropDeprecated(state, now);
  }
  if (state.versions.size >= MAXIMUM_VERSIONS) {
    throw limitExceeded(
      `You can't have more than ${MAXIMUM_VERSIONS} versions of a secret, and versions created in the last 24 hours are not removed.`,
    );
  }
  const version: SecretVersion = { versionId, created: now, labels: new Set() };
  state.versions.set(versionId, version);
  return version;
}

/**
 * Puts a label on a version, taking it from where it was. AWSPREVIOUS follows AWSCURRENT: it goes to the
 * version that lost it.
 */
export function moveLabel(state: SecretState, label: string, to: SecretVersion): void {
  const from = labelled(state, label);
  if (from === to) {
    return;
  }
  if (from !== undefined) {
    removeLabel(state, label, from);
  }
  to.labels.add(label);
  if (label === CURRENT && from !== undefined) {
    moveLabel(state, PREVIOUS, from);
  }
}

/**
 * Of a secret as a request leaves it: on the way, while a label has come and another not gone yet, there may be more.
 * @throws LimitExceededException above 20 labels
 */
export function assertFewLabels(state: SecretState): void {
  const count = [...state.versions.values()].reduce((sum, other) => sum + other.labels.size, 0);
  if (count > MAXIMUM_LABELS) {
    throw limitExceeded(
      `You can't have more than ${MAXIMUM_LABELS} staging labels on the versions of a secret.`,
    );
  }
}

/** A version whose last label leaves is deprecated; one that never had a value is gone. */
export function removeLabel(state: SecretState, label: string, from: SecretVersion): void {
  from.labels.delete(label);
  if (from.labels.size === 0 && from.value === undefined) {
    state.versions.delete(from.versionId);
  }
}

/** "Secrets Manager doesn't remove versions created less than 24 hours ago": oldest first. */
function dropDeprecated(state: SecretState, now: Date): void {
  const candidates = [...state.versions.values()]
    .filter((version) => version.labels.size === 0)
    .filter((version) => now.getTime() - version.created.getTime() >= KEPT_MILLISECONDS)
    .sort((a, b) => a.created.getTime() - b.created.getTime());
  for (const version of candidates) {
    if (state.versions.size < MAXIMUM_VERSIONS) {
      return;
    }
    state.versions.delete(version.versionId);
  }
}
