/** Why a value that people make is not taken: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  InboxEmptyError,
  InboxUnchangedError,
  InvalidInboxValueError,
  NothingToRotateError,
  ProbeRefusedError,
  ProbeUnexpectedError,
  RestoreRefusedError,
} from '../../../lambdas/user-managed/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InboxEmptyError',
    'ERR_ROTATION_INBOX_EMPTY',
    'The inbox holds no value yet; expected the next one. One of its owners puts it (aws secretsmanager put-secret-value), which starts the rotation by itself. Nothing was changed.',
    new InboxEmptyError(),
  ],
  [
    'InboxUnchangedError',
    'ERR_ROTATION_INBOX_UNCHANGED',
    "The inbox (version v2) holds the value that is in use already; expected another one. Make a new one at the vendor's and put it there. Nothing was changed.",
    new InboxUnchangedError('v2'),
  ],
  [
    'InvalidInboxValueError',
    'ERR_ROTATION_INBOX_VALUE',
    'The value in the inbox ends in a line break; expected none. Put it again, from a file or standard input. Nothing was changed.',
    new InvalidInboxValueError('ends in a line break', 'none'),
  ],
  [
    'NothingToRotateError',
    'ERR_ROTATION_NOT_APPLICABLE',
    'Intent "publish" was asked of a user-managed secret; expected planned, rollback or emergency: its value has no keys that are published first.',
    new NothingToRotateError('publish'),
  ],
  [
    'RestoreRefusedError',
    'ERR_ROTATION_RESTORE_REFUSED',
    'The version to go back to holds no value; expected an earlier value that was in use. Name another version. Nothing was changed.',
    new RestoreRefusedError('holds no value'),
  ],
  [
    'ProbeRefusedError',
    'ERR_ROTATION_PROBE_REFUSED',
    "api.vendor.example refused the value with 401; expected it to be accepted. It is not promoted, AWSCURRENT stays. Look at the vendor's whether it is the whole value, active, and of the right account.",
    new ProbeRefusedError('api.vendor.example', 401),
  ],
  [
    'ProbeUnexpectedError',
    'ERR_ROTATION_PROBE_UNEXPECTED',
    'api.vendor.example answered the probe with 300; expected 200 or 204. That says nothing about the value, which is not promoted. Redirects are not followed, they would carry the value elsewhere: name the address it leads to in probe.url, and deploy.',
    new ProbeUnexpectedError('api.vendor.example', 300, [200, 204]),
  ],
  [
    'ProbeUnexpectedError',
    'ERR_ROTATION_PROBE_UNEXPECTED',
    'api.vendor.example answered the probe with 399; expected 200. That says nothing about the value, which is not promoted. Redirects are not followed, they would carry the value elsewhere: name the address it leads to in probe.url, and deploy.',
    new ProbeUnexpectedError('api.vendor.example', 399, [200]),
  ],
  [
    'ProbeUnexpectedError',
    'ERR_ROTATION_PROBE_UNEXPECTED',
    'api.vendor.example answered the probe with 400; expected 200. That says nothing about the value, which is not promoted. Correct url, method or headers of the probe, and deploy.',
    new ProbeUnexpectedError('api.vendor.example', 400, [200]),
  ],
  [
    'ProbeUnexpectedError',
    'ERR_ROTATION_PROBE_UNEXPECTED',
    'api.vendor.example answered the probe with 429; expected 200. That says nothing about the value, which is not promoted. The vendor is busy or down: rotate again when it is not.',
    new ProbeUnexpectedError('api.vendor.example', 429, [200]),
  ],
  [
    'ProbeUnexpectedError',
    'ERR_ROTATION_PROBE_UNEXPECTED',
    'api.vendor.example answered the probe with 500; expected 200. That says nothing about the value, which is not promoted. The vendor is busy or down: rotate again when it is not.',
    new ProbeUnexpectedError('api.vendor.example', 500, [200]),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
