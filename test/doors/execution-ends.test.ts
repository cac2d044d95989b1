import {
  type DescribeExecutionCommand,
  ExecutionDoesNotExist,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import { executionEnds } from '../../doors/execution-ends.ts';

const arn = 'arn:aws:states:eu-west-1:000000000000:execution:machine:one';
/** DescribeExecution of `arn` answers this. */
const endOf = (answer: object | Error) =>
  executionEnds({
    async send({ input }: DescribeExecutionCommand) {
      expect(input).toEqual({ executionArn: arn });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as SFNClient).endOf(arn);

describe('how an execution ended', () => {
  test.each([
    [{ status: 'RUNNING' }, { state: 'running' }],
    [{ status: 'PENDING_REDRIVE' }, { state: 'running' }],
    [{ status: 'SUCCEEDED' }, { state: 'succeeded' }],
    [
      {
        status: 'FAILED',
        error: 'SecretsTakenError',
        cause: '{"errorType":"SecretsTakenError","errorMessage":"Emergency a is running."}',
      },
      { state: 'failed', error: 'SecretsTakenError', message: 'Emergency a is running.' },
    ],
    [
      { status: 'FAILED', error: 'EmergencyIncomplete', cause: 'A stage failed.' },
      { state: 'failed', error: 'EmergencyIncomplete', message: 'A stage failed.' },
    ],
    [{ status: 'TIMED_OUT' }, { state: 'failed', error: 'TIMED_OUT', message: 'no cause told' }],
    [
      { status: 'ABORTED', cause: '{}' },
      { state: 'failed', error: 'ABORTED', message: '{}' },
    ],
  ])('%j is %j', async (answer, expected) => {
    expect(await endOf(answer)).toEqual(expected);
  });

  test('one that is not there, or not yet, is not known; whatever else AWS says is an error', async () => {
    const $metadata = { httpStatusCode: 400 };
    const gone = new ExecutionDoesNotExist({ message: 'no', $metadata });
    expect(await endOf(gone)).toBeUndefined();
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata });
    await expect(endOf(denied)).rejects.toMatchObject({ awsCode: 'AccessDeniedException' });
  });
});
