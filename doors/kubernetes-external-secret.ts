/**
 * An ExternalSecret: the External Secrets Operator copies what it names into a Secret of the cluster. It copies at
 * once when an annotation changes, and then notes which state of the object it has seen.
 * @see https://external-secrets.io/latest/introduction/faq/ "Can I manually trigger a secret refresh?"
 */
import * as z from 'zod';

export const forceSyncAnnotation = 'force-sync';

export interface ExternalSecretState {
  /** Of the last copy that succeeded; whole seconds, by the clock of the cluster. */
  refreshTime?: Date | undefined;
  /**
   * Which state of the object that copy was made of: generation, and a hash of labels and annotations. It differs
   * after every marker.
   */
  syncedVersion?: string | undefined;
  /** The last attempt succeeded. */
  ready: boolean;
  /** `SecretSynced`, `SecretSyncedError`, … */
  reason?: string | undefined;
  /** The last one asked for. */
  marker?: string | undefined;
}

const externalSecretSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }),
  status: z
    .object({
      refreshTime: z.string().nullish(),
      syncedResourceVersion: z.string().optional(),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), reason: z.string().optional() }))
        .default([]),
    })
    .prefault({}),
});

/** @throws ZodError */
export function parseExternalSecret(answer: unknown): ExternalSecretState {
  const { metadata, status } = externalSecretSchema.parse(answer);
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  return {
    refreshTime: instant(status.refreshTime),
    syncedVersion: status.syncedResourceVersion,
    ready: ready?.status === 'True',
    reason: ready?.reason,
    marker: metadata.annotations?.[forceSyncAnnotation],
  };
}

/** Times are the cluster's own words: one that is none says nothing. */
function instant(text: string | null | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * Has the operator copied since this marker was set? Times are no proof: they are whole seconds of another clock.
 * A failed attempt leaves both as they were and the operator goes on trying, so there is no "failed" here.
 *
 * @param before as it stood before the marker was set, kept by whoever asked, for a patch may be sent twice
 */
export const isSynced = (
  before: ExternalSecretState,
  now: ExternalSecretState,
  marker: string,
): boolean =>
  now.marker === marker &&
  now.ready &&
  now.syncedVersion !== undefined &&
  now.syncedVersion !== before.syncedVersion;
