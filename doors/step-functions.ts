/** The door to Step Functions. */
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export interface StepFunctionsDoor {
  /** A Standard execution is idempotent by its name: the second start of one name starts nothing. */
  startExecution(start: {
    stateMachineArn: string;
    name: string;
    input: unknown;
  }): Promise<'started' | 'alreadyExists'>;
  /** Is this execution running? Also false for one that does not exist (any more). */
  isRunning(executionArn: string): Promise<boolean>;
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

    async isRunning(executionArn) {
      try {
        const { status } = await awsCall('DescribeExecution', () =>
          client.send(new DescribeExecutionCommand({ executionArn })),
        );
        return status === 'RUNNING' || status === 'PENDING_REDRIVE';
      } catch (error) {
        if (isAwsError(error, 'ExecutionDoesNotExist', 'InvalidArn')) {
          return false;
        }
        throw error;
      }
    },
  };
}
