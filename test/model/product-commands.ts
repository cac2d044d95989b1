/** What may be done to a secret of the product, as data. */
import fc from 'fast-check';
import type { FaultKind } from '../in-process/faults.ts';
import { type Step, steps } from './secret-state.ts';

export type ProductCommand =
  /** RotateSecret, after its intent is recorded; `console`: nothing is recorded. `followed`: the one before has had its AfterRotation. */
  | { do: 'rotate'; intent: 'planned' | 'activate' | 'console'; followed: boolean }
  /** A rotation that stands half done, and nobody is at work on it: what is asked next is mostly asked of such a one. */
  | { do: 'half'; done: Exclude<Step, 'finishSecret'> }
  /** As the machines do: the way is cleared for a token, whose rotation follows. `dies`: no further than its lease. */
  | { do: 'machine'; intent: 'rollback' | 'emergency'; dies: boolean }
  /** A step that nobody expects: repeated, out of order, of a version that is not pending. */
  | { do: 'step'; step: Step; token: 'pending' | 'current' | 'previous' | 'stray' }
  | { do: 'resume'; step: Step }
  /** `cancelled`: the rotation is switched off before, so that it cannot be resumed. */
  | { do: 'abandon'; cancelled: boolean }
  /** An operator's, or the console's. */
  | { do: 'cancel' }
  /** The current value once more, under a version of its own: AWSCURRENT moves, and no rotation knows. */
  | { do: 'edit' }
  /** Somebody goes back by hand: AWSCURRENT moves to AWSPREVIOUS. */
  | { do: 'moveBack' }
  | { do: 'finishAfterRotation' }
  /** The next such call meets this. */
  | { do: 'fault'; at: string; kind: FaultKind }
  | { do: 'wait'; minutes: number };

/** Calls where something may be half done. The crash matrix has them all; here they meet in any order. */
const calls: Readonly<Record<string, readonly string[]>> = {
  createSecret: [
    'secretsManager.describe',
    'secretsManager.putPending',
    'controlTable.fixRotation',
    'controlTable.updateRotation',
    'kmsRandom.bytes',
  ],
  setSecret: ['secretsManager.getValue', 'controlTable.updateRotation', 'postgres.withSession'],
  testSecret: ['secretsManager.getValue', 'controlTable.updateRotation', 'postgres.withSession'],
  finishSecret: [
    'secretsManager.moveLabel',
    'controlTable.putAfterRotation',
    'controlTable.updateRotation',
  ],
  preempt: [
    'secretsManager.moveLabel',
    'secretsManager.cancelRotation',
    'controlTable.putLease',
    'postgres.withSession',
  ],
  abandon: ['secretsManager.moveLabel', 'controlTable.putLease'],
};
const sites = Object.entries(calls).flatMap(([during, of]) => of.map((it) => `${during}/${it}`));
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
      followed: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('machine' as const),
      intent: fc.constantFrom<'rollback' | 'emergency'>('rollback', 'emergency'),
      dies: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('half' as const),
      done: fc.constantFrom('createSecret' as const, 'setSecret' as const, 'testSecret' as const),
    }),
  },
  {
    weight: 6,
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
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('abandon' as const), cancelled: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'cancel' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'edit' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'moveBack' as const }) },
  { weight: 4, arbitrary: fc.constant({ do: 'finishAfterRotation' as const }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      at: fc.constantFrom(...sites),
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
