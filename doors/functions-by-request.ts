/** The door to Lambda functions for functions themselves: without Lambda's client, which is a fifth of a bundle's SDK. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AwsCallError, clientDefaults } from './aws-call.ts';
import { type Clock, systemClock } from './clock.ts';
import { answerIn, answerWithinMilliseconds, type FunctionsDoor } from './function-answer.ts';
import { errorCodeOf, lambdaRequest, messageIn } from './lambda-request.ts';
import type { NeighbourClient } from './signed-request.ts';

export interface FunctionsByRequestOptions {
  /** @default of Secrets Manager, which every function has */
  readonly client?: NeighbourClient;
  /** @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

/** One attempt: a second one would run the operation a second time. */
export function functionsByRequest(options: FunctionsByRequestOptions = {}): FunctionsDoor {
  const {
    client = new SecretsManagerClient(clientDefaults),
    environment = process.env,
    clock = systemClock,
  } = options;
  return {
    async invoke(functionName, request) {
      const response = await lambdaRequest(
        { client, environment, clock },
        {
          call: 'Invoke',
          method: 'POST',
          functionName,
          resource: 'invocations',
          body: JSON.stringify(request),
          within: answerWithinMilliseconds,
        },
      );
      if (response.status >= 400) {
        throw new AwsCallError('Invoke', errorCodeOf(response), messageIn(response));
      }
      return answerIn(functionName, response.text, response.headers.has('x-amz-function-error'));
    },
  };
}
