/** Why fingerprints are not given: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  FingerprintsNotTakenError,
  FingerprintsQuestionError,
} from '../../../lambdas/fingerprints/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'FingerprintsQuestionError',
    'ERR_ROTATION_FINGERPRINTS_QUESTION',
    'The question for fingerprints does not fit: scanKey; expected {"operation":"fingerprints","scanKey":"<64 hex digits>","secrets":["<key>", …]} with at most ten keys of this deployment. Ask with `quarterturn scan`.',
    new FingerprintsQuestionError('scanKey'),
  ],
  [
    'FingerprintsNotTakenError',
    'ERR_ROTATION_FINGERPRINTS_NOT_TAKEN',
    'The fingerprints of db could not be taken: AccessDenied; expected every labelled version of it to be readable by this function. Correct that, or name the other secrets alone: quarterturn scan --secret <key>.',
    new FingerprintsNotTakenError('db', 'AccessDenied'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
