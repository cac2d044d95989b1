/**
 * The AfterRotation machine in Amazon States Language, JSONPath.
 *
 *   Begin → Settled ⟲ → [published key: WaitForReaders → Activate → Activated ⟲] → [emergency of a database: Retire]
 *         → [consumers behind RDS Proxy: ProveProxy ⟲] → Audit → [rows follow: Reencrypt] → Finish
 *   [maintenance: a published key is activated when every row is under it; until then Maintain starts the
 *    re-encryption and hands over to it: HandedOver]                               any failure → Stop
 *
 * A Standard workflow: an execution is found by its name, the version's id, and is started once.
 */
import {
  caughtBy,
  lambdaRetry,
  roomTask,
  type State,
  untilHookAnswers,
  wait,
  whether,
  whetherGiven,
} from './states-language.ts';

export interface DefinitionProps {
  readonly taskFunctionArn: string;
  /** The longest bound of any reader's cache, which a published key waits for. */
  readonly longestWaitSeconds: number;
}

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
/** Without the wait for readers. */
const machineSeconds = 2 * 3600;

const Retry = [lambdaRetry];
const Catch = caughtBy('Stop');

export function afterRotationDefinition({
  taskFunctionArn,
  longestWaitSeconds,
}: DefinitionProps): State {
  const task = (name: string, next: State): State =>
    roomTask({ functionArn: taskFunctionArn, task: name, timeoutSeconds: taskSeconds }, next);
  const guarded = (name: string, Next: string) => task(name, { Catch, Next });

  return {
    Comment: 'After a rotation: wait for the service, activate, retire, prove, re-encrypt, finish',
    StartAt: 'Begin',
    TimeoutSeconds: machineSeconds + longestWaitSeconds,
    States: {
      Begin: guarded('begin', 'IsOurs'),
      IsOurs: {
        Type: 'Choice',
        Choices: [{ Variable: '$.outcome', StringEquals: 'begun', Next: 'Settled' }],
        Default: 'NothingToDo',
      },

      Settled: guarded('settled', 'IsSettled'),
      IsSettled: whether('settled', 'HasPublishedKey', 'WaitUntilSettled'),
      WaitUntilSettled: wait(pollSeconds, 'Settled'),

      HasPublishedKey: whether('activate', 'IsMaintenance', 'HasRoleToRetire'),
      IsMaintenance: whetherGiven('maintenance', 'Maintain', 'HasWait'),
      Maintain: guarded('maintain', 'AreRowsUnderIt'),
      // The re-encryption starts this machine again when it has proven that they are.
      AreRowsUnderIt: whether('verified', 'Activate', 'HandedOver'),
      HandedOver: { Type: 'Succeed' },
      // The task function of the release before leaves it out.
      HasWait: {
        Type: 'Choice',
        Choices: [{ Variable: '$.waitSeconds', IsPresent: true, Next: 'WaitForReaders' }],
        Default: 'Activate',
      },
      // Whoever read the secret right before this version knows the key only when it reads again.
      WaitForReaders: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'Activate' },
      Activate: guarded('activate', 'WaitUntilActivated'),
      WaitUntilActivated: wait(pollSeconds, 'Activated'),
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

      // The task function of the release before leaves it out.
      IsBehindProxy: whetherGiven('behindProxy', 'ProveProxy', 'Audit'),
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

      Audit: guarded('audit', 'HasRowsToFollow'),
      HasRowsToFollow: whetherGiven('reencrypt', 'Reencrypt', 'Finish'),
      Reencrypt: task('reencrypt', { Retry: [...Retry, untilHookAnswers], Catch, Next: 'Finish' }),
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
