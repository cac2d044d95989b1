/**
 * The states of AfterRotation in which consumers get to a new value: one round is
 *
 *   …Round → NextWave → PauseBeforeWave → Wave → JudgeRollout → NextWave …   until every consumer is through
 *                                                     └→ PrepareRollBack → Preempt → RollBack → RolledBack ⟲ → Stop
 *
 * A wave comes to its end for every consumer in it: one that fails does not stop the others half way. Whether that
 * is well, stops, or is rolled back from is decided by a task, from the consumers' records.
 */
import { rolloutInputSchema } from '../domain/events/rollout.ts';
import { caughtBy, lambdaRetry, type State, wait, whether } from './states-language.ts';

export interface RolloutStates {
  /** ARN of the machine that gets one consumer to a new value. */
  readonly machineArn: string;
  /** The longest that one consumer takes, in seconds. */
  readonly consumerSeconds: number;
}

export interface RoundProps extends RolloutStates {
  /** A task of AfterRotation, with Catch. */
  readonly guarded: (name: string, next: string) => State;
  /** Where each round leads. */
  readonly after: Readonly<Record<'publish' | 'use' | 'confirm', string>>;
  readonly pollSeconds: number;
}

/** What may go well a moment later (connect-stepfunctions.html: an error of the service is `StepFunctions.<name>`). */
const startRetry = {
  ErrorEquals: [
    'StepFunctions.ExecutionLimitExceededException',
    'StepFunctions.SdkClientException',
    'StepFunctions.AWSStepFunctionsException',
  ],
  IntervalSeconds: 5,
  MaxAttempts: 5,
  BackoffRate: 2,
};

/** The whole way to clear for a rollback, by the secret's own function: it ends within 120 s. */
const preemptSeconds = 130;

/** The input of the rollout machine, member by member, and whose execution started it (shown in the console). */
const input: State = {
  ...Object.fromEntries(
    Object.keys(rolloutInputSchema.shape).map((name) => [`${name}.$`, `$.${name}`]),
  ),
  'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$': '$$.Execution.Id',
};

const round = (name: keyof RoundProps['after']): State => ({
  Type: 'Pass',
  Result: name,
  ResultPath: '$.round',
  Next: 'NextWave',
});

export function roundStates(props: RoundProps): Record<string, State> {
  const { guarded, after, machineArn, consumerSeconds, pollSeconds } = props;
  const isRound = (name: keyof RoundProps['after']) => ({
    Variable: '$.round',
    StringEquals: name,
    Next: after[name],
  });
  return {
    PublishRound: round('publish'),
    UseRound: round('use'),
    ConfirmRound: round('confirm'),

    NextWave: guarded('nextWave', 'IsRoundOver'),
    IsRoundOver: {
      Type: 'Choice',
      Choices: [{ Variable: '$.wave.done', BooleanEquals: true, Next: 'WhichRound' }],
      Default: 'PauseBeforeWave',
    },
    WhichRound: {
      Type: 'Choice',
      Choices: [isRound('publish'), isRound('use')],
      Default: after.confirm,
    },
    PauseBeforeWave: { Type: 'Wait', SecondsPath: '$.wave.pauseSeconds', Next: 'Wave' },
    Wave: {
      Type: 'Map',
      ItemsPath: '$.wave.consumers',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'RollOut',
        States: {
          RollOut: {
            Type: 'Task',
            Resource: 'arn:aws:states:::states:startExecution.sync:2',
            Parameters: { StateMachineArn: machineArn, Input: input },
            ResultPath: null,
            TimeoutSeconds: consumerSeconds,
            Retry: [startRetry],
            Catch: caughtBy('Failed'),
            Next: 'Ended',
          },
          Ended: { Type: 'Pass', Parameters: { 'consumer.$': '$.consumer' }, End: true },
          // Its record says why; the cause would repeat the whole execution.
          Failed: {
            Type: 'Pass',
            Parameters: { 'consumer.$': '$.consumer', 'error.$': '$.error.Error' },
            End: true,
          },
        },
      },
      ResultPath: '$.results',
      Catch: caughtBy('Stop'),
      Next: 'JudgeRollout',
    },
    JudgeRollout: guarded('judgeRollout', 'IsWaveWell'),
    IsWaveWell: whether('well', 'NextWave', 'PrepareRollBack'),

    PrepareRollBack: guarded('prepareRollBack', 'Preempt'),
    Preempt: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        'FunctionName.$': '$.rotationFunction',
        Payload: {
          operation: 'preempt',
          'token.$': '$.rollBack.token',
          'owner.$': '$$.Execution.Id',
          'current.$': '$.rollBack.from',
        },
      },
      ResultPath: null,
      TimeoutSeconds: preemptSeconds,
      Retry: [lambdaRetry],
      Catch: caughtBy('Stop'),
      Next: 'RollBack',
    },
    RollBack: guarded('rollBack', 'WaitUntilRolledBack'),
    WaitUntilRolledBack: wait(pollSeconds, 'RolledBack'),
    RolledBack: guarded('rolledBack', 'IsRolledBack'),
    // The rollback has an AfterRotation of its own; what follows this rotation is over.
    IsRolledBack: whether('settled', 'Stop', 'WaitUntilRolledBack'),
  };
}
