/** The door to Step Functions. */
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export interface StepFunctionsDoor {
  /** A Standard execution is idempotent by its name: the second start of one name starts nothing. */
  startExecution(start: {
    stateMachineArn: string;
    name: string;
    input: unknown;
  }): Promise<'started' | 'alreadyExists'>;
}

export function stepFunctions(client = new SFNClient(clientDefaults)): StepFunctionsDoor {
  return {
    async startExecution({ stateMachineArn, name, input }) {
      try {
        await awsCall('StartExecution', () =>
          client.send(
            new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
          ),
        );
        return 'started';
      } catch (error) {
        if (isAwsError(error, 'ExecutionAlreadyExists')) {
          return 'alreadyExists';
        }
        throw error;
      }
    },
  };
}
