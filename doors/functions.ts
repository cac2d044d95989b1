/** The door to Lambda functions: one request, one answer. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { awsCall, clientDefaults } from './aws-call.ts';

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
const answerWithinMilliseconds = 150_000;

export const functionClientDefaults = {
  ...clientDefaults,
  // A second attempt would run the operation a second time.
  maxAttempts: 1,
  requestHandler: { ...clientDefaults.requestHandler, requestTimeout: answerWithinMilliseconds },
} as const;

export function functions(client = new LambdaClient(functionClientDefaults)): FunctionsDoor {
  return {
    async invoke(functionName, request) {
      const { Payload, FunctionError } = await awsCall('Invoke', () =>
        client.send(
          new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) }),
        ),
      );
      const text = Buffer.from(Payload ?? []).toString('utf8');
      if (FunctionError !== undefined) {
        const { errorType, errorMessage } = errorOf(text);
        throw new FunctionFailedError(functionName, errorType, errorMessage);
      }
      return text === '' ? undefined : JSON.parse(text);
    },
  };
}

function errorOf(text: string): { errorType: string; errorMessage: string } {
  try {
    const { errorType, errorMessage } = JSON.parse(text) as Record<string, unknown>;
    return { errorType: String(errorType), errorMessage: String(errorMessage) };
  } catch {
    return { errorType: 'Unknown', errorMessage: 'it left no message' };
  }
}
