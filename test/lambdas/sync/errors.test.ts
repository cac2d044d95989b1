/** Why copies are not made: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  CopyTooLargeError,
  CredentialMissingError,
  FieldMissingError,
  ForeignSecretError,
  InvalidSyncTaskError,
  NoTimeLeftError,
  ReadBackError,
  SupersededError,
  SyncRefusedError,
  SyncTargetError,
  UnexpectedError,
  WebhookRefusedError,
} from '../../../lambdas/sync/errors.ts';

const failed = [
  { target: 'ssm /api', found: 'AccessDenied', message: 'Grant it.' },
  { target: 'github', found: 'ERR_ROTATION_GITHUB 403', message: 'Renew the token.' },
];

test.each<[string, string, string, Error]>([
  [
    'InvalidSyncTaskError',
    'ERR_ROTATION_INVALID_TASK',
    'The task\'s input does not fit in progress; expected { task: "sync", execution, progress: { secretArn, secretName, versionId } } as the AfterRotation machine sends it. Nothing was copied.',
    new InvalidSyncTaskError('progress'),
  ],
  [
    'InvalidSyncTaskError',
    'ERR_ROTATION_INVALID_TASK',
    'The task\'s input does not fit in its shape; expected { task: "sync", execution, progress: { secretArn, secretName, versionId } } as the AfterRotation machine sends it. Nothing was copied.',
    new InvalidSyncTaskError(''),
  ],
  [
    'ForeignSecretError',
    'ERR_ROTATION_FOREIGN_SECRET',
    "The task's secretArn is not the full ARN of its secretName in this account and region; expected the one describe-secret shows. Nothing was copied.",
    new ForeignSecretError(),
  ],
  [
    'SupersededError',
    'ERR_ROTATION_SUPERSEDED',
    'AWSCURRENT is v3; expected v2. A later rotation took its place while copies were written; they were written again with what is current now.',
    new SupersededError('v2', 'v3', true),
  ],
  [
    'SupersededError',
    'ERR_ROTATION_SUPERSEDED',
    'AWSCURRENT is absent; expected v2. A later rotation took its place and makes the copies itself. Nothing was copied.',
    new SupersededError('v2', undefined, false),
  ],
  [
    'FieldMissingError',
    'ERR_ROTATION_SYNC_FIELD',
    'the value is no JSON object; expected one with the member "password", or no field in the configuration',
    new FieldMissingError('password', undefined),
  ],
  [
    'FieldMissingError',
    'ERR_ROTATION_SYNC_FIELD',
    'the value has no member "password" but host, port; expected that member, or another field in the configuration',
    new FieldMissingError('password', ['host', 'port']),
  ],
  [
    'FieldMissingError',
    'ERR_ROTATION_SYNC_FIELD',
    'the value has no member "password" but none; expected that member, or another field in the configuration',
    new FieldMissingError('password', []),
  ],
  [
    'CopyTooLargeError',
    'ERR_ROTATION_SYNC_TOO_LARGE',
    'the copy has 9000 bytes, the target takes 8192; prune keys, or copy a field, or choose a larger tier',
    new CopyTooLargeError(9000, 8192),
  ],
  [
    'CredentialMissingError',
    'ERR_ROTATION_SYNC_CREDENTIAL',
    'pharmacy/prod/github has no value; expected a token labelled AWSCURRENT. Store it there',
    new CredentialMissingError('pharmacy/prod/github', 'has no value', 'a token'),
  ],
  [
    'ReadBackError',
    'ERR_ROTATION_SYNC_READ_BACK',
    'the copy was written, and it shows another one; find out who else writes there',
    new ReadBackError('it shows another one'),
  ],
  [
    'NoTimeLeftError',
    'ERR_ROTATION_SYNC_NO_TIME',
    'the copy was not begun: 600 seconds had passed, because others did not answer',
    new NoTimeLeftError(600),
  ],
  [
    'WebhookRefusedError',
    'ERR_ROTATION_SYNC_WEBHOOK',
    'it answered 503; expected 2xx. Look at the log of the receiver',
    new WebhookRefusedError(503),
  ],
  [
    'SyncTargetError',
    'ERR_ROTATION_SYNC_TARGET',
    '2 of 3 copies of pharmacy/prod/db failed: ssm /api (AccessDenied), github (ERR_ROTATION_GITHUB 403). ssm /api: Grant it. github: Renew the token.',
    new SyncTargetError('pharmacy/prod/db', failed, 3),
  ],
  [
    'SyncRefusedError',
    'ERR_ROTATION_SYNC_REFUSED',
    '2 of 3 copies of pharmacy/prod/db failed: ssm /api (AccessDenied), github (ERR_ROTATION_GITHUB 403). ssm /api: Grant it. github: Renew the token. Then resume.',
    new SyncRefusedError('pharmacy/prod/db', failed, 3),
  ],
  [
    'UnexpectedError',
    'ERR_ROTATION_UNEXPECTED',
    'TypeError was thrown; its message is withheld, because it may hold anything. Resume to try again.',
    new UnexpectedError('TypeError'),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
