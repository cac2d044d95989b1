/** The kinds of secrets that race, and what is outside of each of them. */
import type { Credential } from '../../doors/postgres/door.ts';
import type { DatabaseTools } from '../../lambdas/database/admin.ts';
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import { restoreLogin } from '../../lambdas/database/restore-login.ts';
import { retireRole } from '../../lambdas/database/retire-role.ts';
import { undisturbed } from '../../lambdas/database/undisturbed.ts';
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import type { Cluster } from './cluster.ts';
import { MemoryPostgres } from './memory-postgres.ts';
import type { WorldOptions } from './world.ts';

export type Kind = 'jwt' | 'singleUser' | 'multiUser';

export interface RacingRoom extends WorldOptions {
  readonly kind: Kind;
  /** Where roles are; absent: nothing outside holds the value. */
  readonly cluster?: Cluster;
}

const admin = { username: 'rotator', password: 'of-the-rotator-00000000000000000' };
/** Somebody else's: whatever happens here, it stays as it is. */
export const stranger: Credential = { username: 'billing', password: 'of-another-application' };

const endpoint = { HOST: 'db.internal', PORT: 5432, DBNAME: 'pharmacy' };
const shared = {
  ...endpoint,
  MAINTENANCE_DATABASE: 'postgres',
  ADMIN_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:admin-a1b2c3',
  DATABASE_URL: 'false' as const,
  VERIFY_TABLES: undefined,
};
const settings = {
  singleUser: { ...shared, SCHEME: 'singleUser', ROLES: ['legacy'], IDENTITY: undefined },
  multiUser: { ...shared, SCHEME: 'multiUser', ROLES: ['app_a', 'app_b'], IDENTITY: 'app' },
} as const;

/** @param cluster of a neighbour that has its roles there, too */
export function racingRoom(kind: Kind, cluster?: MemoryPostgres): RacingRoom {
  return kind === 'jwt' ? jwt() : database(kind, cluster);
}

function jwt(): RacingRoom {
  const strategy = () =>
    new JwtStrategy({
      field: 'JWT_SECRET',
      bits: 512,
      encoding: 'base64',
      acceptForSeconds: 30 * 86_400,
    }) as RotationStrategy<unknown>;
  return { kind: 'jwt', room: () => ({ strategy: strategy() }) };
}

function database(scheme: 'singleUser' | 'multiUser', cluster = clusterOf(scheme)): RacingRoom {
  return {
    kind: scheme,
    cluster,
    companions: { admin: JSON.stringify(admin) },
    room: ({ by, schedule, sleep }) => {
      const tools: DatabaseTools = {
        settings: { ...settings[scheme], ROLES: [...settings[scheme].ROLES] },
        door: cluster.door(schedule, () => by),
        ca: '',
        sleep,
      };
      return {
        strategy: new DatabaseStrategy(tools) as RotationStrategy<unknown>,
        undisturbed: (value, companion, work) =>
          undisturbed(tools, value as never, companion, work),
        operations: {
          restoreLogin: (input, given) => restoreLogin(input, given, tools),
          retireRole: (input, given) => retireRole(input, given, tools),
        },
      };
    },
  };
}

function clusterOf(scheme: 'singleUser' | 'multiUser'): MemoryPostgres {
  const cluster = new MemoryPostgres();
  cluster.addRole(admin.username, admin.password);
  cluster.addRole(stranger.username, stranger.password);
  for (const role of settings[scheme].ROLES) cluster.addRole(role);
  if (scheme === 'multiUser') cluster.addRole('app', 'chosen-by-a-person-2019');
  return cluster;
}
