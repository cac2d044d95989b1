/**
 * Secrets that somebody else writes: those an AWS service owns, and replicas of another region's.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
 */
import type { Backend } from './backend.ts';
import { isReplica, managedByAnotherService } from './errors.ts';

/**
 * Changes of value, key, life and rotation. RotateSecret without a function is passed on to the owning
 * service by AWS; there is no such service here, so it is refused, too.
 */
const ownersOnly: ReadonlySet<string> = new Set([
  'CancelRotateSecret',
  'DeleteSecret',
  'PutSecretValue',
  'RotateSecret',
  'UpdateSecret',
  'UpdateSecretVersionStage',
]);

/** @throws InvalidRequestException */
export function assertOursToChange(
  backend: Pick<Backend, 'store' | 'region'>,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): void {
  if (!ownersOnly.has(operation)) {
    return;
  }
  const { owningService, primaryRegion } = backend.store.find(String(input.SecretId))?.state ?? {};
  if (owningService !== undefined) {
    throw managedByAnotherService();
  }
  if (primaryRegion !== undefined && primaryRegion !== backend.region) {
    throw isReplica();
  }
}
