/** A cluster as RDS gives it to an account: its master user is no superuser, and made every role there is. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Credential, Endpoint } from '../../../doors/postgres/door.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import type { DatabaseFacts } from '../../../lambdas/operator/environment.ts';
import { operate } from '../../../lambdas/operator/operate.ts';
import type { OperatorTools } from '../../../lambdas/operator/tools.ts';
import {
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
} from '../../../sandbox/postgres/start.ts';
import { recordedLog } from '../../doors/recorded.ts';

export const versions: [string, NonNullable<PostgresOptions['version']>][] = [['18', 'embedded']];
const bin15 = '/usr/lib/postgresql/15/bin';
// A second server for each of its files: with `npm run proof`.
if (process.env.PROOF === 'full' && existsSync(`${bin15}/postgres`)) {
  versions.push(['15', { bin: bin15 }]);
} else if (process.env.PROOF === 'full') {
  process.stderr.write(
    `PostgreSQL 15 is not in ${bin15}: the operator is not tested on it here.\n`,
  );
}

const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${name}-AbCdEf`;

export class Cluster {
  readonly server: PostgresServer;
  readonly master: Credential = { username: 'master', password: newPassword() };

  private constructor(server: PostgresServer) {
    this.server = server;
  }

  static async start(options: PostgresOptions): Promise<Cluster> {
    const server = await startPostgres({
      ...options,
      settings: { authentication_timeout: '1s', log_statement: 'all', ...options.settings },
    });
    const cluster = new Cluster(server);
    try {
      await server.session(async (client) => {
        await client.query(
          `create role master login createrole createdb password '${scramVerifier(cluster.master.password)}'`,
        );
        await client.query('grant pg_signal_backend to master with admin option');
        await client.query('create role rds_iam nologin');
        await client.query('grant rds_iam to master with admin option');
      });
      return cluster;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  stop = () => this.server.stop();

  at(dbname = 'postgres'): Endpoint {
    const { host, port, ca } = this.server;
    return { host, port, dbname, ca };
  }

  /** As the master, unless told otherwise. */
  sql(text: string, as: Credential = this.master, dbname = 'postgres') {
    return nodePostgres.withSession(this.at(dbname), as, (session) => session.query(text));
  }

  superuser = (text: string) => this.sql(text, this.server.superuser);

  /** A database of one role with row-level security, all of it made by the master. */
  async application(name: string): Promise<Application> {
    const password = newPassword();
    await this.sql(
      `create role ${name} login connection limit 40 password '${scramVerifier(password)}'`,
    );
    await this.sql(`alter role ${name} set statement_timeout = '40s'`);
    await this.sql(`grant ${name} to master`);
    await this.sql(`create database ${name} owner ${name}`);
    await this.sql(
      `create table patients (id int primary key, tenant text not null);
       insert into patients values (1, 'lindenhof'), (2, 'hafen');
       alter table patients enable row level security;
       alter table patients force row level security;
       create policy tenants on patients using (tenant = 'lindenhof');`,
      { username: name, password },
      name,
    );
    return new Application(this, name, password);
  }
}

/** One database secret over it, and the operator's view of the secrets around it. */
export class Application {
  readonly cluster: Cluster;
  readonly facts: DatabaseFacts;
  readonly password: string;
  readonly values: Record<string, string>;
  readonly log = recordedLog();
  /** Every value put, in order. */
  readonly puts: string[] = [];
  readonly sleeps: number[] = [];
  /** Runs after a value was stored; may throw. */
  afterPut: () => void = () => undefined;
  beforeRead: (secretArn: string) => void = () => undefined;

  constructor(cluster: Cluster, name: string, password: string) {
    this.cluster = cluster;
    this.password = password;
    this.facts = {
      name: `pharmacy/prod/${name}`,
      scheme: 'multiUser',
      host: 'localhost',
      port: cluster.server.port,
      maintenanceDatabase: 'postgres',
      roles: [`${name}_a`, `${name}_b`],
      identity: name,
      rotator: `${name}_rotator`,
      ca: 'rds',
      admin: { secretArn: arn(`${name}Admin`), kind: 'userManaged' },
      bootstrapArn: arn(`${name}Master`),
    };
    this.values = {
      [arn(`${name}Admin`)]: '{"quarterturn":"uninitialised"}',
      [arn(`${name}Master`)]: JSON.stringify(cluster.master),
    };
  }

  get adminArn(): string {
    return this.facts.admin.secretArn;
  }

  /** What the admin secret holds now. */
  get rotator(): Credential {
    const { username, password } = JSON.parse(this.values[this.adminArn] ?? '');
    return { username, password };
  }

  tools(change: Partial<DatabaseFacts> = {}): OperatorTools {
    return {
      databases: [{ ...this.facts, ...change }],
      postgres: nodePostgres,
      secretsManager: {
        getCurrentValue: async (secretArn) => {
          this.beforeRead(secretArn);
          return this.values[secretArn];
        },
      },
      ownedSecret: {
        put: async (secretArn, value) => {
          this.values[secretArn] = value;
          this.puts.push(value);
          this.afterPut();
        },
      },
      random: { bytes: async (count) => randomBytes(count) },
      authorities: () => this.cluster.server.ca,
      sleep: async (milliseconds) => void this.sleeps.push(milliseconds),
    };
  }

  /** biome-ignore lint/suspicious/noExplicitAny: answers of two shapes, read by the tests. */
  ask(request: object, change: Partial<DatabaseFacts> = {}): Promise<any> {
    return operate(this.tools(change), this.log, { secret: this.facts.name, ...request });
  }

  plan = (change: Partial<DatabaseFacts> = {}) => this.ask({ operation: 'planBootstrap' }, change);
  execute = (digest: string, change: Partial<DatabaseFacts> = {}) =>
    this.ask({ operation: 'executeBootstrap', digest }, change);
}

export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}
