/** Items 42, 45, 46, 53, 54, 56 and 57: versions, and the admin's secret, that do not fit each other. */
import type { Row } from './row.ts';
import { databaseValue, type Kind, onStage, type Scene, step } from './stage.ts';

const ownLabel = ['controlTable.fixRotation', 'secretsManager.moveLabel'];

/** Two versions that do not fit each other. */
const between = (
  item: number,
  title: string,
  code: Row['code'],
  kind: Kind,
  scene: (canary: string) => Scene,
  event = step('setSecret'),
): Row => ({
  item,
  title,
  ...(code && { code }),
  ...(event === first && { bookkeeping: ownLabel }),
  attempt: (canary) => onStage(kind, scene(canary), event),
});
const first = step('createSecret');
const after = ['createSecret'];
const value = 'ERR_ROTATION_DATABASE_VALUE' as const;
const admin = 'ERR_ROTATION_ADMIN_INVALID' as const;

const adminRow = (
  item: number,
  title: string,
  companion: (canary: string) => unknown,
  code: Row['code'] = admin,
) =>
  between(item, `the admin's secret: ${title}`, code, 'database', (canary) => ({
    current: databaseValue(),
    pending: databaseValue({ username: 'app_b' }),
    companion: JSON.stringify(companion(canary)),
    after,
  }));

export const versionRows: readonly Row[] = [
  between(
    42,
    'a host of AWSPENDING that is not that of AWSCURRENT',
    value,
    'database',
    (canary) => ({
      pending: databaseValue({ username: 'app_b', password: canary, host: 'db2.example.com' }),
      after,
    }),
  ),
  between(
    42,
    'a host of AWSCURRENT that is not the deployed one any more',
    value,
    'database',
    (canary) => ({
      current: databaseValue({ password: canary, host: 'db2.example.com' }),
      pending: databaseValue({ username: 'app_b' }),
      after,
    }),
  ),
  between(
    42,
    'a host of AWSPREVIOUS that is not that of AWSCURRENT',
    value,
    'database',
    (canary) => ({
      previous: databaseValue({ password: canary, host: 'db2.example.com' }),
      pending: databaseValue({ username: 'app_b' }),
      after,
    }),
  ),
  between(
    56,
    'a pending role that AWSCURRENT logs in with',
    'ERR_ROTATION_ROLE_IN_USE',
    'database',
    (canary) => ({
      current: databaseValue(),
      pending: databaseValue({ password: canary }),
      after,
    }),
  ),
  between(
    56,
    'a role of AWSCURRENT that singleUser does not set',
    value,
    'singleUser',
    (canary) => ({
      current: databaseValue({ username: 'app_b', password: canary }),
    }),
    first,
  ),
  between(56, 'a pending role that singleUser does not set', value, 'singleUser', (canary) => ({
    pending: databaseValue({ username: 'app_b', password: canary }),
    after,
  })),
  between(56, 'an earlier role that singleUser does not set', value, 'singleUser', (canary) => ({
    previous: databaseValue({ username: 'app', password: canary }),
    pending: databaseValue(),
    after,
  })),
  adminRow(45, 'another host', (canary) => ({
    username: 'rotator',
    password: canary,
    host: 'evil.example.com',
  })),
  adminRow(46, 'another port', (canary) => ({ username: 'rotator', password: canary, port: 6432 })),
  adminRow(46, 'a port that is no number', (canary) => ({
    username: 'rotator',
    password: canary,
    port: '5432;',
  })),
  adminRow(53, 'a role it is to rotate', (canary) => ({ username: 'app_b', password: canary })),
  adminRow(53, 'the identity', (canary) => ({ username: 'app', password: canary })),
  adminRow(54, 'no username', (canary) => ({ password: canary })),
  adminRow(54, 'a username that is a list', (canary) => ({
    username: ['rotator'],
    password: canary,
  })),
  adminRow(57, 'no password', (canary) => ({ username: canary })),
  adminRow(
    57,
    'a password with a line break',
    (canary) => ({ username: 'rotator', password: `${canary}\n` }),
    'ERR_ROTATION_UNUSABLE_PASSWORD',
  ),
  adminRow(
    57,
    'a verifier as password',
    (canary) => ({ username: 'rotator', password: `SCRAM-SHA-256$${canary}` }),
    'ERR_ROTATION_UNUSABLE_PASSWORD',
  ),
];
