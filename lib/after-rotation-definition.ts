/**
 * The AfterRotation machine in Amazon States Language, JSONPath.
 *
 *   Begin → Settled ⟲ → [copies: Sync]
 *         → [published key: WaitForReaders → round publish → Activate → Activated ⟲ → [copies: SyncAgain]]
 *         → [consumers behind RDS Proxy: ProveProxy ⟲]
 *         → round use → [WaitForUse → round confirm] → [database: ProveOld]
 *         → Audit → [rows follow: Reencrypt] → Finish
 *
 *   [emergency, in the place of that up to the rounds: Begin → Settled ⟲ → [two roles: Retire] → [ProveProxy ⟲]
 *         → [database: ProveOldFirst] → RecordProof → [copies: SyncProven] → [asked for by the machine of
 *           emergencies: AwaitConsumers ⟲, which may take the place of the round use]]
 *
 *   [maintenance: a published key is activated when every row is under it; until then Maintain starts the
 *    re-encryption and hands over to it: HandedOver. Consumers were stopped: StartConsumers takes the place of the
 *    rounds publish and use]                                                  any failure → Stop
 *
 * Rows are rewritten last: a reader that learns only by a start, or that has the secret in its cache, must be able to
 * open what is sealed with the new key before the first row is. The rounds are in after-rotation-rounds.ts, what an
 * emergency proves first in after-rotation-proof.ts.
 *
 * A Standard workflow: an execution is found by its name, the version's id, and is started once.
 */

import { answeringEvidence, proofStates, proveOld } from './after-rotation-proof.ts';
import { type RolloutStates, roundStates } from './after-rotation-rounds.ts';
import {
  caughtBy,
  functionDied,
  lambdaRetry,
  roomTask,
  type State,
  untilAnswered,
  untilConsumersMoved,
  untilHookAnswers,
  wait,
  whether,
  whetherGiven,
} from './states-language.ts';

export interface DefinitionProps {
  readonly taskFunctionArn: string;
  /** The longest bound of any reader's cache, which a published key waits for. */
  readonly longestWaitSeconds: number;
  /** Absent: nothing restarts a consumer of this deployment or asks it. */
  readonly rollout?: (RolloutStates & { readonly longestSeconds: number }) | undefined;
  /** ARN of the function that writes copies; absent: there are none. */
  readonly syncFunctionArn?: string | undefined;
}

/** Seconds between two looks at a rotation; the task counts them and gives up after 120. */
const pollSeconds = 5;

/** A task's function ends within 60 s. */
const taskSeconds = 70;
/** A copy's place may be down for a moment; what it answered is in the error. */
const UntilTargetAnswers = {
  ErrorEquals: ['SyncTargetError'],
  IntervalSeconds: 15,
  MaxAttempts: 8,
  BackoffRate: 1,
};
const UntilRedeployed = {
  ErrorEquals: ['RedeployError'],
  IntervalSeconds: 10,
  MaxAttempts: 3,
  BackoffRate: 2,
};
/** The function that writes copies ends within 120 s. */
const syncSeconds = 130;

/** Without the waits for readers, and without consumers. */
const machineSeconds = 2 * 3600;
/** An hour of looks (lambdas/after-rotation/tasks/await-consumers.ts), and what each of them takes. */
const awaitSeconds = 3 * 3600;

const Retry = [lambdaRetry, functionDied, untilAnswered];
const Catch = caughtBy('Stop');

