/** Why nobody says who read a secret: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  ForeignProgressError,
  InvalidAccessQuestionError,
} from '../../../lambdas/access-audit/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InvalidAccessQuestionError',
    'ERR_ROTATION_ACCESS_QUESTION_INVALID',
    'The question who read which secret is refused: from is later than to.',
    new InvalidAccessQuestionError('from is later than to'),
  ],
  [
    'ForeignProgressError',
    'ERR_ROTATION_ACCESS_PROGRESS_FOREIGN',
    'The progress that came with the question is of another question; expected the one that was answered to this question, unchanged. Ask without progress: the audit begins anew.',
    new ForeignProgressError('is of another question'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
