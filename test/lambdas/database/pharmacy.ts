/** A cluster with an application in it: tenants kept apart by row-level security, and an admin role. */
import { randomBytes } from 'node:crypto';
import type { Evidence, Intent } from '../../../domain/events/control-records.ts';
import {
  type BootstrapPlan,
  executeBootstrap,
  planBootstrap,
} from '../../../doors/postgres/bootstrap.ts';
import type { Credential, Endpoint } from '../../../doors/postgres/door.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import type { DatabaseTools } from '../../../lambdas/database/admin.ts';
import type { DatabaseSettings } from '../../../lambdas/database/settings.ts';
import type { DatabaseValue } from '../../../lambdas/database/value.ts';
import type { Rotation } from '../../../lambdas/rotation/strategy.ts';
import {
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
} from '../../../sandbox/postgres/start.ts';

export const adminArn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:dbAdmin-a1b2c3';

export interface Pharmacy {
  server: PostgresServer;
  admin: Credential;
  identityPassword: string;
  legacyPassword: string;
  multiUser: DatabaseTools;
  singleUser: DatabaseTools;
  at(dbname?: string): Endpoint;
  sql(text: string, as?: Credential): Promise<Record<string, unknown>[]>;
}

export const bootstrapPlan: BootstrapPlan = {
  scheme: 'multiUser',
  admin: { username: 'rotator' },
  identity: 'pharmacy_app',
  roles: ['pharmacy_app_a', 'pharmacy_app_b'],
};

/** The application's role does not own its tables: a migrations role does, as is usual with policies. */
const application = `
  create role migrations nologin;
  create role pharmacy_app login connection limit 40;
  create role pharmacy_legacy login;
  alter role pharmacy_app set search_path = '$user', 'public', 'odd "name"';
  alter role pharmacy_app set statement_timeout = '40s';
  alter role pharmacy_app in database pharmacy set app.tenant = 'lindenhof';
`;
const tables = `
  create table patients (id int primary key, tenant text not null, name text not null);
  alter table patients owner to migrations;
  insert into patients values (1, 'lindenhof', 'A'), (2, 'hafen', 'B');
  alter table patients enable row level security;
  create policy tenants on patients using (tenant = current_setting('app.tenant'));
  grant select, insert, update on patients to pharmacy_app;
  grant create on schema public to pharmacy_app;
`;

export async function startPharmacy(options: PostgresOptions = {}): Promise<Pharmacy> {
  // An emergency waits that long; the default is a minute.
  const settings = { authentication_timeout: '1s', ...options.settings };
  const server = await startPostgres({ ...options, settings });
  const newPassword = () => randomBytes(24).toString('base64url');
  const admin = { username: 'rotator', password: newPassword() };
  const identityPassword = 'chosen-by-a-person-2019';
  const legacyPassword = 'another one of those';
  const at = (dbname = 'pharmacy') => ({
    host: 'localhost',
    port: server.port,
    dbname,
    ca: server.ca,
  });
  try {
    return { server, admin, identityPassword, legacyPassword, at, ...(await prepare()) };
  } catch (error) {
    await server.stop();
    throw error;
  }

  async function prepare() {
    await server.session(async (client) => {
      await client.query('create database pharmacy');
      await client.query(application);
    });
    await server.session((client) => client.query(tables), { database: 'pharmacy' });
    await nodePostgres.withSession(at('postgres'), server.superuser, async (session) => {
      const first = {
        ...bootstrapPlan,
        admin: { username: 'rotator', verifier: scramVerifier(admin.password) },
      };
      await executeBootstrap(session, await planBootstrap(session, first));
      const legacy = {
        scheme: 'singleUser',
        admin: { username: 'rotator' },
        roles: ['pharmacy_legacy'],
      } as const;
      await executeBootstrap(session, await planBootstrap(session, legacy));
      await session.query(`alter role pharmacy_app password '${scramVerifier(identityPassword)}'`);
      await session.query(`alter role pharmacy_legacy password '${scramVerifier(legacyPassword)}'`);
    });
    const shared = {
      HOST: 'localhost',
      PORT: server.port,
      DBNAME: 'pharmacy',
      MAINTENANCE_DATABASE: 'postgres',
      ADMIN_SECRET_ARN: adminArn,
    };
    const multi: DatabaseSettings = {
      ...shared,
      SCHEME: 'multiUser',
      ROLES: ['pharmacy_app_a', 'pharmacy_app_b'],
      IDENTITY: 'pharmacy_app',
      DATABASE_URL: 'true',
      VERIFY_TABLES: ['public.patients'],
    };
    const single: DatabaseSettings = {
      ...shared,
      SCHEME: 'singleUser',
      ROLES: ['pharmacy_legacy'],
      IDENTITY: undefined,
      DATABASE_URL: 'false',
      VERIFY_TABLES: undefined,
    };
    const tools = (settings: DatabaseSettings): DatabaseTools => ({
      settings,
      door: nodePostgres,
      ca: server.ca,
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    });
    return {
      multiUser: tools(multi),
      singleUser: tools(single),
      sql: (text: string, as: Credential = server.superuser) =>
        nodePostgres.withSession(at(), as, (session) => session.query(text)),
    };
  }
}

/** One rotation as the core would give it, with everything in memory. */
export function rotationOf(
  intent: Intent,
  admin: unknown,
  more: Partial<Rotation<DatabaseValue>> = {},
): Rotation<DatabaseValue> & { facts: Evidence[] } {
  const facts: Evidence[] = [];
  return {
    intent,
    compromised: new Set(),
    rotatedBefore: true,
    provenance: { intent, token: 'a'.repeat(36), attributed: true },
    now: new Date(Date.UTC(2026, 4, 17, 17)),
    random: async (bytes) => randomBytes(bytes),
    companion: async () => admin,
    assertNotSuperseded: async () => undefined,
    evidence: (fact) => facts.push(fact),
    facts,
    ...more,
  };
}
