/** Why a new key is not made or promoted: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  CanaryError,
  DatabaseCredentialError,
  EncryptionDeploymentError,
  EncryptionPreflightError,
} from '../../../lambdas/encryption/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'EncryptionPreflightError',
    'ERR_ROTATION_ENCRYPTION_PREFLIGHT',
    '2 finding(s) before a new key: notes.body is missing; notes has no primary key. Correct the database or the declared columns, then rotate again.',
    new EncryptionPreflightError(['notes.body is missing', 'notes has no primary key']),
  ],
  [
    'CanaryError',
    'ERR_ROTATION_CANARY',
    'Canary of the encryption keyset: k1 opens nothing. The value is not promoted; AWSCURRENT stays.',
    new CanaryError('k1 opens nothing'),
  ],
  [
    'DatabaseCredentialError',
    'ERR_ROTATION_DATABASE_CREDENTIAL',
    'The companion secret "database" has no text in username and password, AWS\'s keys for them; expected both. Rotate that secret, then this one again.',
    new DatabaseCredentialError('database'),
  ],
  [
    'EncryptionDeploymentError',
    'ERR_ROTATION_ENCRYPTION_DEPLOYMENT',
    'columns.json is missing; deploy the stack again.',
    new EncryptionDeploymentError('columns.json is missing'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
