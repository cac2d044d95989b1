/**
 * The machine that goes from an exposure to its report, in Amazon States Language, JSONPath.
 *
 *   Begin → Announce → Contain → Stop ⟲ → Protect (Map) → ProtectOthers (Map)
 *         → Start → [Restart (Map)] → Started ⟲ → Settle ⟲ → AccessAudit ⟲ → Report → Tell → End
 *         → Closed, or EmergencyIncomplete
 *   Protect and ProtectOthers share one Map.
 *   Begin, another input: [restore: Restore ⟲ → Restored] [lift: Lift → Lifted]
 *
 * Each stage catches its own failure, has it noted (stageFailed), and the next one follows: nothing that protects waits
 * for something else to be mended. What a stage found stands in the control table, and one that is done is skipped
 * there, so an execution under the same id goes on where the one before ended. Between states travels the id, what a
 * loop has to know, and nothing else.
 *
 * The states of one secret are in emergency-secret-states.ts.
 *
 * An execution has 25,000 events (Step Functions guide, "Quotas"), a look with its wait is nine or ten of them. Loops
 * are bounded by the tasks, which have the clock and know how many secrets share the events.
 */
import { type EmergencyStage, emergencyStages } from '../domain/events/emergency.ts';
import { rolloutInputSchema } from '../domain/events/rollout.ts';
import { secretStates } from './emergency-secret-states.ts';
import {
  caughtBy,
  functionDied,
  lambdaRetry,
  roomTask,
  type State,
  untilAnswered,
  wait,
  whether,
} from './states-language.ts';

export interface EmergencyDefinitionProps {
  /** The function of `lambdas/emergency`. */
  readonly taskFunctionArn: string;
  /** What restarts one consumer; absent: nothing restarts a consumer of this deployment. */
  readonly rollout?:
    | {
        readonly machineArn: string;
        /** The longest that one consumer takes, in seconds. */
        readonly consumerSeconds: number;
      }
    | undefined;
}

/** A task's function ends within 120 s. */
const taskSeconds = 130;

/** Between two looks: at consumers that stop or start, at what follows rotations, at the audit of reads. */
const pauseSeconds = { Stop: 10, Started: 15, Restore: 15, Settle: 15, AccessAudit: 5 } as const;

/** Without restarts. Every loop gives up by itself long before. */
const machineSeconds = 6 * 3600;

/** Containment tells of everything that failed at once, so what did not answer is among it. */
const untilContained = {
  ...untilAnswered,
  ErrorEquals: [...untilAnswered.ErrorEquals, 'ContainmentError', 'LiftError'],
};
const Retry = [lambdaRetry, functionDied, untilContained];

/** What may go well a moment later (connect-stepfunctions.html). */
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

/** `protectOthers` → `ProtectOthers`. */
const stateOf = (stage: EmergencyStage): string => stage.charAt(0).toUpperCase() + stage.slice(1);

/** The first state of what comes after a stage. */
const after = (stage: EmergencyStage): string => {
  const next = emergencyStages[emergencyStages.indexOf(stage) + 1];
  return next === undefined ? 'End' : stateOf(next);
};

