/** How much a sync target takes. */
import type { SyncTargetConfig } from './sync-schema.ts';

const kilobyte = 1024;

/** What the target is, as far as its limit depends on it. */
type Sized = { to: SyncTargetConfig['to']; tier?: 'Standard' | 'Advanced' };

/**
 * Bytes of UTF-8; undefined where nobody says how many.
 *
 *   ssm      4 KB in Standard, 8 KB in Advanced (API_PutParameter)
 *   github   48 KB (docs.github.com, "Using secrets in GitHub Actions")
 */
export function limitOf({ to, tier }: Sized): number | undefined {
  switch (to) {
    case 'ssm':
      return (tier === 'Advanced' ? 8 : 4) * kilobyte;
    case 'github':
      return 48 * kilobyte;
    case 'webhook':
      return undefined;
  }
}

/**
 * The smallest limit of the places that are given this secret's whole value, or all of its keys: both grow with every
 * rotation. Undefined where there is no such place.
 * @param secret its key in the configuration
 */
export function syncLimitBytes(
  sync: readonly SyncTargetConfig[],
  secret: string,
): number | undefined {
  const limits = sync
    .filter((target) => target.secret === secret)
    .filter(({ field }) => field === undefined || field === 'keyset')
    .map(limitOf)
    .filter((limit) => limit !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}
