/** Why a drill is not held: a name and a code for programs; for people what was found, what was expected, and what to do. */
import { expect, test } from '@jest/globals';
import {
  DrillCredentialError,
  ForeignCopyError,
  InvalidDrillRequestError,
  NoEscrowCopyError,
  NotAKeysetError,
} from '../../../lambdas/drill/errors.ts';

test.each<[string, string, string, Error]>([
  [
    'InvalidDrillRequestError',
    'ERR_ROTATION_DRILL_REQUEST',
    'The request does not fit at "rowsPerColumn"; expected { versionId?, rowsPerColumn? (1 to 1000) }. Use `quarterturn drill`.',
    new InvalidDrillRequestError('rowsPerColumn'),
  ],
  [
    'NoEscrowCopyError',
    'ERR_ROTATION_NO_ESCROW_COPY',
    'Escrow holds 0 copies of pharmacy/prod/pii; expected one. A version that was promoted before escrow was deployed has none: rotate the secret once, the new keyset holds the old keys too.',
    new NoEscrowCopyError('pharmacy/prod/pii', undefined, 0),
  ],
  [
    'NoEscrowCopyError',
    'ERR_ROTATION_NO_ESCROW_COPY',
    'Escrow holds 2 copies of pharmacy/prod/pii and none of version v1; expected one. A version that was promoted before escrow was deployed has none: rotate the secret once, the new keyset holds the old keys too.',
    new NoEscrowCopyError('pharmacy/prod/pii', 'v1', 2),
  ],
  [
    'ForeignCopyError',
    'ERR_ROTATION_ESCROW_COPY_FOREIGN',
    'The copy says it is of pharmacy/prod/other; expected pharmacy/prod/pii. Somebody stored it by hand: find out who, then name another version.',
    new ForeignCopyError('of pharmacy/prod/other', 'pharmacy/prod/pii'),
  ],
  [
    'NotAKeysetError',
    'ERR_ROTATION_ESCROW_NO_KEYSET',
    'The copy of version v1 holds one plain key; expected a keyset, as every rotation makes it. Rotate the secret once.',
    new NotAKeysetError('v1'),
  ],
  [
    'DrillCredentialError',
    'ERR_ROTATION_DATABASE_CREDENTIAL',
    "The database secret has no JSON value with text in username and password, AWS's keys for them; expected AWSCURRENT to hold it. Rotate it, then hold the drill again.",
    new DrillCredentialError(),
  ],
])('%s, %s, says: %s', (name, code, message, error) => {
  expect(error).toMatchObject({ name, code, message });
});
