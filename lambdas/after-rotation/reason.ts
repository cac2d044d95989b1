import type { Caught } from './progress.ts';

/**
 * Step Functions gives a Lambda error's class as `Error` and `{ errorType, errorMessage, trace }` as JSON
 * in `Cause`. Our functions' messages hold no value; the trace is left out, anything unreadable, too.
 */
export function reasonOf(error: NonNullable<Caught['error']>): string {
  let message: unknown;
  try {
    message = (JSON.parse(error.Cause ?? '{}') as { errorMessage?: unknown }).errorMessage;
  } catch {
    message = undefined;
  }
  return `${error.Error}${typeof message === 'string' ? `: ${message}` : ''}`.slice(0, 1024);
}
