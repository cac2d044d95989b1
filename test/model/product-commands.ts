/** What may be done to a secret of the product, as data. */
import fc from 'fast-check';
import type { FaultKind } from '../in-process/faults.ts';
import { type Step, steps } from './secret-state.ts';

export type ProductCommand =
  /** RotateSecret, after its intent is recorded; `console`: nothing is recorded. */
  | { do: 'rotate'; intent: 'planned' | 'activate' | 'console' }
  /** As the machines do: the way is cleared for a token, whose rotation follows. */
  | { do: 'machine'; intent: 'rollback' | 'emergency' }
  /** A step that nobody expects: repeated, out of order, of a version that is not pending. */
  | { do: 'step'; step: Step; token: 'pending' | 'current' | 'previous' | 'stray' }
  | { do: 'resume'; step: Step }
  | { do: 'abandon' }
  /** An operator's, or the console's. */
  | { do: 'cancel' }
  /** The current value once more, under a version of its own: AWSCURRENT moves, and no rotation knows. */
  | { do: 'edit' }
  | { do: 'finishAfterRotation' }
  /** The next such call meets this. */
  | { do: 'fault'; at: string; kind: FaultKind }
  | { do: 'wait'; minutes: number };

const calls = [
  'secretsManager.describe',
  'secretsManager.getValue',
  'secretsManager.putPending',
  'secretsManager.moveLabel',
  'secretsManager.cancelRotation',
  'controlTable.getRotation',
  'controlTable.fixRotation',
  'controlTable.updateRotation',
  'controlTable.putAfterRotation',
  'controlTable.putLease',
  'controlTable.getLease',
  'kmsRandom.bytes',
];
const kinds: readonly FaultKind[] = [
  'before',
  'after',
  'twice',
  'diedBefore',
  'diedAfter',
  'retryable',
];

const step = fc.constantFrom(...steps);

export const productCommands: fc.Arbitrary<ProductCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('rotate' as const),
      intent: fc.constantFrom<'planned' | 'activate' | 'console'>('planned', 'activate', 'console'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('machine' as const),
      intent: fc.constantFrom<'rollback' | 'emergency'>('rollback', 'emergency'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('step' as const),
      step,
      token: fc.constantFrom<'pending' | 'current' | 'previous' | 'stray'>(
        'pending',
        'pending',
        'current',
        'previous',
        'stray',
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const), step }) },
  { weight: 1, arbitrary: fc.constant({ do: 'abandon' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'cancel' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'edit' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'finishAfterRotation' as const }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      at: fc
        .tuple(fc.constantFrom(...steps, 'preempt', 'abandon', 'resume'), fc.constantFrom(...calls))
        .map(([during, call]) => `${during}/${call}`),
      kind: fc.constantFrom(...kinds),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      minutes: fc.constantFrom(1, 7, 70, 25 * 60),
    }),
  },
);
