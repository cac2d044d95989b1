/** What stops the engine that re-encrypts: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  JobActiveError,
  JobFencedError,
  RangeLostError,
  SelfCheckError,
  StepOrderError,
  TooManyQuarantinedError,
} from '../../../lambdas/reencryption/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'JobFencedError',
    'ERR_ROTATION_JOB_FENCED',
    'Re-encryption job j1 may not write any more: found epoch 3, expected epoch 2. Nothing of this batch was written; the job that replaced it goes on.',
    new JobFencedError('j1', 'epoch 3', 'epoch 2'),
  ],
  [
    'JobActiveError',
    'ERR_ROTATION_JOB_ACTIVE',
    'Secret pii has an active re-encryption job (j1). Wait until it is verified; an emergency or a rollback closes it first.',
    new JobActiveError('pii', 'j1'),
  ],
  [
    'RangeLostError',
    'ERR_ROTATION_RANGE_LOST',
    'Range r7 belongs to another worker now; nothing of this batch was written.',
    new RangeLostError('r7'),
  ],
  [
    'TooManyQuarantinedError',
    'ERR_ROTATION_TOO_MANY_QUARANTINED',
    '101 values are quarantined, the limit is 100: look at their reasons (quarterturn reencrypt quarantine) before the job goes on.',
    new TooManyQuarantinedError(101, 100),
  ],
  [
    'SelfCheckError',
    'ERR_ROTATION_SELF_CHECK',
    "A value of notes.body, just sealed, does not open to the same plaintext. Nothing of this batch was written; stop the job and look at this function's runtime.",
    new SelfCheckError('notes.body'),
  ],
  [
    'StepOrderError',
    'ERR_ROTATION_STEP_ORDER',
    'nothing is proven yet',
    new StepOrderError('nothing is proven yet'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
