/** Items 47 to 51, 53, 55, 59 and 65: what only a server can show. Real ones, each wrong in its own way. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { executeBootstrap, planBootstrap } from '../../doors/postgres/bootstrap.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import type { DatabaseSettings } from '../../lambdas/database/settings.ts';
import { type PostgresServer, startPostgres } from '../../sandbox/postgres/start.ts';
import { type Pharmacy, startPharmacy } from '../lambdas/database/pharmacy.ts';
import { columnItems, expectRefused, expectTaken, makeTables } from './columns-on-postgres.ts';
import { type PostgresItem, postgresItems } from './postgres-items.ts';
import { expectPromises, type Row } from './row.ts';
import { adminArn, databaseValue, onStage, step } from './stage.ts';

let pharmacy: Pharmacy;
let expired: PostgresServer;
let withoutTls: PostgresServer;
let standby: PostgresServer;
const servers: PostgresServer[] = [];

beforeAll(async () => {
  [pharmacy, expired, withoutTls, standby] = await Promise.all([
    startPharmacy({ tls: { hosts: ['localhost'] } }),
    startPostgres({ tls: { hosts: ['localhost'], validity: 'expired' } }),
    startPostgres({ tls: 'off' }),
    startPostgres({ role: 'standby' }),
  ]);
  servers.push(pharmacy.server, expired, withoutTls, standby);
}, 60_000);
afterAll(() => Promise.all(servers.map((server) => server.stop())));

interface Target {
  host?: string;
  port?: number;
  ca?: string;
  role?: string;
  admin?: Credential;
  value?: Record<string, unknown>;
}

/** setSecret comes through the admin's login, testSecret through the application's own. */
async function attempt(canary: string, target: Target, name: 'setSecret' | 'testSecret') {
  const { host = 'localhost', port = pharmacy.server.port, role = 'pharmacy_legacy' } = target;
  const settings: DatabaseSettings = {
    ...pharmacy.singleUser.settings,
    HOST: host,
    PORT: port,
    ADMIN_SECRET_ARN: adminArn,
    ROLES: [role],
  };
  const strategy = new DatabaseStrategy({
    settings,
    door: nodePostgres,
    ca: target.ca ?? pharmacy.server.ca,
    sleep: async () => undefined,
  });
  const valueWith = (password: string) =>
    databaseValue({ host, port, username: role, password, ...target.value });
  const scene = {
    room: { strategy, companions: { admin: adminArn } },
    current: valueWith('chosen by a person'),
    pending: valueWith(canary),
    companion: JSON.stringify(target.admin ?? pharmacy.admin),
    after: ['createSecret', 'setSecret'],
  };
  const made = await onStage('singleUser', scene, step(name));
  const state = async () => [await made.state(), await verifiers()];
  return { ...made, state };
}

const verifiers = () =>
  pharmacy.sql('select rolname, rolpassword, rolcanlogin from pg_authid order by rolname');

const targets: Record<PostgresItem['target'], () => Target> = {
  withoutTls: () => ({ port: withoutTls.port }),
  withoutTlsAndAbsent: () => ({ port: withoutTls.port, value: { ssl: undefined } }),
  withoutTlsAndTrue: () => ({ port: withoutTls.port, value: { ssl: true } }),
  authorityOfAnother: () => ({ ca: standby.ca }),
  noAuthority: () => ({ ca: '' }),
  textAsAuthority: () => ({ ca: 'no certificate' }),
  addressInsteadOfName: () => ({ host: '127.0.0.1' }),
  expired: () => ({ port: expired.port, ca: expired.ca }),
  standby: () => ({ port: standby.port, ca: standby.ca, admin: standby.superuser }),
  superuser: () => ({ role: 'boss' }),
  createRole: () => ({ role: 'maker' }),
  noRole: () => ({ role: 'nobody_made_me' }),
};

describe('a server that is wrong is found out before a role is changed', () => {
  beforeAll(async () => {
    await pharmacy.sql('create role boss login superuser');
    await pharmacy.sql('create role maker login createrole');
  });

  test.each(postgresItems.map((item) => [item.item, item.title, item] as const))(
    '%i: %s',
    async (_item, _title, { item, title, code, target, step: name }) => {
      const row: Row = {
        item,
        title,
        code,
        attempt: (canary) => attempt(canary, targets[target](), name),
      };
      await expectPromises(row);
    },
  );

  test.each(['pg_x', 'public', 'none'])(
    '55: the bootstrap of a reserved role, %s, is refused',
    async (role) => {
      const before = await verifiers();
      const endpoint = pharmacy.at('postgres');
      const work = nodePostgres.withSession(
        endpoint,
        pharmacy.server.superuser,
        async (session) => {
          const plan = {
            scheme: 'singleUser',
            admin: { username: 'rotator' },
            roles: [role],
          } as const;
          await executeBootstrap(session, await planBootstrap(session, plan));
        },
      );
      const code = expect.stringMatching(/^ERR_ROTATION_/);
      await expect(work).rejects.toMatchObject({ code });
      expect(await verifiers()).toEqual(before);
    },
  );
});

describe('a column that is not as it is declared is found out before a key is published', () => {
  beforeAll(() => makeTables(pharmacy));

  test('what they begin with is taken', () => expectTaken(pharmacy));

  test.each(columnItems.map((item) => [item.item, item.title, item] as const))(
    '%i: %s',
    (_item, _title, item) => expectRefused(pharmacy, item),
  );
});
