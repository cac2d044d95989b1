/** What a function answers to whoever invokes it. */
import { AwsCallError } from './aws-call.ts';

export interface FunctionsDoor {
  /**
   * Invokes and waits for the answer.
   * @throws FunctionFailedError when the function itself threw; AwsCallError when it could not be called
   */
  invoke(functionName: string, request: unknown): Promise<unknown>;
}

/** What the function said about its own failure; its messages hold no value. */
export class FunctionFailedError extends Error {
  override readonly name = 'FunctionFailedError';
  readonly code = 'ERR_ROTATION_FUNCTION_FAILED';
  readonly functionName: string;
  /** Name of the error in the function, e.g. `EncryptionPreflightError`. */
  readonly errorType: string;

  constructor(functionName: string, errorType: string, errorMessage: string) {
    super(`${functionName} failed with ${errorType}: ${errorMessage}`);
    this.functionName = functionName;
    this.errorType = errorType;
  }
}

/** A function may run for two minutes and says nothing until it is done. */
export const answerWithinMilliseconds = 150_000;

/**
 * @param failed did the function itself throw? (`FunctionError`, API_Invoke)
 * @throws FunctionFailedError; AwsCallError when what came back is no answer of a function
 */
export function answerIn(functionName: string, text: string, failed: boolean): unknown {
  if (failed) {
    const { errorType, errorMessage } = errorOf(text);
    throw new FunctionFailedError(functionName, errorType, errorMessage);
  }
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse quotes its input.
    throw new AwsCallError('Invoke', 'InvalidAnswer', `the answer of ${functionName} is no JSON`);
  }
}

function errorOf(text: string): { errorType: string; errorMessage: string } {
  try {
    const { errorType, errorMessage } = JSON.parse(text) as Record<string, unknown>;
    return { errorType: String(errorType), errorMessage: String(errorMessage) };
  } catch {
    return { errorType: 'Unknown', errorMessage: 'it left no message' };
  }
}
