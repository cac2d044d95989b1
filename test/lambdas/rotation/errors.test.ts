/** What the core refuses: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  BaseMovedError,
  CompanionError,
  CompromisedMaterialError,
  ForeignRotationFunctionError,
  ForeignSecretError,
  InvalidRotationEventError,
  MaterialInUseError,
  NothingToRestoreError,
  RotationDisabledError,
  RotationEnvironmentError,
  RotationRefusedError,
  StepOutOfOrderError,
  UnrecordedVersionError,
  UntrustedEnvironmentError,
  ValueMissingError,
  ValueTooLargeError,
  VersionNotStagedError,
} from '../../../lambdas/rotation/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InvalidRotationEventError',
    'ERR_ROTATION_INVALID_EVENT',
    'The event has no Step; expected { Step, SecretId, ClientRequestToken } as Secrets Manager sends it, or a known operation. Nothing was done.',
    new InvalidRotationEventError('has no Step'),
  ],
  [
    'ForeignSecretError',
    'ERR_ROTATION_FOREIGN_SECRET',
    "The event names a secret that is not this function's; expected pharmacy/prod/db. One function rotates one secret: point the secret at its own function.",
    new ForeignSecretError('pharmacy/prod/db'),
  ],
  [
    'ForeignRotationFunctionError',
    'ERR_ROTATION_FOREIGN_FUNCTION',
    "The secret's rotation function is fn-other; expected this one, fn-db. Deploy the stack again if somebody changed it.",
    new ForeignRotationFunctionError('fn-other', 'fn-db'),
  ],
  [
    'ForeignRotationFunctionError',
    'ERR_ROTATION_FOREIGN_FUNCTION',
    "The secret's rotation function is none; expected this one, fn-db. Deploy the stack again if somebody changed it.",
    new ForeignRotationFunctionError(undefined, 'fn-db'),
  ],
  [
    'RotationDisabledError',
    'ERR_ROTATION_DISABLED',
    'Rotation of pharmacy/prod/db is not enabled; expected it to be. Start the rotation through RotateSecret.',
    new RotationDisabledError('pharmacy/prod/db'),
  ],
  [
    'VersionNotStagedError',
    'ERR_ROTATION_VERSION_NOT_STAGED',
    'Version v2 of pharmacy/prod/db carries AWSPREVIOUS, keep; expected AWSPENDING. Start a new rotation; this one was cancelled or replaced.',
    new VersionNotStagedError('pharmacy/prod/db', 'v2', ['AWSPREVIOUS', 'keep']),
  ],
  [
    'VersionNotStagedError',
    'ERR_ROTATION_VERSION_NOT_STAGED',
    'Version v2 of pharmacy/prod/db carries no label; expected AWSPENDING. Start a new rotation; this one was cancelled or replaced.',
    new VersionNotStagedError('pharmacy/prod/db', 'v2', undefined),
  ],
  [
    'ValueMissingError',
    'ERR_ROTATION_VALUE_MISSING',
    'Version v2 of pharmacy/prod/db (AWSPENDING) has no value; expected one. Secrets Manager starts again at createSecret by itself.',
    new ValueMissingError('pharmacy/prod/db', 'v2', 'AWSPENDING'),
  ],
  [
    'StepOutOfOrderError',
    'ERR_ROTATION_STEP_OUT_OF_ORDER',
    'testSecret was called for v2 although setSecret has not succeeded for it; expected the four steps in order. Only Secrets Manager calls them.',
    new StepOutOfOrderError('testSecret', 'setSecret', 'v2'),
  ],
  [
    'UnrecordedVersionError',
    'ERR_ROTATION_UNRECORDED_VERSION',
    'Version v2 of pharmacy/prod/db holds a value that no createSecret of ours stored; expected none. Somebody staged it by hand: remove its AWSPENDING label, then rotate.',
    new UnrecordedVersionError('pharmacy/prod/db', 'v2'),
  ],
  [
    'RotationRefusedError',
    'ERR_ROTATION_JOB_ACTIVE',
    'Rows are under way.',
    new RotationRefusedError('ERR_ROTATION_JOB_ACTIVE', 'Rows are under way.'),
  ],
  [
    'BaseMovedError',
    'ERR_ROTATION_BASE_MOVED',
    'AWSCURRENT is v3; this rotation is based on v1. It was given up and its AWSPENDING removed. Start a new rotation.',
    new BaseMovedError('v1', 'v3', false),
  ],
  [
    'BaseMovedError',
    'ERR_ROTATION_BASE_MOVED',
    'AWSCURRENT is absent; this rotation is based on no version. It was given up and its AWSPENDING removed; its value stays under the pin label, because the target may accept it. Start a new rotation.',
    new BaseMovedError(null, undefined, true),
  ],
  [
    'NothingToRestoreError',
    'ERR_ROTATION_NOTHING_TO_RESTORE',
    'pharmacy/prod/db has no value labelled AWSPREVIOUS to go back to; expected a labelled version that holds one. Name another version.',
    new NothingToRestoreError('pharmacy/prod/db', undefined),
  ],
  [
    'NothingToRestoreError',
    'ERR_ROTATION_NOTHING_TO_RESTORE',
    'pharmacy/prod/db has no value in version v1 to go back to; expected a labelled version that holds one. Name another version.',
    new NothingToRestoreError('pharmacy/prod/db', 'v1'),
  ],
  [
    'MaterialInUseError',
    'ERR_ROTATION_NOTHING_TO_RESTORE',
    'role app_b, which the version to go back to holds, is in use already; expected other material. Name an older version.',
    new MaterialInUseError('role app_b'),
  ],
  [
    'CompromisedMaterialError',
    'ERR_ROTATION_COMPROMISED_MATERIAL',
    'kid k1 is recorded as compromised and never becomes current again; expected other material. Roll back to another version, or rotate.',
    new CompromisedMaterialError('kid k1'),
  ],
  [
    'ValueTooLargeError',
    'ERR_ROTATION_VALUE_TOO_LARGE',
    'The new value has 70000 bytes, the limit is 65536 (API_PutSecretValue). Prune keys first.',
    new ValueTooLargeError(70_000, 65_536),
  ],
  [
    'ValueTooLargeError',
    'ERR_ROTATION_VALUE_TOO_LARGE',
    'The new value has 9000 bytes; the smallest sync target that is given the whole value takes 8192. Nothing was stored. Prune keys, give that target a field or the tier Advanced, or take it out of the configuration; then deploy and rotate.',
    new ValueTooLargeError(9000, 8192, 0),
  ],
  [
    'ValueTooLargeError',
    'ERR_ROTATION_VALUE_TOO_LARGE',
    'The new value has 8000 bytes, and its activation adds up to 300; the smallest sync target that is given the whole value takes 8192. Nothing was stored. Prune keys, give that target a field or the tier Advanced, or take it out of the configuration; then deploy and rotate.',
    new ValueTooLargeError(8000, 8192, 300),
  ],
  [
    'CompanionError',
    'ERR_ROTATION_COMPANION',
    'The companion secret "admin" has no value yet; expected a JSON value labelled AWSCURRENT. Store it, then rotate again.',
    new CompanionError('admin', 'has no value yet'),
  ],
  [
    'UntrustedEnvironmentError',
    'ERR_ROTATION_UNTRUSTED_ENVIRONMENT',
    "The environment sets NODE_OPTIONS, which could redirect or weaken this function; expected it to be absent. Deploy the stack again and find out who changed the function's configuration.",
    new UntrustedEnvironmentError('NODE_OPTIONS'),
  ],
  [
    'RotationEnvironmentError',
    'ERR_ROTATION_ENVIRONMENT',
    "Of the function's environment, ARMED does not fit, FIELD is missing; expected what this release's stack sets. Nothing was done. Deploy the stack again, and find out who changed the function's configuration.",
    new RotationEnvironmentError(['ARMED does not fit', 'FIELD is missing']),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
