/**
 * The AfterRotation machine in Amazon States Language, JSONPath.
 *
 *   Begin → Settled ⟲ → [published key: Activate → Activated ⟲] → [emergency of a database: Retire]
 *         → [consumers behind RDS Proxy: ProveProxy ⟲] → Audit → Finish          any failure → Stop
 *
 * A Standard workflow: an execution is found by its name, the version's id, and is started once.
 */
export interface DefinitionProps {
  readonly taskFunctionArn: string;
}

type State = Readonly<Record<string, unknown>>;

/** Seconds between two looks at a rotation; the task counts them and gives up after 120. */
const pollSeconds = 5;

/** A task's function ends within 60 s, a role is closed only when its last session has ended. */
const taskSeconds = 70;
const retireSeconds = 900;
/** A rotation function ends within 120 s. */
const proveSeconds = 130;

/** RDS Proxy reads the secret again on its own time; ten minutes of refusals are a finding, not a delay. */
const UntilProxyIsReady = {
  ErrorEquals: ['ProxyNotReadyError', 'PostgresUnreachableError'],
  IntervalSeconds: 15,
  MaxAttempts: 40,
  BackoffRate: 1,
};
const machineSeconds = 2 * 3600;

/** What AWS says to retry (Step Functions guide, "Handle transient Lambda service exceptions"). */
const Retry = [
  {
    ErrorEquals: [
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.TooManyRequestsException',
    ],
    IntervalSeconds: 2,
    MaxAttempts: 6,
    BackoffRate: 2,
  },
];
const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Stop' }];

export function afterRotationDefinition({ taskFunctionArn }: DefinitionProps): State {
  const task = (name: string, next: State): State => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: {
      FunctionName: taskFunctionArn,
      Payload: { task: name, 'execution.$': '$$.Execution.Id', 'progress.$': '$' },
    },
    OutputPath: '$.Payload',
    TimeoutSeconds: taskSeconds,
    Retry,
    ...next,
  });
  const guarded = (name: string, Next: string) => task(name, { Catch, Next });

  return {
    Comment: 'After a rotation: wait for the service, activate, retire, prove, finish',
    StartAt: 'Begin',
    TimeoutSeconds: machineSeconds,
    States: {
      Begin: guarded('begin', 'IsOurs'),
      IsOurs: {
        Type: 'Choice',
        Choices: [{ Variable: '$.outcome', StringEquals: 'begun', Next: 'Settled' }],
        Default: 'NothingToDo',
      },

      Settled: guarded('settled', 'IsSettled'),
      IsSettled: whether('settled', 'HasPublishedKey', 'WaitUntilSettled'),
      WaitUntilSettled: wait('Settled'),

      HasPublishedKey: whether('activate', 'Activate', 'HasRoleToRetire'),
      Activate: guarded('activate', 'WaitUntilActivated'),
      WaitUntilActivated: wait('Activated'),
      Activated: guarded('activated', 'IsActivated'),
      IsActivated: whether('settled', 'HasRoleToRetire', 'WaitUntilActivated'),

      HasRoleToRetire: whether('retire', 'Retire', 'IsBehindProxy'),
      Retire: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: {
          'FunctionName.$': '$.rotationFunction',
          Payload: {
            operation: 'retireRole',
            'leakedVersionId.$': '$.basedOn',
            'currentVersionId.$': '$.versionId',
          },
        },
        ResultPath: null,
        TimeoutSeconds: retireSeconds,
        Retry,
        Catch,
        Next: 'IsBehindProxy',
      },

      IsBehindProxy: {
        Type: 'Choice',
        Choices: [
          {
            // The task function of the release before leaves it out.
            And: [
              { Variable: '$.behindProxy', IsPresent: true },
              { Variable: '$.behindProxy', BooleanEquals: true },
            ],
            Next: 'ProveProxy',
          },
        ],
        Default: 'Audit',
      },
      ProveProxy: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: {
          'FunctionName.$': '$.rotationFunction',
          Payload: { operation: 'proveProxy', 'currentVersionId.$': '$.versionId' },
        },
        ResultSelector: { 'evidence.$': '$.Payload.evidence' },
        ResultPath: '$.proxy',
        TimeoutSeconds: proveSeconds,
        Retry: [...Retry, UntilProxyIsReady],
        Catch,
        Next: 'Audit',
      },

      Audit: guarded('audit', 'Finish'),
      Finish: guarded('finish', 'Finished'),
      Finished: { Type: 'Succeed' },
      NothingToDo: { Type: 'Succeed' },

      Stop: task('stop', { Next: 'Stopped' }),
      Stopped: {
        Type: 'Fail',
        Error: 'AfterRotationStopped',
        Cause: 'The AfterRotation record of this version says why: resume it, or roll back.',
      },
    },
  };
}

function whether(flag: string, yes: string, no: string): State {
  return {
    Type: 'Choice',
    Choices: [{ Variable: `$.${flag}`, BooleanEquals: true, Next: yes }],
    Default: no,
  };
}

function wait(Next: string): State {
  return { Type: 'Wait', Seconds: pollSeconds, Next };
}
