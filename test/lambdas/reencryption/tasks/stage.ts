/** The re-encryption machine as it is defined, over a real database; everything else of AWS in memory. */
import { randomUUID } from 'node:crypto';
import type { CipherKey } from '../../../../domain/ciphertext/keys.ts';
import type { Manifest, RotatedManifestSecret } from '../../../../domain/config/manifest.ts';
import type { KeyState } from '../../../../domain/secrets/key-states.ts';
import {
  type KeysetSettings,
  serializeSecretValue,
} from '../../../../domain/secrets/secret-value.ts';
import { pooledRandom } from '../../../../doors/pooled-random.ts';
import { bulkPostgres } from '../../../../doors/postgres/bulk-session.ts';
import type { AfterRotationDoors } from '../../../../lambdas/after-rotation/doors.ts';
import { runTask as runAfterRotationTask } from '../../../../lambdas/after-rotation/run-task.ts';
import { answer } from '../../../../lambdas/reencryption/answer.ts';
import { cipherIn } from '../../../../lambdas/reencryption/cipher.ts';
import type { ReencryptedColumn } from '../../../../lambdas/reencryption/column.ts';
import type { Deployed, ReencryptionDoors, Tools } from '../../../../lambdas/reencryption/doors.ts';
import { reencryptionDefinition } from '../../../../lib/reencryption-definition.ts';
import { inMemoryControlTable } from '../../../doors/in-memory-control-table.ts';
import { inMemoryEmergencyRecords } from '../../../doors/in-memory-emergency-records.ts';
import { inMemoryRolloutRecords } from '../../../doors/in-memory-rollout-records.ts';
import { arnOf } from '../../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedHook,
  recordedLog,
  recordedMetrics,
} from '../../../doors/recorded.ts';
import { Bench } from '../../../sandbox/step-functions/machine.ts';
import { bound, type Clinic, columnOf, engineOf, k1, planAll, sealed } from '../clinic.ts';

export interface StageOptions {
  mode?: 'online' | 'maintenance';
  stores?: string[];
  workers?: number;
  rows?: number;
  limits?: Partial<Deployed['limits']>;
  column?: Partial<ReencryptedColumn>;
  consumersHook?: string;
}

export type Call = { task: string; execution: string; progress: Record<string, unknown> };

/** State → key, of a keyset; the primary is needed. */
type Keys = Partial<Record<KeyState, CipherKey>>;

const keyset: KeysetSettings = { field: 'KEY', encoding: 'base64', bits: 256, alg: 'A256GCM' };
const day = '2026-01-01T00:00:00.000Z';

let nth = 0;

