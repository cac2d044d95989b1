import { expect, test } from '@jest/globals';
import { manifestOf } from '../../../domain/config/manifest.ts';
import { readersOf } from '../../../domain/config/readers-of.ts';
import example from '../../../rotation.config.ts';

test('names consumers, and each function of the deployment that reads a value to do its work', () => {
  const manifest = manifestOf(example);
  const readers = Object.fromEntries(
    manifest.secrets.map((secret) => [secret.key, readersOf(manifest, secret)]),
  );
  expect(readers).toEqual({
    jwt: ['api', 'its rotation'],
    pii: ['api', 'its rotation', 'the re-encryption of pii'],
    db: ['api', 'its rotation', 'the rotation of pii', 'the drill of pii'],
    legacyDb: ['api', 'its rotation'],
    rowsDb: ['its rotation', 'the re-encryption of pii'],
    dbAdmin: [
      'the rotation of db',
      'the rotation of legacyDb',
      'the rotation of rowsDb',
      'the operator function',
    ],
  });
});
