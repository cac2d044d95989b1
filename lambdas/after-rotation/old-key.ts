/**
 * What became of the key that was replaced, by its keyset. No probe: a token forged with it to prove a refusal would
 * be a credential that works wherever the refusal fails.
 */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type {
  AfterRotationRecord,
  Evidence,
  RotationRecord,
} from '../../domain/events/control-records.ts';

/** @param inUse the version that uses the new key, and the rotation that made it */
export function oldKey(
  secret: RotatedManifestSecret,
  inUse: Pick<AfterRotationRecord, 'intent' | 'primary' | 'replaced'>,
  rotation: Pick<RotationRecord, 'steps' | 'at'>,
): Evidence[] {
  const { intent, primary, replaced: kid } = inUse;
  if (kid === undefined || kid === primary) return [];
  if (secret.kind === 'encryption') return [{ fact: 'oldKeyDecryptOnly', detail: { kid } }];
  if (secret.kind !== 'jwt') return [];
  if (intent === 'emergency') return [{ fact: 'oldKeyRevoked', detail: { kid } }];
  // From the moment createSecret made the value (domain/secrets/transitions.ts).
  const madeAt = rotation.steps.createSecret?.at ?? rotation.at;
  const until = new Date(Date.parse(madeAt) + secret.acceptForSeconds * 1000).toISOString();
  return [{ fact: 'oldKeyAcceptedUntil', detail: { kid, until } }];
}
