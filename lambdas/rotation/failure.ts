/**
 * Errors, mapped once. A message of ours is written to hold no value; any other error's message may hold
 * one (`JSON.parse` quotes its input, `new URL` keeps the whole DSN, SQLSTATE 22P02 quotes the bound value),
 * so nothing but its name and the places it passed are told.
 */

/** What leaves the function. Lambda reports name, message and stack of what is thrown. */
export class RotationStepError extends Error {
  override readonly name: string;
  readonly code: string;
  constructor(name: string, code: string, message: string) {
    super(message);
    this.name = name;
    this.code = code;
    // The stack begins with the message of the original error; this one begins with ours.
    this.stack = `${name}: ${message}`;
  }
}

export interface Failure {
  code: string;
  message: string;
  /** Where it happened: function names and positions in the bundle. */
  frames: readonly string[];
  error: RotationStepError;
}

export function failureOf(thrown: unknown, during: string): Failure {
  const { code, name, message, stack } = thrown as {
    code?: unknown;
    name?: unknown;
    message?: unknown;
    stack?: unknown;
  };
  const frames = framesOf(stack);
  if (typeof code === 'string' && code.startsWith('ERR_ROTATION_')) {
    const error = new RotationStepError(String(name), code, String(message));
    return { code, message: error.message, frames, error };
  }
  const hidden = 'ERR_ROTATION_UNEXPECTED';
  const error = new RotationStepError(
    'UnexpectedError',
    hidden,
    `${during} met an unexpected ${errorNameOf(name)}. Its message is withheld because it may hold a value; the log line names the places it passed.`,
  );
  return { code: hidden, message: error.message, frames, error };
}

function errorNameOf(name: unknown): string {
  return typeof name === 'string' && /^[A-Za-z]{1,64}$/.test(name) ? name : 'error';
}

/** Only lines of the form "at function (file:line:column)": the message part of a stack is left out. */
function framesOf(stack: unknown): string[] {
  if (typeof stack !== 'string') {
    return [];
  }
  const frame = /^\s+at (?:[\w.$<>[\] ]+ )?\(?(?:file:\/\/|node:)?[^()\s]*?([\w.-]+:\d+:\d+)\)?$/;
  return stack
    .split('\n')
    .map((line) => frame.exec(line)?.[1])
    .filter((place) => place !== undefined)
    .slice(0, 8);
}
