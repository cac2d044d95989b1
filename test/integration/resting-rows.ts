/** The example as a deployment whose rows stay under the keys they were written with: nothing follows an activation. */
import type { RotationConfig } from '../../domain/config/rotation-config.ts';

export function restingRows(config: RotationConfig): RotationConfig {
  const { pii } = config.secrets;
  if (pii?.kind !== 'encryption') {
    throw new RangeError('The example has no encryption secret "pii".');
  }
  const { reencryption: _, ...resting } = pii;
  return { ...config, secrets: { ...config.secrets, pii: resting } };
}