export async function setStage(clinic: Clinic, options: StageOptions = {}) {
  // What the stage before left is ciphertext that this one does not declare.
  await clinic.sql(`drop table if exists patients${Math.max(0, nth - 1)}`);
  const name = `clinic/prod/pii${nth}`;
  const table = `patients${nth++}`;
  const column = columnOf(`${table}.ssn`, options.column);
  await clinic.sql(`create table ${table} (id int primary key, ssn text)`);
  await clinic.sql(`grant select (id, ssn), update (ssn) on ${table} to reencryption`);
  const write = (from: number, to: number, key: CipherKey) =>
    clinic.sql(
      `insert into ${table} (id, ssn) select i, $1 from generate_series(${from}::int, ${to}::int) i`,
      [sealed('123-45-6789', key, bound(column.id))],
    );
  await write(1, options.rows ?? 500, k1);

  const bench = new Bench();
  const clock = {
    now: () => bench.clock.now(),
    sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
  const controlTable = inMemoryControlTable();
  const versions = new Map<string, string>();
  let current = '';
  const reads: string[] = [];
  const secretsManager: ReencryptionDoors['secretsManager'] = {
    describe: async (secretId) => {
      reads.push(`describe ${secretId}`);
      return {
        arn: arnOf(name),
        name,
        rotationEnabled: true,
        versionIdsToStages: { [current]: ['AWSCURRENT'] },
      };
    },
    getValue: async (secretId, versionId) => {
      reads.push(`getValue ${secretId}`);
      return versions.get(versionId);
    },
    getCurrentValue: async (secretId) => {
      reads.push(`getCurrentValue ${secretId}`);
      return JSON.stringify(clinic.worker);
    },
  };
  /** A version with this keyset becomes AWSCURRENT. */
  function promote(keys: Keys, primarySince = day, intent = 'activate'): string {
    current = randomUUID();
    const entries = Object.entries(keys) as [KeyState, CipherKey][];
    const text = serializeSecretValue(
      {
        shape: 'keyset',
        others: new Map(),
        keyset: {
          version: 1,
          alg: 'A256GCM',
          encoding: 'base64',
          rotation: { intent, token: current },
          keys: entries.map(([state, { kid, key, adopted }]) => ({
            kid,
            key,
            state,
            createdAt: day,
            ...(adopted && { adopted }),
            ...(state !== 'published' && { primarySince }),
            ...(state === 'disabled' && { disabledAt: primarySince }),
          })),
        },
      },
      keyset,
    );
    versions.set(current, text);
    return current;
  }

  const { limits } = engineOf(clinic, [column], { limits: { rows: 200, ...options.limits } });
  const mode = options.mode ?? 'online';
  const deployed: Deployed = {
    secretName: name,
    secretArn: arnOf(name),
    rowsSecretArn: arnOf('clinic/prod/rows'),
    keyset,
    developmentFallbacks: 'refused',
    mode,
    workers: options.workers ?? 1,
    readerCacheSeconds: 300,
    stores: options.stores ?? [],
    endpoint: clinic.endpoint,
    engines: [clinic.worker.username],
    columns: [column],
    neighbours: [],
    cipherOf: cipherIn(mode),
    limits,
    planLimits: planAll,
  };
  const doors = {
    secretsManager,
    controlTable,
    postgres: bulkPostgres,
    metrics: recordedMetrics(),
    clock,
    random: pooledRandom(),
    log: recordedLog(),
  } satisfies ReencryptionDoors;
  const secret: RotatedManifestSecret = {
    kind: 'encryption',
    key: 'pii',
    name,
    function: 'rotates-pii',
    origin: 'new',
    armed: true,
    cadenceDays: 90,
    leadDays: 5,
    readerCacheSeconds: 300,
    readers: mode === 'online' ? 'keyset' : 'scalar',
    reencryption: {
      ...{ function: 'rows', login: 'clinic/prod/rows', mode, workers: 2, stores: [] },
      ...(options.consumersHook && { consumersHook: options.consumersHook }),
    },
  } as unknown as RotatedManifestSecret;
  const stepFunctions = recordedExecutions();
  const outside = {
    secretsManager: { describe: secretsManager.describe, rotate: async () => 'started' as const },
    controlTable,
    machines: { afterRotation: 'arn:after-rotation', reencryption: 'arn:reencryption' },
    stepFunctions,
    rolloutRecords: inMemoryRolloutRecords(),
    eventBus: recordedBus(),
    consumersHook: recordedHook(),
    functions: {
      invoke: async (_name: string, _request: unknown): Promise<unknown> => {
        throw new Error('nobody is to be invoked');
      },
    },
    manifest: async () =>
      ({
        name: 'clinic',
        environment: 'prod',
        afterRotationMachine: 'after-rotation',
        reencryptionMachine: 'm',
        secrets: [secret],
        consumers: [] as Manifest['consumers'],
      }) as Manifest,
    emergencyRecords: inMemoryEmergencyRecords,
    metrics: recordedMetrics(),
    clock,
    log: recordedLog(),
  } satisfies AfterRotationDoors;

  const calls: Call[] = [];
  const hooks: {
    /** The outside world moves. */
    before: (call: Call) => Promise<void> | void;
    /** After the effect, before the answer. */
    after: (call: Call) => Promise<void> | void;
    /** Runs a task; a matrix puts its faults around the doors. */
    rows: (of: Tools, call: Call) => Promise<object>;
    outside: (of: AfterRotationDoors, call: Call) => Promise<object>;
  } = {
    before: () => undefined,
    after: () => undefined,
    rows: answer,
    outside: runAfterRotationTask,
  };
  const called =
    (run: (call: Call) => Promise<object>) =>
    async (payload: unknown): Promise<object> => {
      const call = payload as Call;
      calls.push(call);
      await hooks.before(call);
      const answered = await run(call);
      await hooks.after(call);
      return answered;
    };
  const tools = () => ({
    ...doors,
    deployed,
    deadline: new Date(clock.now().getTime() + 900_000),
  });
  const rows = bench.lambda.on(
    'rows',
    called((call) => hooks.rows(tools(), call)),
  );
  const tasks = bench.lambda.on(
    'tasks',
    called((call) => hooks.outside(outside, call)),
  );
  const { arn: machine } = bench.service.createStateMachine({
    name: 'm',
    definition: reencryptionDefinition({ taskFunctionArn: tasks }),
    roleArn: 'arn:aws:iam::000000000000:role/machine',
    type: 'STANDARD',
  });
  const executionArn = (of: string) => `${machine.replace(':stateMachine:', ':execution:')}:${of}`;

  const input = () => ({
    secretName: name,
    secretArn: arnOf(name),
    function: rows,
    versionId: current,
  });

  /** Runs one execution, and what continues it, to its end. */
  async function execute(executionName: string, more: object = {}) {
    await bench.run('StartExecution', {
      stateMachineArn: machine,
      name: executionName,
      input: JSON.stringify({ ...input(), ...more }),
    });
    await bench.clock.settle(30 * 86_400_000);
    return bench.described(executionArn(executionName));
  }

  return {
    name,
    table,
    column,
    write,
    bench,
    promote,
    reads,
    deployed,
    doors,
    outside,
    controlTable,
    calls,
    hooks,
    execute,
    executionArn,
    machine,
    input,
    /** The state in which an execution ended. */
    async lastState(of: string): Promise<string | undefined> {
      const { events } = await bench.run('GetExecutionHistory', {
        executionArn: executionArn(of),
        reverseOrder: true,
        maxResults: 5,
      });
      const told = events as unknown as { stateExitedEventDetails?: { name: string } }[];
      return told.find((event) => event.stateExitedEventDetails)?.stateExitedEventDetails?.name;
    },
    rows,
    stepFunctions,
    record: () => controlTable.getReencryption(name),
    tasks: () => calls.map(({ task }) => task),
    ask: <Answer = Record<string, unknown>>(operation: string, more: object = {}) =>
      answer(tools(), { operation, secret: name, ...more }) as Promise<Answer>,
    answer: (event: unknown) => answer(tools(), event),
    /** kid → rows that name it. */
    async under(): Promise<Record<string, number>> {
      const found = await clinic.sql<{ kid: string; rows: number }>(
        `select substring(ssn from 5 for 16) as kid, count(*)::int as rows from ${table} group by 1`,
      );
      return Object.fromEntries(found.map(({ kid, rows }) => [kid, rows]));
    },
    jobs: () =>
      clinic.sql<{ id: string; target: string; state: string; epoch: number; rewritten: number }>(
        `select j.id::text, j.target_kid as target, j.state, j.epoch::int,
                (select coalesce(sum(c.rewritten), 0)::int from quarterturn.range r
                   join quarterturn.range_count c on c.range = r.id where r.job = j.id) as rewritten
           from quarterturn.job j where secret = $1 order by epoch`,
        [name],
      ),
  };
}
export type Stage = Awaited<ReturnType<typeof setStage>>;
export type { ReencryptedColumn };
