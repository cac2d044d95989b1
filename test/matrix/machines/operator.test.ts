/**
 * The operator function over a real PostgreSQL: a person asks for a plan and has it executed, while every call of a
 * door and every statement fails in the ways its system can fail. Who asked sees an error and asks again; at the end
 * everything is there once, and whoever worked in the database before works in it all the while.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Credential, Session } from '../../../doors/postgres/door.ts';
import { PostgresError, PostgresUnreachableError } from '../../../doors/postgres/errors.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { operate } from '../../../lambdas/operator/operate.ts';
import type { OperatorTools } from '../../../lambdas/operator/tools.ts';
import { FunctionDiedError } from '../../in-process/faults.ts';
import { type Application, Cluster } from '../../lambdas/operator/cluster.ts';
import { Practice, secret } from '../../lambdas/operator/practice.ts';
import type { FaultyCalls, Invocation, Kind } from './faulty-calls.ts';
import { faultyDoors } from './faulty-doors.ts';
import { wordsOf } from './function-runs.ts';
import { knownSites, runMatrix } from './schedules.ts';

let cluster: Cluster;
let practice: Practice;
beforeAll(async () => {
  cluster = await Cluster.start({});
  practice = await Practice.open(cluster, 'clinic');
}, 60_000);
afterAll(() => cluster?.stop());

/** Lost connections but for a right that is missing (42501: PostgreSQL, appendix A). */
const ofTheServer = (site: string, kind: Kind): Error =>
  kind === 'permanent'
    ? new PostgresError(site, '42501', '')
    : new PostgresUnreachableError(site, 'ECONNRESET');

/** Nobody sends a statement a second time by itself: delivered twice is delivered once. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= run();
    return answer;
  };
}

/** `create role`: a place is named by what its statement does. */
const words = (text: string): string =>
  text.trim().toLowerCase().split(/\s+/).slice(0, 2).join(' ');

function faultySession(at: Invocation, { query, transaction }: Session): Session {
  return {
    query: (text, values) =>
      at.call(
        `postgres.query ${words(text)}`,
        once(() => query(text, values)),
        ofTheServer,
      ) as never,
    transaction: (work) =>
      at.call(
        'postgres.transaction',
        once(() => transaction(work)),
        ofTheServer,
      ),
  };
}

/** One request. A function that is killed takes its connections with it: the server undoes what they had begun. */
async function asked(
  calls: FaultyCalls,
  app: Application,
  tools: OperatorTools,
  request: { operation: string; secret: string; digest?: string },
  // biome-ignore lint/suspicious/noExplicitAny: answers of four shapes, read below.
): Promise<any> {
  const open: Promise<unknown>[] = [];
  let die: (error: Error) => void = () => undefined;
  const dead = new Promise<never>((_, reject) => {
    die = reject;
  });
  dead.catch(() => undefined);
  const { databases, authorities, sleep, secretsManager, ownedSecret, random } = tools;
  try {
    return await calls.invocation(request.operation, (at) => {
      const withSession: OperatorTools['postgres']['withSession'] = (endpoint, login, work) =>
        at.call(
          'postgres.withSession',
          once(() => {
            const session = nodePostgres.withSession(endpoint, login, (of) =>
              Promise.race([work(faultySession(at, of)), dead]),
            );
            open.push(session);
            return session;
          }),
          ofTheServer,
        );
      const doors = faultyDoors(at, { secretsManager, ownedSecret, random });
      return operate(
        { ...doors, databases, authorities, sleep, postgres: { withSession } },
        app.log,
        request,
      );
    });
  } catch (error) {
    if (error instanceof FunctionDiedError) {
      die(error);
      await Promise.allSettled(open);
    }
    throw error;
  }
}

interface Preparation {
  readonly plan: 'planBootstrap' | 'planRows';
  readonly execute: 'executeBootstrap' | 'executeRows';
  readonly secret: string;
  readonly tools: OperatorTools;
  /** As nobody had ever asked. */
  undo(): Promise<void>;
  /** Holds after every request, whatever became of it. */
  meanwhile(): Promise<void>;
  atTheEnd(): Promise<void>;
}

