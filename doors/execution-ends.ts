/** The door to how executions of Step Functions ended, for whoever sits at a terminal. */
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export type ExecutionEnd =
  | { readonly state: 'running' | 'succeeded' }
  /** `error`: a class of ours, or one of `States.…`. */
  | { readonly state: 'failed'; readonly error: string; readonly message: string };

export interface ExecutionEndsDoor {
  /** Undefined: no such execution, or one that was started a moment ago. @throws AwsCallError */
  endOf(executionArn: string): Promise<ExecutionEnd | undefined>;
}

export function executionEnds(client = new SFNClient(clientDefaults)): ExecutionEndsDoor {
  return {
    async endOf(executionArn) {
      try {
        const { status, error, cause } = await awsCall('DescribeExecution', () =>
          client.send(new DescribeExecutionCommand({ executionArn })),
        );
        if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return { state: 'running' };
        if (status === 'SUCCEEDED') return { state: 'succeeded' };
        return { state: 'failed', error: error ?? status ?? 'unknown', message: messageIn(cause) };
      } catch (thrown) {
        if (isAwsError(thrown, 'ExecutionDoesNotExist', 'InvalidArn')) return undefined;
        throw thrown;
      }
    },
  };
}

/** Of a function that failed the cause is its error as JSON (connect-lambda.html, "Error names"). */
function messageIn(cause = 'no cause told'): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : cause;
  } catch {
    return cause;
  }
}
