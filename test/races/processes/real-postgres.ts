/** A real cluster, seen as the one in memory is: roles, their verifiers, who was changed. */
import type { Credential, Endpoint, PostgresDoor, Session } from '../../../doors/postgres/door.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import type { Pharmacy } from '../../lambdas/database/pharmacy.ts';
import { keep } from '../../lambdas/reencryption/clinic.ts';
import { Cluster } from '../cluster.ts';
import type { Schedule } from '../schedule.ts';

export class RealPostgres extends Cluster {
  readonly #session: Session;
  /** Asked while somebody looks at roles. */
  readonly #locks: Session;
  readonly close: () => Promise<void>;

  readonly #endpoint: Endpoint;

  private constructor(
    [session, locks]: [Session, Session],
    endpoint: Endpoint,
    close: () => Promise<void>,
  ) {
    super();
    this.#session = session;
    this.#locks = locks;
    this.#endpoint = endpoint;
    this.close = close;
  }

  static async of(pharmacy: Pharmacy): Promise<RealPostgres> {
    const open = () => keep(pharmacy.at('postgres'), pharmacy.server.superuser);
    const [roles, locks] = [await open(), await open()];
    const close = async () => {
      await roles.close();
      await locks.close();
    };
    const cluster = new RealPostgres([roles.session, locks.session], pharmacy.at(), close);
    await cluster.refresh();
    return cluster;
  }

  door(schedule: Schedule, name: () => string): PostgresDoor {
    return {
      withSession: (_endpoint, credential, work) =>
        nodePostgres.withSession(this.#endpoint, credential, (session) =>
          work({
            transaction: (inside) => session.transaction(inside),
            query: (text, values) =>
              schedule.call(name(), text, () => session.query(text, values)) as Promise<never>,
          }),
        ),
    };
  }

  override async refresh(): Promise<void> {
    const rows = await this.#session.query<{
      name: string;
      verifier: string | null;
      login: boolean;
    }>('select rolname as name, rolpassword as verifier, rolcanlogin as login from pg_authid');
    for (const { name, verifier, login } of rows) {
      const before = this.roles.get(name);
      const found = { verifier: verifier ?? undefined, login, settings: new Map() };
      if (before !== undefined && (before.verifier !== found.verifier || before.login !== login)) {
        this.alters.push({ role: name, by: 'somebody' });
      }
      this.roles.set(name, found);
    }
  }

  /** Sessions that wait for a lock, advisory ones among them. */
  async blocked(): Promise<number> {
    const [row] = await this.#locks.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'`,
    );
    return row?.n ?? 0;
  }

  async set(role: string, { password }: Pick<Credential, 'password'>): Promise<void> {
    await this.#session.query(`alter role ${role} login password '${scramVerifier(password)}'`);
    await this.refresh();
  }
}
