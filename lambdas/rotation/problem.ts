/** An error as a diagnosis tells it. */
import type { Problem } from '../../domain/events/diagnosis.ts';
import { failureOf } from './failure.ts';

/** @param during for errors that are not ours, whose message is withheld */
export function problemOf(error: unknown, during: string): Problem {
  const { code, message } = failureOf(error, during);
  const { sqlstate, reason } = (error ?? {}) as { sqlstate?: unknown; reason?: unknown };
  const isOurs = code !== 'ERR_ROTATION_UNEXPECTED';
  return {
    code: /^ERR_ROTATION_[A-Z0-9_]+$/.test(code) ? code : 'ERR_ROTATION_UNEXPECTED',
    message: message.slice(0, 2_048),
    ...(isOurs && typeof sqlstate === 'string' && { sqlstate: sqlstate.slice(0, 5) }),
    ...(isOurs && typeof reason === 'string' && { reason: reason.slice(0, 128) }),
  };
}
