/** Rows of an application whose key moves, in a database of the operator's tests. */
import type { DeclaredColumn } from '../../../doors/declared-columns.ts';
import type { Credential } from '../../../doors/postgres/door.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import type { DatabaseFacts } from '../../../lambdas/operator/environment.ts';
import { type Application, type Cluster, newPassword } from './cluster.ts';

export const secret = 'pharmacy/prod/pii';
export const column = (id: string): DeclaredColumn => {
  const [table = '', name = ''] = id.split('.');
  return { id, table: `public.${table}`, column: name, format: 'qt1', profile: 'column' };
};
export const declared = [column('visits.note'), column('visits.name'), column('events.note')];

/** A database with tables of the application, and the role that is to rewrite their rows. */
export class Practice {
  readonly app: Application;
  readonly owner: Credential;
  readonly engine: Credential;

  static async open(cluster: Cluster, name: string): Promise<Practice> {
    const practice = new Practice(await cluster.application(name), name);
    await practice.sql(
      `create table visits (id bigint primary key, note text, name text, diagnosis text);
       insert into visits values (1, 'a', 'b', 'c');
       create table events (id int, day date, note text, primary key (id, day)) partition by range (day);
       create table events_25 partition of events for values from ('2025-01-01') to ('2026-01-01')`,
    );
    const { engine } = practice;
    await cluster.sql(
      `create role ${engine.username} login password '${scramVerifier(engine.password)}'`,
    );
    return practice;
  }

  private constructor(app: Application, name: string) {
    this.app = app;
    this.owner = { username: name, password: app.password };
    this.engine = { username: `${name}_rows`, password: newPassword() };
  }

  get name(): string {
    return this.owner.username;
  }

  sql(text: string, as: Credential = this.owner) {
    return this.app.cluster.sql(text, as, this.name);
  }

  facts(columns: readonly DeclaredColumn[] = declared): Partial<DatabaseFacts> {
    return {
      scheme: 'singleUser',
      roles: [this.engine.username],
      identity: undefined,
      rows: [{ secret, dbname: this.name, columns: [...columns] }],
    };
  }

  plan(columns?: readonly DeclaredColumn[], change: Partial<DatabaseFacts> = {}) {
    return this.app.ask({ operation: 'planRows', secret }, { ...this.facts(columns), ...change });
  }

  execute(digest: string, columns?: readonly DeclaredColumn[]) {
    return this.app.ask({ operation: 'executeRows', secret, digest }, this.facts(columns));
  }

  /** Plans, confirms, and gives the statements. @throws Error with the findings, where some block */
  async prepare(columns?: readonly DeclaredColumn[]): Promise<string[]> {
    const plan = await this.plan(columns);
    const found = blocking(plan);
    if (found.length > 0) throw new Error(found.join(', '));
    await this.execute(plan.digest, columns);
    return sqlOf(plan);
  }

  /** SQLSTATE the engine gets, or 'done'. */
  async tries(text: string, as: Credential = this.engine): Promise<string> {
    try {
      await this.sql(text, as);
      return 'done';
    } catch (error) {
      return (error as { sqlstate?: string }).sqlstate ?? String(error);
    }
  }
}

export const sqlOf = (plan: { statements: { sql: string }[] }) =>
  plan.statements.map(({ sql }) => sql);
export const blocking = (plan: { findings: { code: string; level: string }[] }) =>
  plan.findings.filter(({ level }) => level === 'blocks').map(({ code }) => code);
