/**
 * The door to the description of a Lambda function: the smallest change there is to its configuration, after which no
 * execution environment from before is given another invocation. Nothing else is sent: what
 * UpdateFunctionConfiguration is not told stays as it is, and what it is told of `Environment` or `Layers` would
 * replace them.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
 */
import { ECSClient } from '@aws-sdk/client-ecs';
import * as z from 'zod';
import { AwsCallError, clientDefaults, isAwsError } from './aws-call.ts';
import { type Clock, systemClock } from './clock.ts';
import { type ContainerVariable, variablesOf } from './container-variables.ts';
import { errorCodeOf, type LambdaRequest, lambdaRequest, messageIn } from './lambda-request.ts';
import { type NeighbourClient, parsed } from './signed-request.ts';

export interface FunctionFacts {
  readonly description: string;
  /** Successful, InProgress, Failed (API_FunctionConfiguration). */
  readonly lastUpdateStatus: string;
  readonly lastUpdateReason: string | undefined;
  /** Changes with every update. */
  readonly revisionId: string;
  /** Of its environment: names, and what may be known of their values. */
  readonly variables: readonly ContainerVariable[];
}

export interface FunctionDescriptionDoor {
  look(functionName: string): Promise<FunctionFacts>;
  /**
   * @param revisionId of the look that the description was made from
   * @returns 'busy' while another update is under way, or when somebody changed the function since that look
   */
  describe(
    functionName: string,
    description: string,
    revisionId: string,
  ): Promise<'described' | 'busy'>;
}

export interface FunctionDescriptionOptions {
  /** @default of ECS */
  readonly client?: NeighbourClient;
  /** Of the function, for the endpoint in the sandbox. @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

const configurationSchema = z.object({
  Description: z.string().default(''),
  LastUpdateStatus: z.string().default('Successful'),
  LastUpdateStatusReason: z.string().nullish(),
  RevisionId: z.string().default(''),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** Milliseconds before the second, third and fourth try of what may pass. */
const pauses = [100, 300, 900];
const mayPass = (status: number) => status === 429 || status >= 500;

export function functionDescription(
  options: FunctionDescriptionOptions = {},
): FunctionDescriptionDoor {
  const {
    client = new ECSClient(clientDefaults),
    environment = process.env,
    clock = systemClock,
  } = options;

  async function call(request: Omit<LambdaRequest, 'resource'>): Promise<unknown> {
    for (const pause of [...pauses, undefined]) {
      const response = await lambdaRequest(
        { client, environment, clock },
        { ...request, resource: 'configuration' },
      );
      if (response.status < 400) return parsed(response.text);
      if (pause === undefined || !mayPass(response.status)) {
        throw new AwsCallError(request.call, errorCodeOf(response), messageIn(response));
      }
      await clock.sleep(pause);
    }
    return undefined;
  }

  return {
    async look(functionName) {
      const configuration = configurationSchema.parse(
        await call({ call: 'GetFunctionConfiguration', method: 'GET', functionName }),
      );
      const variables = Object.entries(configuration.Environment?.Variables ?? {});
      return {
        description: configuration.Description,
        lastUpdateStatus: configuration.LastUpdateStatus,
        lastUpdateReason: configuration.LastUpdateStatusReason ?? undefined,
        revisionId: configuration.RevisionId,
        variables: variablesOf(
          functionName,
          variables.map(([name, value]) => ({ name, value })),
          [],
        ),
      };
    },

    async describe(functionName, Description, RevisionId) {
      try {
        await call({
          call: 'UpdateFunctionConfiguration',
          method: 'PUT',
          functionName,
          body: JSON.stringify({ Description, RevisionId }),
        });
        return 'described';
      } catch (error) {
        // Another update is under way; the revision is not the one that was looked at.
        if (isAwsError(error, 'ResourceConflictException', 'PreconditionFailedException')) {
          return 'busy';
        }
        throw error;
      }
    },
  };
}
