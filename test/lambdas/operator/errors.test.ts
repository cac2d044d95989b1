/** What the operator refuses: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  BootstrapBlockedError,
  InvalidCredentialError,
  InvalidRequestError,
  LoginNotProvenError,
  NobodyExecutesError,
  OperatorDeploymentError,
  PlanChangedError,
  StillUnpreparedError,
  UnknownDatabaseError,
  UnknownRowsError,
} from '../../../lambdas/operator/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InvalidRequestError',
    'ERR_ROTATION_INVALID_EVENT',
    'The request has no secret; expected { operation, secret } of planBootstrap or planRows, or { operation, secret, digest } of executeBootstrap or executeRows. Nothing was done.',
    new InvalidRequestError('has no secret'),
  ],
  [
    'UnknownDatabaseError',
    'ERR_ROTATION_UNKNOWN_DATABASE',
    'The request names a secret that is no database of this network; expected one of db, stock. Nothing was done.',
    new UnknownDatabaseError(['db', 'stock']),
  ],
  [
    'UnknownRowsError',
    'ERR_ROTATION_UNKNOWN_ROWS',
    'The request names a secret whose rows are re-encrypted by no role of this network; expected a deployment with `reencryption` for it. Nothing was done.',
    new UnknownRowsError([]),
  ],
  [
    'UnknownRowsError',
    'ERR_ROTATION_UNKNOWN_ROWS',
    'The request names a secret whose rows are re-encrypted by no role of this network; expected one of pii, notes. Nothing was done.',
    new UnknownRowsError(['pii', 'notes']),
  ],
  [
    'OperatorDeploymentError',
    'ERR_ROTATION_OPERATOR_DEPLOYMENT',
    'databases.json is missing; deploy the stack again.',
    new OperatorDeploymentError('databases.json is missing'),
  ],
  [
    'InvalidCredentialError',
    'ERR_ROTATION_CREDENTIAL_INVALID',
    'The secret pharmacy/prod/admin has no JSON value; expected a JSON document with username and password of a role on the deployed host. No connection was made.',
    new InvalidCredentialError('pharmacy/prod/admin', 'has no JSON value'),
  ],
  [
    'NobodyExecutesError',
    'ERR_ROTATION_NO_BOOTSTRAP',
    'The deployment names no `bootstrap` secret for pharmacy/prod/db, so this function may change nothing: a person runs the statements of the plan.',
    new NobodyExecutesError('pharmacy/prod/db'),
  ],
  [
    'BootstrapBlockedError',
    'ERR_ROTATION_BOOTSTRAP_BLOCKED',
    'Nothing was changed. app owns tables. app is a superuser.',
    new BootstrapBlockedError(['app owns tables.', 'app is a superuser.']),
  ],
  [
    'PlanChangedError',
    'ERR_ROTATION_PLAN_CHANGED',
    'The cluster is not what it was when this plan was confirmed; nothing was changed. Look at the new plan, and confirm that one.',
    new PlanChangedError(),
  ],
  [
    'LoginNotProvenError',
    'ERR_ROTATION_LOGIN_NOT_PROVEN',
    'db.internal refuses app_a although its verifier was just set and its password stored; expected the login to succeed. Check pg_hba.conf and that the host is the writer, then run the same again.',
    new LoginNotProvenError('app_a', 'db.internal'),
  ],
  [
    'StillUnpreparedError',
    'ERR_ROTATION_STILL_UNPREPARED',
    'Every statement was executed, and this is missing all the same: SELECT on orders; USAGE on public. Everything was rolled back. Expected a role whose grants count; have the owner of these objects run the plan.',
    new StillUnpreparedError(['SELECT on orders', 'USAGE on public']),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
