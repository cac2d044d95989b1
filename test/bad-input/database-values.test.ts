import { describe, expect, test } from '@jest/globals';
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import type { DatabaseSettings } from '../../lambdas/database/settings.ts';
import { rows } from './database-values.ts';
import { expectPromises } from './row.ts';
import { settings } from './stage.ts';

describe('a bad value of a database secret is refused before anything is dialled', () => {
  test.each(rows.map((row) => [row.item, row.title, row] as const))(
    '%i: %s',
    (_item, _title, row) => expectPromises(row),
  );
});

/** The same mistakes in the deployment: there is no function then. */
describe('a bad deployment is refused when the function starts', () => {
  const wrong: [number, string, Partial<DatabaseSettings>][] = [
    [44, 'a host with a path', { HOST: 'db.example.com/x' }],
    [44, 'a host with a line break', { HOST: 'db.example.com\n' }],
    [46, 'port 0', { PORT: 0 }],
    [46, 'port 65536', { PORT: 65_536 }],
    [54, 'a role of 64 bytes', { ROLES: ['app_a', 'x'.repeat(64)] }],
    [54, 'a role of 64 bytes in fewer characters', { ROLES: ['app_a', 'é'.repeat(32)] }],
    [54, 'a role with a control character', { ROLES: ['app_a', 'app\u0007'] }],
    [54, 'an empty role', { ROLES: ['app_a', ''] }],
    [54, 'one role twice', { ROLES: ['app_a', 'app_a'] }],
    [53, 'the superuser', { ROLES: ['app_a', 'postgres'] }],
    [53, 'a role of RDS', { ROLES: ['app_a', 'rds_replication'] }],
    [55, 'public', { ROLES: ['app_a', 'public'] }],
    [55, 'none', { ROLES: ['app_a', 'none'] }],
    [55, 'a role of PostgreSQL', { IDENTITY: 'pg_monitor' }],
  ];
  test.each(wrong)('%i: %s', (_item, _title, change) => {
    const door = { withSession: () => Promise.reject(new Error('dialled')) };
    const tools = { door, ca: '', sleep: async () => undefined };
    const start = () => new DatabaseStrategy({ ...tools, settings: { ...settings, ...change } });
    expect(start).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_ROTATION_/) }),
    );
  });
});
