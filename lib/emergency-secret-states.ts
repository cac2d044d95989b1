/**
 * The states of one secret in an emergency, the processor of a Map: whatever fails is its own and is noted, the others
 * go on.
 *
 *   Prepare → [to rotate: Preempt → Rotate ⟲ → Promoted ⟲] → [to follow: Follow → Proven ⟲] → SecretOver
 *           → [drill: Look → Looked]                                 any failure → SecretFailed → SecretOver
 */
import { caughtBy, lambdaRetry, type State, whether } from './states-language.ts';

export interface SecretStatesProps {
  /** A task of `lambdas/emergency`. */
  readonly task: (name: string, rest: State, progress?: State) => State;
}

/** A rotation function ends within 120 s. */
const functionSeconds = 130;

const go = (what: string, Next: string): State => ({
  Variable: '$.go',
  StringEquals: what,
  Next,
});

export function secretStates({ task }: SecretStatesProps): {
  StartAt: string;
  States: Record<string, State>;
} {
  const guarded = (name: string, Next: string): State =>
    task(name, { Catch: caughtBy('SecretFailed'), Next });
  /** As long as the task says: the more secrets, the fewer looks each has. */
  const pause = (Next: string): State => ({ Type: 'Wait', SecondsPath: '$.waitSeconds', Next });
  /** An operation of the secret's own function, which alone reaches its target. Its failure is told, and not fatal. */
  const operation = (Payload: State, at: string, Next: string): State => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { 'FunctionName.$': '$.function', Payload },
    ResultSelector: { 'answer.$': '$.Payload' },
    ResultPath: `$.${at}`,
    TimeoutSeconds: functionSeconds,
    Retry: [lambdaRetry],
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: `$.${at}`, Next }],
    Next,
  });

  return {
    StartAt: 'Prepare',
    States: {
      Prepare: guarded('prepare', 'WhatToDo'),
      WhatToDo: {
        Type: 'Choice',
        Choices: [
          go('rotate', 'Preempt'),
          go('wait', 'Promoted'),
          go('follow', 'Follow'),
          go('look', 'Look'),
        ],
        Default: 'SecretOver',
      },

      Preempt: operation(
        { operation: 'preempt', 'token.$': '$.token', 'owner.$': '$.owner' },
        'preempt',
        'Rotate',
      ),
      Rotate: guarded('rotate', 'IsAsked'),
      // Another rotation began in between: it gives way, too.
      IsAsked: whether('asked', 'WaitForPromotion', 'WaitToPreempt'),
      WaitToPreempt: pause('Preempt'),
      WaitForPromotion: pause('Promoted'),
      Promoted: guarded('promoted', 'IsPromoted'),
      IsPromoted: whether('promoted', 'Follow', 'WaitForPromotion'),

      Follow: guarded('follow', 'WaitForProof'),
      WaitForProof: pause('Proven'),
      Proven: guarded('proven', 'IsProven'),
      IsProven: whether('proven', 'SecretOver', 'WaitForProof'),

      Look: operation({ operation: 'diagnose' }, 'look', 'Looked'),
      Looked: guarded('looked', 'SecretOver'),

      SecretFailed: task(
        'secretFailed',
        {
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.notNoted', Next: 'SecretOver' }],
          Next: 'SecretOver',
        },
        { 'id.$': '$.id', 'key.$': '$.key', 'drill.$': '$.drill', 'error.$': '$.error' },
      ),
      SecretOver: { Type: 'Pass', Result: {}, End: true },
    },
  };
}