async function prepared(calls: FaultyCalls, app: Application, of: Preparation): Promise<void> {
  await of.undo();
  app.log.lines.length = 0;
  const told: unknown[] = [];
  const ask = async (operation: string, digest?: string) => {
    const request = { operation, secret: of.secret, ...(digest !== undefined && { digest }) };
    const answer = await asked(calls, app, of.tools, request);
    told.push(answer);
    return answer;
  };
  /** A plan with nothing in it: whoever asks sees that all is there. */
  const person = async (): Promise<boolean> => {
    try {
      const { statements, digest, findings } = await ask(of.plan);
      if (statements.length > 0) await ask(of.execute, digest);
      return statements.length === 0 && findings.length === 0;
    } catch (error) {
      told.push(error);
      if (!(error instanceof FunctionDiedError)) {
        expect((error as { code?: string }).code).toMatch(/^ERR_ROTATION_[A-Z_]+$/);
      }
      return false;
    } finally {
      await of.meanwhile();
    }
  };
  for (let attempt = 1; attempt <= 4 && !(await person()); attempt++);
  calls.over();
  if (!(await person())) expect(await person()).toBe(true);
  await of.atTheEnd();
  const said = wordsOf([told, app.log.lines]);
  const values = [...app.puts, app.values[app.adminArn], JSON.stringify(cluster.master)];
  const passwords = values.map((value) => JSON.parse(value ?? '{}').password ?? 'none was made');
  for (const value of [...passwords, app.password, 'SCRAM-SHA-256$']) {
    expect(said.includes(value)).toBe(false);
  }
}

function bootstrap(): Preparation {
  const { app, owner } = practice;
  const made = [...app.facts.roles, app.facts.rotator];
  const found = () =>
    cluster.superuser(
      `select rolname::text as name from pg_roles where rolname in (${made.map((role) => `'${role}'`).join()})`,
    );
  return {
    ...{ plan: 'planBootstrap', execute: 'executeBootstrap' },
    secret: app.facts.name,
    tools: app.tools(),
    async undo() {
      await cluster.superuser(`drop role if exists ${made.join()}`);
      app.values[app.adminArn] = '{"quarterturn":"uninitialised"}';
      app.puts.length = 0;
    },
    async meanwhile() {
      await practice.sql('select 1', owner);
      // All of it or nothing.
      expect([0, made.length]).toContain((await found()).length);
    },
    async atTheEnd() {
      expect(await found()).toHaveLength(made.length);
      expect(await cluster.sql('select current_user::text as me', app.rotator)).toEqual([
        { me: app.facts.rotator },
      ]);
    },
  };
}

function rows(): Preparation {
  const { app, owner, engine } = practice;
  const within = (text: string, as: Credential = cluster.server.superuser) =>
    practice.sql(text, as);
  const ledgers = () => within(`select 1 from pg_namespace where nspname = 'quarterturn'`);
  const may = () =>
    within(
      `select has_column_privilege('${engine.username}', 'visits', 'note', 'update') as may`,
    ).then(([row]) => (row as { may: boolean }).may);
  return {
    ...{ plan: 'planRows', execute: 'executeRows', secret },
    tools: app.tools(practice.facts()),
    async undo() {
      await within(
        `drop schema if exists quarterturn cascade; drop owned by ${engine.username}; drop role if exists quarterturn_owner`,
      );
    },
    async meanwhile() {
      await within('select note from visits', owner);
      // The ledger and the rights on the rows come together.
      expect((await ledgers()).length === 1).toBe(await may());
    },
    async atTheEnd() {
      expect(await may()).toBe(true);
      expect(await practice.tries(`update visits set note = 'x' where id = 1`)).toBe('done');
      expect(await practice.tries('select diagnosis from visits')).toBe('42501');
    },
  };
}

test('what a person has prepared is there once, whichever call or statement failed', async () => {
  const { sites, bad, schedules } = await runMatrix({
    id: 'operator',
    scenarios: [
      { name: 'bootstrap', run: (calls) => prepared(calls, practice.app, bootstrap()) },
      { name: 'rows', run: (calls) => prepared(calls, practice.app, rows()) },
    ],
    short: 3,
    // Each makes and drops roles on a server: of some 2,100 and their pairs a share.
    full: 200,
    pairs: { short: 1, full: 50 },
  });
  expect(sites).toEqual(knownSites('operator', sites));
  expect(bad.slice(0, 5).map((one) => one.slice(0, 2_000))).toEqual([]);
  expect(schedules).toBeGreaterThan(0);
}, 1_800_000);
