/** What a consumer must hold, or use, in a round: by ids that its health report tells. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { AfterRotationRecord } from '../../domain/events/control-records.ts';
import type { Expected, Round } from '../../domain/events/rollout.ts';
import { expectedInUse } from '../../domain/policy/expected-in-use.ts';
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
  if (round === 'publish') {
    const { publishedKid, versionId } = published;
    if (publishedKid === undefined) throw new NoAfterRotationError(secret.name, versionId);
    return {
      secretName: secret.name,
      versionIds: [versionId],
      key: { kid: publishedKid, state: 'published' },
      role: null,
    };
  }
  return expectedInUse(secret, inUse);
}
