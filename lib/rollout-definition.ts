/**
 * The rollout machine in Amazon States Language, JSONPath: one execution gets one consumer to a new value.
 *
 *   Begin → Lock ⟲ → [first time for this version: AskBefore → Baseline] → [restarted in this round: Restart ⟲ →
 *         Steady ⟲] → [asked: AskHealth → Health ⟲] → Healthy
 *   the consumer's failure → Unhealthy → ConsumerUnhealthyError        anything else → Failed → RolloutFailedError
 *
 * Its loops are bounded by the tasks, which have the clock, and their pauses grow with the bound: a loop has 400 looks
 * at most, all three 13,000 events of the 25,000 an execution may have (Step Functions guide, "Quotas").
 */
import {
  caughtBy,
  functionDied,
  lambdaRetry,
  roomTask,
  type State,
  whether,
} from './states-language.ts';

export interface RolloutDefinitionProps {
  /** The function of `lambdas/rollout`. */
  readonly taskFunctionArn: string;
  /** Seconds that any consumer takes at most, its lock included. */
  readonly longestSeconds: number;
}

/** A task's function ends within 60 s; one that asks for health answers or times out before. */
const taskSeconds = 70;
const askSeconds = 130;

/** Names of errors that are the consumer's own: lambdas/rollout/errors.ts. */
export const consumersOwnErrors = ['ConsumerUnhealthyError', 'ConsumerNotSteadyError'] as const;

/** A cluster or a hook that is restarted is away for longer than an API of AWS. */
const untilPlatformAnswers = {
  ErrorEquals: [
    'AwsCallError',
    'AwsUnansweredError',
    'KubernetesUnansweredError',
    'WebhookUnreachableError',
  ],
  IntervalSeconds: 5,
  MaxAttempts: 4,
  BackoffRate: 2,
};
const Retry = [lambdaRetry, functionDied, untilPlatformAnswers];

const toEither = [
  { ErrorEquals: consumersOwnErrors, ResultPath: '$.error', Next: 'Unhealthy' },
  ...caughtBy('Failed'),
];

export function rolloutDefinition({
  taskFunctionArn,
  longestSeconds,
}: RolloutDefinitionProps): State {
  const task = (name: string, rest: State): State =>
    roomTask(
      { functionArn: taskFunctionArn, task: name, timeoutSeconds: taskSeconds },
      { Retry, ...rest },
    );
  const guarded = (name: string, Next: string) => task(name, { Catch: caughtBy('Failed'), Next });
  const decisive = (name: string, Next: string) => task(name, { Catch: toEither, Next });
  const pause = (of: string, Next: string): State => ({
    Type: 'Wait',
    SecondsPath: `$.wait.${of}`,
    Next,
  });
  const ask = (expected: State, at: string, rest: State): State => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: {
      'FunctionName.$': '$.healthFunction',
      Payload: { 'consumer.$': '$.consumer', ...expected },
    },
    ...rest,
    ResultSelector: { 'answer.$': '$.Payload' },
    ResultPath: at,
    TimeoutSeconds: askSeconds,
    // One that is out of time has waited for the consumer: that is an answer, and the next look asks again.
    Retry: [lambdaRetry, untilPlatformAnswers],
  });

  return {
    Comment: 'One consumer: take it, restart it, wait until it is steady, ask until it is well',
    StartAt: 'Begin',
    TimeoutSeconds: longestSeconds,
    States: {
      Begin: guarded('begin', 'IsBegun'),
      IsBegun: {
        Type: 'Choice',
        Choices: [{ Variable: '$.outcome', StringEquals: 'begun', Next: 'IsExclusive' }],
        Default: 'NothingToDo',
      },
      NothingToDo: { Type: 'Succeed' },

      // Who neither restarts nor asks needs nobody's turn.
      IsExclusive: whether('exclusive', 'Lock', 'Healthy'),
      Lock: guarded('lock', 'IsLocked'),
      IsLocked: whether('locked', 'HasBaseline', 'WaitForLock'),
      WaitForLock: pause('lock', 'Lock'),

      HasBaseline: whether('baseline', 'AskBefore', 'HasRestart'),
      // Asked for what it is to hold, too: who fails by this very rotation was well.
      AskBefore: ask({ 'expected.$': '$.expected' }, '$.before', {
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.before', Next: 'Baseline' }],
        Next: 'Baseline',
      }),
      Baseline: guarded('baseline', 'HasRestart'),

      HasRestart: whether('restart', 'Restart', 'HasHealth'),
      Restart: decisive('restart', 'IsRestarted'),
      IsRestarted: whether('restarted', 'Steady', 'WaitForRestart'),
      WaitForRestart: pause('steady', 'Restart'),
      Steady: decisive('steady', 'IsSteady'),
      IsSteady: whether('steady', 'HasHealth', 'WaitUntilSteady'),
      WaitUntilSteady: pause('steady', 'Steady'),

      HasHealth: whether('health', 'AskHealth', 'Healthy'),
      AskHealth: ask({ 'expected.$': '$.expected' }, '$.asked', {
        Catch: caughtBy('Failed'),
        Next: 'Health',
      }),
      Health: decisive('health', 'IsWell'),
      IsWell: {
        Type: 'Choice',
        Choices: [{ Variable: '$.verdict', StringEquals: 'well', Next: 'Healthy' }],
        Default: 'WaitForHealth',
      },
      WaitForHealth: pause('health', 'AskHealth'),

      Healthy: guarded('healthy', 'Done'),
      Done: { Type: 'Succeed' },

      Unhealthy: task('unhealthy', { Next: 'ConsumerUnhealthy' }),
      ConsumerUnhealthy: {
        Type: 'Fail',
        Error: 'ConsumerUnhealthyError',
        Cause: 'The consumer is not steady or not well: its rollout record says why.',
      },
      Failed: task('failed', { Next: 'RolloutFailed' }),
      RolloutFailed: {
        Type: 'Fail',
        Error: 'RolloutFailedError',
        Cause: 'Nothing is known of the consumer: its rollout record says why.',
      },
    },
  };
}