export function emergencyDefinition({ taskFunctionArn, rollout }: EmergencyDefinitionProps): State {
  const task = (name: string, rest: State, progress?: State): State =>
    roomTask(
      {
        functionArn: taskFunctionArn,
        task: name,
        timeoutSeconds: taskSeconds,
        ...(progress && { progress }),
      },
      { Retry, ...rest },
    );

  /** Has a failure noted. Where even that fails, the next stage follows all the same. */
  const failed = (stage: EmergencyStage): Record<string, State> => ({
    [`${stateOf(stage)}Failed`]: task(
      'stageFailed',
      {
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.notNoted', Next: after(stage) }],
        Next: after(stage),
      },
      { stage, 'id.$': '$.id', 'drill.$': '$.drill', 'error.$': '$.error' },
    ),
  });
  const guarded = (name: string, stage: EmergencyStage, Next: string): State =>
    task(name, { Catch: caughtBy(`${stateOf(stage)}Failed`), Next });

  /** One task. */
  const once = (stage: EmergencyStage): Record<string, State> => ({
    [stateOf(stage)]: guarded(stage, stage, after(stage)),
    ...failed(stage),
  });
  /** One task, asked again until it is done. */
  const looped = (
    name: keyof typeof pauseSeconds,
    state: State,
    Next: string,
  ): Record<string, State> => ({
    [name]: { ...state, Next: `Is${name}Over` },
    [`Is${name}Over`]: whether('done', Next, `WaitFor${name}`),
    [`WaitFor${name}`]: wait(pauseSeconds[name], name),
  });
  /** Says which secrets; they share the Map that follows. */
  const listed = (stage: EmergencyStage): Record<string, State> => ({
    [stateOf(stage)]: guarded(stage, stage, 'EachSecret'),
    ...failed(stage),
  });

  return {
    Comment: 'From an exposure to its report: contained, rotated, proven, restarted, audited, told',
    StartAt: 'Begin',
    TimeoutSeconds: machineSeconds + (rollout?.consumerSeconds ?? 0),
    States: {
      // What it refuses ends the execution with its name: nothing has begun.
      Begin: task(
        'begin',
        { Next: 'WhichForm' },
        { 'input.$': '$$.Execution.Input', 'startedAt.$': '$$.Execution.StartTime' },
      ),
      WhichForm: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.form', StringEquals: 'restore', Next: 'Restore' },
          { Variable: '$.form', StringEquals: 'lift', Next: 'Lift' },
        ],
        Default: 'Announce',
      },

      ...once('announce'),
      ...once('contain'),
      ...looped('Stop', guarded('stop', 'stop', 'IsStopOver'), after('stop')),
      ...failed('stop'),
      ...listed('protect'),
      ...listed('protectOthers'),
      EachSecret: {
        Type: 'Map',
        ItemsPath: '$.secrets',
        ItemSelector: {
          'key.$': '$$.Map.Item.Value',
          'id.$': '$.id',
          'drill.$': '$.drill',
          'among.$': '$.among',
        },
        ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...secretStates({ task }) },
        ResultPath: null,
        Catch: caughtBy('SecretsFailed'),
        Next: 'SecretsEnded',
      },
      SecretsEnded: task('secretsEnded', {
        Catch: caughtBy('SecretsFailed'),
        Next: 'WhichSecrets',
      }),
      SecretsFailed: task(
        'stageFailed',
        {
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.notNoted', Next: 'WhichSecrets' }],
          Next: 'WhichSecrets',
        },
        { 'stage.$': '$.stage', 'id.$': '$.id', 'drill.$': '$.drill', 'error.$': '$.error' },
      ),
      WhichSecrets: {
        Type: 'Choice',
        Choices: [{ Variable: '$.stage', StringEquals: 'protect', Next: after('protect') }],
        Default: after('protectOthers'),
      },

      Start: guarded('start', 'start', rollout === undefined ? 'Started' : 'HasRestarts'),
      ...(rollout && {
        HasRestarts: {
          Type: 'Choice',
          Choices: [{ Variable: '$.restarts[0]', IsPresent: true, Next: 'Restart' }],
          Default: 'Started',
        },
        Restart: {
          Type: 'Map',
          ItemsPath: '$.restarts',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'INLINE' },
            StartAt: 'RestartOne',
            States: {
              RestartOne: {
                Type: 'Task',
                Resource: 'arn:aws:states:::states:startExecution.sync:2',
                Parameters: {
                  StateMachineArn: rollout.machineArn,
                  Input: {
                    ...Object.fromEntries(
                      Object.keys(rolloutInputSchema.shape).map((name) => [
                        `${name}.$`,
                        `$.${name}`,
                      ]),
                    ),
                    'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$': '$$.Execution.Id',
                  },
                },
                ResultPath: null,
                TimeoutSeconds: rollout.consumerSeconds,
                Retry: [startRetry],
                // Its record says why.
                Catch: caughtBy('NotRestarted'),
                Next: 'Restarted',
              },
              Restarted: { Type: 'Pass', Result: {}, End: true },
              NotRestarted: { Type: 'Pass', Result: {}, End: true },
            },
          },
          ResultPath: null,
          Catch: caughtBy('StartFailed'),
          Next: 'Started',
        },
      }),
      ...looped('Started', guarded('started', 'start', 'IsStartedOver'), after('start')),
      ...failed('start'),

      ...looped('Settle', guarded('settle', 'settle', 'IsSettleOver'), after('settle')),
      ...failed('settle'),
      ...looped(
        'AccessAudit',
        guarded('accessAudit', 'accessAudit', 'IsAccessAuditOver'),
        after('accessAudit'),
      ),
      ...failed('accessAudit'),
      ...once('report'),
      ...once('tell'),

      End: task('end', { Catch: caughtBy('EmergencyIncomplete'), Next: 'IsClosed' }),
      IsClosed: whether('closed', 'Closed', 'EmergencyIncomplete'),
      Closed: { Type: 'Succeed' },
      EmergencyIncomplete: {
        Type: 'Fail',
        Error: 'EmergencyIncomplete',
        Cause:
          'The report says which stage failed, and why: mend it, then go on under the same id.',
      },

      // An execution died with consumers stopped: they are started, and nothing else is done.
      ...looped('Restore', task('restore', {}), 'Restored'),
      Restored: { Type: 'Succeed' },

      Lift: task('lift', { Next: 'Lifted' }),
      Lifted: { Type: 'Succeed' },
    },
  };
}