export function afterRotationDefinition({
  taskFunctionArn,
  longestWaitSeconds,
  rollout,
  syncFunctionArn,
}: DefinitionProps): State {
  const task = (name: string, next: State): State =>
    roomTask(
      { functionArn: taskFunctionArn, task: name, timeoutSeconds: taskSeconds },
      { Retry, ...next },
    );
  const guarded = (name: string, Next: string) => task(name, { Catch, Next });
  /** An operation of the secret's own function. */
  const operation = (Payload: State, rest: State): State => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { 'FunctionName.$': '$.rotationFunction', Payload },
    Retry: [lambdaRetry],
    Catch,
    ...rest,
  });
  const sync = (version: string, answer: string, Next: string): State => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: {
      FunctionName: syncFunctionArn,
      Payload: {
        task: 'sync',
        'execution.$': '$$.Execution.Id',
        progress: {
          'secretArn.$': '$.secretArn',
          'secretName.$': '$.secretName',
          'versionId.$': version,
        },
      },
    },
    ResultSelector: { 'evidence.$': '$.Payload.evidence' },
    ResultPath: answer,
    TimeoutSeconds: syncSeconds,
    Retry: [...Retry, UntilTargetAnswers],
    Catch,
    Next,
  });
  const copied = syncFunctionArn !== undefined;
  const rolledOut = rollout !== undefined;
  const consumers = rolledOut ? 'HasConsumers' : 'HasOldCredential';

  return {
    Comment: 'After a rotation: copies, consumers, activation, proof, rows; or back',
    StartAt: 'Begin',
    // Once before a published key is activated, once before its use is confirmed.
    TimeoutSeconds:
      machineSeconds +
      2 * longestWaitSeconds +
      3 * (rollout?.longestSeconds ?? 0) +
      (rolledOut ? awaitSeconds : 0),
    States: {
      Begin: guarded('begin', 'IsOurs'),
      IsOurs: {
        Type: 'Choice',
        Choices: [{ Variable: '$.outcome', StringEquals: 'begun', Next: 'Settled' }],
        Default: 'NothingToDo',
      },

      Settled: guarded('settled', 'IsSettled'),
      IsSettled: whether('settled', 'IsProvenFirst', 'WaitUntilSettled'),
      WaitUntilSettled: wait(pollSeconds, 'Settled'),
      // The task function of the release before leaves it out.
      IsProvenFirst: whetherGiven(
        'proveFirst',
        'HasRoleToRetire',
        copied ? 'HasCopies' : 'HasPublishedKey',
      ),
      ...(copied && {
        HasCopies: whetherGiven('sync', 'Sync', 'HasPublishedKey'),
        Sync: sync('$.versionId', '$.copies', 'HasPublishedKey'),
      }),

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
      WaitForReaders: {
        Type: 'Wait',
        SecondsPath: '$.waitSeconds',
        Next: rolledOut ? 'HasReadersToPrepare' : 'Activate',
      },
      ...(rolledOut && {
        HasReadersToPrepare: whetherGiven('rollout', 'PublishRound', 'Activate'),
      }),
      Activate: guarded('activate', 'WaitUntilActivated'),
      WaitUntilActivated: wait(pollSeconds, 'Activated'),
      Activated: guarded('activated', 'IsActivated'),
      IsActivated: whether(
        'settled',
        copied ? 'HasCopiesAgain' : 'HasRoleToRetire',
        'WaitUntilActivated',
      ),
      ...(copied && {
        HasCopiesAgain: whetherGiven('sync', 'SyncAgain', 'HasRoleToRetire'),
        SyncAgain: sync('$.activation', '$.copiesAgain', 'HasRoleToRetire'),
      }),

      ...proofStates({
        guarded,
        operation,
        proven: copied ? 'HasCopiesOfProven' : consumers,
        otherwise: consumers,
      }),
      ...(copied && {
        HasCopiesOfProven: whetherGiven('sync', 'SyncProven', consumers),
        SyncProven: sync('$.versionId', '$.copies', consumers),
      }),

      ...(rolledOut && {
        HasConsumers: whetherGiven('rollout', 'IsOfAnEmergency', 'HasOldCredential'),
        IsOfAnEmergency: whetherGiven('awaits', 'AwaitConsumers', 'WereConsumersStopped'),
        AwaitConsumers: guarded('awaitConsumers', 'AreConsumersAwaited'),
        AreConsumersAwaited: whether('waiting', 'WaitForConsumers', 'HaveConsumersStarted'),
        WaitForConsumers: wait(pollSeconds, 'AwaitConsumers'),
        HaveConsumersStarted: whether('started', 'HasConsumersToAsk', 'WereConsumersStopped'),
        WereConsumersStopped: whetherGiven('maintenance', 'StartConsumers', 'IsToRedeploy'),
        StartConsumers: task('reencrypt', {
          Retry: [...Retry, untilHookAnswers, untilConsumersMoved],
          Catch,
          Next: 'HasConsumersToAsk',
        }),
        // Of a rollback: the release from before, where it has to go back with the value.
        IsToRedeploy: whetherGiven('redeploy', 'Redeploy', 'UseRound'),
        Redeploy: task('redeploy', {
          Retry: [...Retry, UntilRedeployed],
          Catch: [
            { ErrorEquals: ['RedeployError'], ResultPath: '$.error', Next: 'NotRedeployed' },
            ...Catch,
          ],
          Next: 'UseRound',
        }),
        // Consumers may hold a value that nothing accepts any more: they are not kept waiting.
        NotRedeployed: {
          Type: 'Pass',
          Result: { evidence: [{ fact: 'redeployNotAccepted' }] },
          ResultPath: '$.redeployed',
          Next: 'UseRound',
        },
        HasConsumersToAsk: whetherGiven('confirm', 'WaitForUse', 'HasOldCredential'),
        // Whoever read the secret right before the activation uses the new value only when it reads again.
        WaitForUse: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'ConfirmRound' },
        ...roundStates({
          ...rollout,
          guarded,
          pollSeconds,
          after: {
            publish: 'Activate',
            use: 'HasConsumersToAsk',
            confirm: 'HasOldCredential',
          },
        }),
      }),

      HasOldCredential: whetherGiven('proveOld', 'ProveOld', 'Audit'),
      ProveOld: operation(proveOld, { ...answeringEvidence('$.old'), Next: 'Audit' }),

      Audit: guarded('audit', 'HasRowsToFollow'),
      HasRowsToFollow: whetherGiven('reencrypt', 'Reencrypt', 'Finish'),
      Reencrypt: task('reencrypt', {
        Retry: [...Retry, untilHookAnswers, untilConsumersMoved],
        Catch,
        Next: 'Finish',
      }),
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
