/** What a rotation of a database login is refused for: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  CompromisedCredentialError,
  CredentialNotAcceptedError,
  DatabaseTestFailedError,
  InvalidAdminError,
  InvalidDatabaseValueError,
  InvalidOperationError,
  InvalidSettingsError,
  NotApplicableError,
  PendingMissingError,
  PoolerRefusedError,
  ProxyNotReadyError,
  ReadOnlyServerError,
  RestoreRefusedError,
  RoleInUseError,
  RoleRefusedError,
} from '../../../lambdas/database/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InvalidDatabaseValueError',
    'ERR_ROTATION_DATABASE_VALUE',
    'The field host is missing; expected a host name. No connection was made: correct the value, or the deployment, whichever is wrong.',
    new InvalidDatabaseValueError('host', 'is missing', 'a host name'),
  ],
  [
    'InvalidSettingsError',
    'ERR_ROTATION_DATABASE_SETTINGS',
    'SCHEME does not fit',
    new InvalidSettingsError('SCHEME does not fit'),
  ],
  [
    'InvalidAdminError',
    'ERR_ROTATION_ADMIN_INVALID',
    'The admin secret has no username; expected { username, password } of a rotator role on the same server that no secret of this deployment rotates with its own password.',
    new InvalidAdminError('has no username'),
  ],
  [
    'NotApplicableError',
    'ERR_ROTATION_NOT_APPLICABLE',
    'A database secret has no "publish": a credential is set, tested and promoted in one rotation. Use planned, rollback or emergency.',
    new NotApplicableError('publish'),
  ],
  [
    'RestoreRefusedError',
    'ERR_ROTATION_RESTORE_REFUSED',
    'This credential cannot be restored: its role is in use. No labelled version holds one that can; start a planned rotation instead.',
    new RestoreRefusedError('its role is in use', undefined),
  ],
  [
    'RestoreRefusedError',
    'ERR_ROTATION_RESTORE_REFUSED',
    'This credential cannot be restored: its role is in use. The nearest that can is v1: roll back to the version that holds it.',
    new RestoreRefusedError('its role is in use', 'v1'),
  ],
  [
    'CompromisedCredentialError',
    'ERR_ROTATION_COMPROMISED_MATERIAL',
    'The credential of v1 is recorded as compromised and is never set again. Rotate instead.',
    new CompromisedCredentialError('The credential of v1'),
  ],
  [
    'RoleRefusedError',
    'ERR_ROTATION_ROLE_REFUSED',
    'The role app_a is a superuser: nothing was changed. Take that away.',
    new RoleRefusedError('app_a', 'is a superuser', 'Take that away.'),
  ],
  [
    'RoleInUseError',
    'ERR_ROTATION_ROLE_IN_USE',
    'app_a is the role AWSCURRENT logs in with; expected the other one. Nothing was changed, because every consumer would be refused at once.',
    new RoleInUseError('app_a'),
  ],
  [
    'ReadOnlyServerError',
    'ERR_ROTATION_READ_ONLY_SERVER',
    "db.internal is a standby; expected the writer endpoint. Correct the deployment's host.",
    new ReadOnlyServerError('db.internal'),
  ],
  [
    'CredentialNotAcceptedError',
    'ERR_ROTATION_CREDENTIAL_NOT_ACCEPTED',
    'db.internal refuses app_a although its verifier was just set; expected the login probe to succeed. Check that host and maintenance database belong to one cluster, and run the step again.',
    new CredentialNotAcceptedError('app_a', 'db.internal'),
  ],
  [
    'DatabaseTestFailedError',
    'ERR_ROTATION_TEST_FAILED',
    'A session of app_a reads no table. Grant it.',
    new DatabaseTestFailedError('app_a', 'reads no table', 'Grant it.'),
  ],
  [
    'PoolerRefusedError',
    'ERR_ROTATION_POOLER_REFUSED',
    'PgBouncer at pool.internal:6432 does not let app_a in (28P01), although the server itself accepts the credential; expected a login and a query. Nothing was promoted. PgBouncer must read verifiers from the server (auth_query), because a userlist.txt is stale after every rotation: docs/connections.md. The rotation goes on when the step is tried again.',
    new PoolerRefusedError('pool.internal:6432', 'app_a', '28P01'),
  ],
  [
    'ProxyNotReadyError',
    'ERR_ROTATION_PROXY_NOT_READY',
    'RDS Proxy at proxy.internal does not let app_a in with AWSCURRENT (28000), although the server itself accepts it; expected a login and a query. Check that the proxy is registered with this secret, and that its role may read the secret and use its key: docs/connections.md. Then resume the AfterRotation.',
    new ProxyNotReadyError('proxy.internal', 'app_a', '28000'),
  ],
  [
    'PendingMissingError',
    'ERR_ROTATION_PENDING_MISSING',
    'setSecret was called without a pending value; expected the one createSecret stored.',
    new PendingMissingError(),
  ],
  [
    'InvalidOperationError',
    'ERR_ROTATION_INVALID_EVENT',
    'The operation is unknown.',
    new InvalidOperationError('The operation is unknown.'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
