/** What stops a task of a re-encryption: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  DatabaseUnavailableError,
  ForeignSecretError,
  InvalidRequestError,
  NoJobError,
  PreflightRefusedError,
  RowsLoginError,
  TargetRefusedError,
  UnknownStoreError,
} from '../../../../lambdas/reencryption/tasks/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InvalidRequestError',
    'ERR_ROTATION_INVALID_REQUEST',
    'The request has no task; expected { task, execution, progress } as the machine sends it, or an operation as the command line does. Nothing was done.',
    new InvalidRequestError('has no task'),
  ],
  [
    'ForeignSecretError',
    'ERR_ROTATION_FOREIGN_SECRET',
    "The request names a secret that is not this function's; expected pharmacy/prod/pii, by name and full ARN. Nothing was done: start the execution with the function of that secret.",
    new ForeignSecretError('pharmacy/prod/pii'),
  ],
  [
    'TargetRefusedError',
    'ERR_ROTATION_TARGET_REFUSED',
    'The rows of pharmacy/prod/pii cannot move: k2 is compromised. Rotate.',
    new TargetRefusedError('pharmacy/prod/pii', 'k2 is compromised', 'Rotate.'),
  ],
  [
    'PreflightRefusedError',
    'ERR_ROTATION_PREFLIGHT_REFUSED',
    'The rows of pharmacy/prod/pii do not move: found noPrimaryKey, noRight; expected nothing that blocks. No row was changed. quarterturn reencrypt status and dry-run say which tables and columns; mend them, then quarterturn reencrypt resume.',
    new PreflightRefusedError('pharmacy/prod/pii', ['noPrimaryKey', 'noRight']),
  ],
  [
    'RowsLoginError',
    'ERR_ROTATION_ROWS_LOGIN',
    'AWSCURRENT of the secret with the login that rewrites rows is missing, or no JSON document with username and password; expected one as a database rotation leaves it. Make its first value: quarterturn rotate.',
    new RowsLoginError(),
  ],
  [
    'DatabaseUnavailableError',
    'ERR_ROTATION_DATABASE_UNAVAILABLE',
    'db.internal does not answer. Nothing that was written is lost: the ledger says how far the job is.',
    new DatabaseUnavailableError('db.internal does not answer.'),
  ],
  [
    'NoJobError',
    'ERR_ROTATION_NO_JOB',
    'Secret pii has no re-encryption to sign anything off for; expected one that is active. Nothing was changed: quarterturn reencrypt status.',
    new NoJobError('pii'),
  ],
  [
    'UnknownStoreError',
    'ERR_ROTATION_UNKNOWN_STORE',
    'Store dumps is not declared; expected one of backups, exports. Nothing was recorded: declare it in rotation.config.ts and deploy, or correct its name.',
    new UnknownStoreError('dumps', ['backups', 'exports']),
  ],
  [
    'UnknownStoreError',
    'ERR_ROTATION_UNKNOWN_STORE',
    'Store dumps is not declared; expected one of none. Nothing was recorded: declare it in rotation.config.ts and deploy, or correct its name.',
    new UnknownStoreError('dumps', []),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
