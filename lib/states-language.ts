/** What the definitions of both machines share, in Amazon States Language with JSONPath. */

export type State = Readonly<Record<string, unknown>>;

/** What AWS says to retry (Step Functions guide, "Handle Lambda service exceptions"), and what it says of too many. */
export const lambdaRetry = {
  ErrorEquals: [
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
  IntervalSeconds: 2,
  MaxAttempts: 6,
  BackoffRate: 2,
} as const;

/** Tasks may run any number of times: one that was killed, out of time or memory, runs again (same page, Lambda.Unknown). */
export const functionDied = {
  ErrorEquals: ['Lambda.Unknown', 'Sandbox.Timedout', 'States.Timeout'],
  IntervalSeconds: 5,
  MaxAttempts: 3,
  BackoffRate: 2,
} as const;

/** And what did not answer, or refused for now, is asked again before anything is given up. */
export const untilAnswered = {
  ErrorEquals: ['AwsCallError', 'AwsUnansweredError', 'ControlRecordError'],
  IntervalSeconds: 2,
  MaxAttempts: 3,
  BackoffRate: 2,
} as const;

/** A hook that stops or starts consumers may be deployed, or restarted, at this moment. */
export const untilHookAnswers = {
  ErrorEquals: ['ConsumersHookError'],
  IntervalSeconds: 10,
  MaxAttempts: 8,
  BackoffRate: 2,
  MaxDelaySeconds: 120,
} as const;

/** Consumers that the rollout function stops or starts take minutes: half an hour of looks. */
export const untilConsumersMoved = {
  ErrorEquals: ['ConsumersMovingError'],
  IntervalSeconds: 15,
  MaxAttempts: 120,
  BackoffRate: 1,
} as const;

/** Whatever fails leads here, with the input kept beside the error. */
export const caughtBy = (Next: string) =>
  [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next }] as const;

export interface TaskProps {
  /** ARN of the function, or where it stands in the input (`$.function`). */
  readonly functionArn: string;
  readonly task: string;
  readonly timeoutSeconds: number;
  /** @default the whole input */
  readonly progress?: State;
}

/** A task of a room: it is handed what the state before left, and answers what the next one is handed. */
export function roomTask(
  { functionArn, task, timeoutSeconds, progress }: TaskProps,
  rest: State,
): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: {
      [functionArn.startsWith('$.') ? 'FunctionName.$' : 'FunctionName']: functionArn,
      Payload: {
        task,
        'execution.$': '$$.Execution.Id',
        ...(progress === undefined ? { 'progress.$': '$' } : { progress }),
      },
    },
    OutputPath: '$.Payload',
    TimeoutSeconds: timeoutSeconds,
    Retry: [lambdaRetry],
    ...rest,
  };
}

export function whether(flag: string, yes: string, no: string): State {
  return {
    Type: 'Choice',
    Choices: [{ Variable: `$.${flag}`, BooleanEquals: true, Next: yes }],
    Default: no,
  };
}

/** The same of a flag that tasks of an earlier release leave out. */
export function whetherGiven(flag: string, yes: string, no: string): State {
  return { Type: 'Choice', Choices: [{ ...isGiven(flag), Next: yes }], Default: no };
}

export const isGiven = (flag: string): State => ({
  And: [
    { Variable: `$.${flag}`, IsPresent: true },
    { Variable: `$.${flag}`, BooleanEquals: true },
  ],
});

export const wait = (Seconds: number, Next: string): State => ({ Type: 'Wait', Seconds, Next });
