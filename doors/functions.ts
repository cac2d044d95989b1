/** The door to Lambda functions: one request, one answer. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { awsCall, clientDefaults } from './aws-call.ts';
import { answerIn, answerWithinMilliseconds, type FunctionsDoor } from './function-answer.ts';

export { FunctionFailedError, type FunctionsDoor } from './function-answer.ts';

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
      return answerIn(functionName, text, FunctionError !== undefined);
    },
  };
}
