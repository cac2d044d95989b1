/** What a consumer must hold, or use, in a round: by ids that its health report tells. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { AfterRotationRecord } from '../../domain/events/control-records.ts';
import type { Expected, Round } from '../../domain/events/rollout.ts';
import { NoAfterRotationError } from './errors.ts';

/**
 * @param published the version whose AfterRotation this is
 * @param inUse the version that uses the new material: its activation, where there is one
 */
export function expectedIn(
  round: Round,
  secret: RotatedManifestSecret,
  published: AfterRotationRecord,
  inUse: AfterRotationRecord,
): Expected {
  const isKeyset = secret.kind === 'jwt' || secret.kind === 'encryption';
  const expected = { secretName: secret.name, key: null, role: null };
  if (round === 'publish') {
    const { publishedKid, versionId } = published;
    if (publishedKid === undefined) throw new NoAfterRotationError(secret.name, versionId);
    return {
      ...expected,
      versionIds: [versionId],
      key: { kid: publishedKid, state: 'published' },
    };
  }
  const { versionId, primary } = inUse;
  return {
    ...expected,
    versionIds: [versionId],
    // Who reads one variable holds no keyset to tell of.
    ...(isKeyset &&
      secret.readers === 'keyset' &&
      primary !== undefined && { key: { kid: primary, state: 'primary' } }),
    // With one role, the role is what it was before: nothing is proven by it.
    ...(secret.kind === 'database' &&
      secret.scheme === 'multiUser' &&
      primary !== undefined && { role: roleOf(primary) }),
  };
}

/** `<role>:<fingerprint>`; a role's name may hold a colon, a fingerprint does not. */
const roleOf = (material: string): string => material.slice(0, material.lastIndexOf(':'));
