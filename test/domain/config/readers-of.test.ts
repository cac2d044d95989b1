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

test('whoever reads a copy reads the value, and so does what makes it', () => {
  const kmsKeyArn = 'arn:aws:kms:eu-west-1:111122223333:key/0b1c';
  const manifest = manifestOf({
    ...example,
    secrets: {
      ...example.secrets,
      token: { kind: 'userManaged', purpose: 'GitHub', remindDays: 90 },
    },
    sync: [
      { to: 'ssm', secret: 'jwt', parameter: '/app/jwt', kmsKeyArn, tier: 'Standard' },
      {
        to: 'github',
        secret: 'jwt',
        field: 'JWT_SECRET',
        repository: 'pharmacy/api',
        name: 'JWT_SECRET',
        token: 'token',
        api: 'https://api.github.com',
      },
    ],
  });
  const readers = Object.fromEntries(
    manifest.secrets.map((secret) => [secret.key, readersOf(manifest, secret)]),
  );
  expect(readers.jwt).toEqual([
    'api',
    'its rotation',
    'the function that writes copies',
    'the copy in ssm /app/jwt',
    'the copy in github pharmacy/api JWT_SECRET',
  ]);
  expect(readers.token).toEqual(['the function that writes copies']);
  expect(readers.legacyDb).toEqual(['api', 'its rotation']);
});
