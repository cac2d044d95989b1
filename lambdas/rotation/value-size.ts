/**
 * How large the value of a rotation may be: for Secrets Manager, and for the places it is copied to afterwards (the
 * smallest of them; Parameter Store takes 4 KB). A keyset grows by one key with every rotation, so what would not fit
 * is found before anything is stored, not when the value is current and its copies cannot follow.
 */
import type { Intent } from '../../domain/events/control-records.ts';
import { ValueTooLargeError } from './errors.ts';
import type { Room } from './run.ts';

/** Secrets Manager's limit (user guide, "Quotas"). */
export const maximumBytes = 65_536;

/** What the activation of a published key adds to the value: two states and their times, 100 bytes or so. */
const activationBytes = 256;

interface Sized {
  readonly bytes: number;
  readonly tooLarge?: ValueTooLargeError;
  /** Bytes that the copies take; only where these are more, and the rotation goes on. */
  readonly beyond?: number;
}

/** A planned rotation can wait until somebody has made room. The others cannot: copies that do not fit fail, and say so. */
export function sizeOf<Value>(
  { strategy, environment }: Pick<Room<Value>, 'strategy' | 'environment'>,
  intent: Intent,
  value: Value,
): Sized {
  const bytes = Buffer.byteLength(strategy.serialize(value));
  if (bytes > maximumBytes) return { bytes, tooLarge: new ValueTooLargeError(bytes, maximumBytes) };
  const limit = environment.SYNC_LIMIT_BYTES;
  if (limit === undefined) return { bytes };
  const room = strategy.material(value).published === undefined ? 0 : activationBytes;
  if (bytes + room <= limit) return { bytes };
  return intent === 'planned'
    ? { bytes, tooLarge: new ValueTooLargeError(bytes, limit, room) }
    : { bytes, beyond: limit };
}
