import * as z from 'zod';
import { InvalidRolloutTaskError, UnexpectedError } from './errors.ts';

/** Step Functions keeps an error's message as the cause: only messages of our own get there. */
export function printable(error: unknown): Error {
  if (error instanceof z.ZodError) {
    return new InvalidRolloutTaskError(error.issues[0]?.path.join('.') ?? '');
  }
  const { code, name } = error as { code?: unknown; name?: string };
  return error instanceof Error && typeof code === 'string' && code.startsWith('ERR_ROTATION_')
    ? error
    : new UnexpectedError(name ?? 'Something');
}
