/**
 * The door to the description of a Lambda function: the smallest change there is to its configuration, after which
 * no execution environment from before is given another invocation. Nothing else is sent: what UpdateFunctionConfiguration
 * is not told stays as it is, and what it is told of `Environment` or `Layers` would replace them.
 */
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';
import { type ContainerVariable, variablesOf } from './container-variables.ts';

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

export function functionDescription(
  client = new LambdaClient(clientDefaults),
): FunctionDescriptionDoor {
  return {
    async look(FunctionName) {
      const found = await awsCall('GetFunctionConfiguration', () =>
        client.send(new GetFunctionConfigurationCommand({ FunctionName })),
      );
      const environment = Object.entries(found.Environment?.Variables ?? {});
      return {
        description: found.Description ?? '',
        lastUpdateStatus: found.LastUpdateStatus ?? 'Successful',
        lastUpdateReason: found.LastUpdateStatusReason,
        revisionId: found.RevisionId ?? '',
        variables: variablesOf(
          FunctionName,
          environment.map(([name, value]) => ({ name, value })),
          [],
        ),
      };
    },

    async describe(FunctionName, Description, RevisionId) {
      try {
        await awsCall('UpdateFunctionConfiguration', () =>
          client.send(
            new UpdateFunctionConfigurationCommand({ FunctionName, Description, RevisionId }),
          ),
        );
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
