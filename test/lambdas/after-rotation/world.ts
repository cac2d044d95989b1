/** Everything around the AfterRotation: a secret, its records, and the machine itself. */
import type {
  Manifest,
  RotatedByAge,
  RotatedManifestSecret,
} from '../../../domain/config/manifest.ts';
import type { AfterRotationRecord, Intent } from '../../../domain/events/control-records.ts';
import type { AfterRotationDoors } from '../../../lambdas/after-rotation/doors.ts';
import { runTask } from '../../../lambdas/after-rotation/run-task.ts';
import { afterRotationDefinition } from '../../../lib/after-rotation-definition.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { inMemoryEmergencyRecords } from '../../doors/in-memory-emergency-records.ts';
import { inMemoryRolloutRecords } from '../../doors/in-memory-rollout-records.ts';
import { arnOf, inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedHook,
  recordedLog,
  recordedMetrics,
  settableClock,
} from '../../doors/recorded.ts';
import { Bench } from '../../sandbox/step-functions/machine.ts';
import { pharmacy } from '../pharmacy.ts';

export const name = 'pharmacy/prod/jwt';
export const v0 = '00000000-0000-4000-8000-000000000000';
export const v1 = '11111111-1111-4111-8111-111111111111';
export const kid = '1a77c0de55e1b002';
export const executionArn = (of: string) =>
  `arn:aws:states:eu-west-1:000000000000:execution:m:${of}`;
const at = '2026-05-17T17:00:00.000Z';

const shared = {
  key: 'secret',
  name,
  function: 'quarterturn-pharmacy-prod-secret',
  origin: 'new' as const,
  armed: true,
  cadenceDays: 180,
  leadDays: 5,
  readerCacheSeconds: 300,
};
export const jwt: RotatedByAge = {
  kind: 'jwt',
  ...shared,
  readers: 'keyset',
  acceptForSeconds: 60,
  logsEveryoneOut: false,
};
export const database: RotatedManifestSecret = {
  kind: 'database',
  ...shared,
  scheme: 'multiUser',
  host: 'db',
  port: 5432,
  dbname: 'pharmacy',
  roles: ['a', 'b'],
  admin: 'admin',
};

/** What the rotation function answers to those that find facts. */
const found: Readonly<Record<string, object>> = { proveOld: { evidence: [] } };

export type Call = { task?: string; operation?: string };

/** @param more of the manifest; with `rollout` or `sync` the machine has their states, and functions answer them */
export function world(secret: RotatedManifestSecret = jwt, more: Partial<Manifest> = {}) {
  const secrets = inMemorySecrets();
  const emergencies = inMemoryEmergencyRecords();
  const controlTable = inMemoryControlTable();
  const doors = {
    secretsManager: { ...secrets.door },
    controlTable,
    rolloutRecords: inMemoryRolloutRecords(),
    emergencyRecords: (deployment: string) => {
      if (deployment !== 'pharmacy/prod') throw new Error(`another deployment: ${deployment}`);
      return emergencies;
    },
    machines: { afterRotation: 'arn:after-rotation', reencryption: 'arn:reencryption' },
    stepFunctions: recordedExecutions(),
    eventBus: recordedBus(),
    consumersHook: recordedHook(),
    functions: {
      invoke: async (_name: string, _request: unknown): Promise<unknown> => {
        throw new Error('nobody is to be invoked');
      },
    },
    manifest: async (): Promise<Manifest> => ({
      ...pharmacy,
      secrets: [secret],
      consumers: [],
      ...more,
    }),
    metrics: recordedMetrics(),
    clock: settableClock(at),
    log: recordedLog(),
  } satisfies AfterRotationDoors;
  secrets.add(name, { [v1]: ['AWSCURRENT'], [v0]: ['AWSPREVIOUS'] });

  const calls: Call[] = [];
  /** Called before each task: the outside world moves. */
  const before: {
    task: (call: Call) => Promise<void> | void;
    /** After the effect, before the answer: throws, and it is lost. */
    answer: (call: Call) => void;
    /** What an operation of the rotation function answers. */
    operation: (call: Call) => Promise<object | undefined> | object | undefined;
    /** What getting a consumer to a new value comes to; throws: it is not well. */
    rollOut: (input: unknown) => Promise<object>;
    /** Runs a task; a matrix puts its faults around the doors. */
    run: (doors: AfterRotationDoors, payload: unknown) => Promise<object>;
  } = {
    task: () => undefined,
    answer: () => undefined,
    operation: () => undefined,
    rollOut: async () => ({}),
    run: runTask,
  };

  async function rotated(
    token: string,
    intent: Intent,
    more: Partial<AfterRotationRecord> = {},
  ): Promise<void> {
    const record = { token, intent, basedOn: token === v1 ? v0 : v1, at };
    await controlTable.fixRotation(name, {
      ...record,
      provenance: { intent, token, attributed: true, requestedBy: 'cadence' },
      steps: { createSecret: { at, milliseconds: 120, outcome: 'created' } },
      evidence: [{ fact: 'signed', detail: { kid } }],
    });
    const { token: versionId, ...after } = record;
    await controlTable.putAfterRotation(name, { ...after, versionId, state: 'due', ...more });
  }

  /** Secrets Manager runs the four steps of the activation and closes it. */
  async function activateBy(execution: string): Promise<void> {
    const token = secrets.rotations.at(-1)?.clientRequestToken ?? '';
    await rotated(token, 'activate', { owner: execution, primary: kid, replaced: 'old' });
    secrets.promote(name, token);
  }

  const bench = new Bench();
  const taskFunctionArn = bench.lambda.on('tasks', async (payload) => {
    calls.push(payload as Call);
    await before.task(payload as Call);
    const answer = await before.run(doors, payload);
    before.answer(payload as Call);
    return answer;
  });
  bench.lambda.on(secret.function, async (payload) => {
    calls.push(payload as Call);
    const call = payload as Call;
    return (await before.operation(call)) ?? found[call.operation ?? ''] ?? { outcome: 'retired' };
  });
  // Lambda takes a name as well as an ARN (API_Invoke).
  const invoke = bench.lambda.invoke.bind(bench.lambda);
  bench.lambda.invoke = (caller, nameOrArn, payload) =>
    invoke(caller, taskFunctionArn.replace(/tasks$/, nameOrArn.split(':').at(-1) ?? ''), payload);
  const { arn: stateMachineArn } = bench.service.createStateMachine({
    name: 'm',
    definition: afterRotationDefinition({
      taskFunctionArn,
      longestWaitSeconds: 300,
      ...(more.rollout && {
        rollout: { machineArn: rolloutMachine(), consumerSeconds: 3_600, longestSeconds: 20_000 },
      }),
      ...(more.sync && { syncFunctionArn: syncFunction() }),
    }),
    roleArn: 'arn:aws:iam::000000000000:role/machine',
    type: 'STANDARD',
  });

  /** A machine of one task, in the place of the one that gets a consumer to a new value. */
  function rolloutMachine(): string {
    const functionArn = bench.lambda.on('roll-out', async (payload) => before.rollOut(payload));
    return bench.service.createStateMachine({
      name: 'rollout',
      definition: {
        StartAt: 'RollOut',
        States: {
          RollOut: { Type: 'Task', Resource: functionArn, TimeoutSeconds: 60, End: true },
        },
      },
      roleArn: 'arn:aws:iam::000000000000:role/rollout',
      type: 'STANDARD',
    }).arn;
  }

  function syncFunction(): string {
    return bench.lambda.on('sync', async (payload) => {
      calls.push(payload as Call);
      return { evidence: [{ fact: 'copied', detail: { target: 'ssm /app/JWT' } }] };
    });
  }

  /** Runs one execution to its end. */
  async function execute(more: object = {}, executionName = v1): Promise<string> {
    const input = { secretArn: arnOf(name), secretName: name, versionId: v1, ...more };
    await bench.run('StartExecution', {
      stateMachineArn,
      name: executionName,
      input: JSON.stringify(input),
    });
    await bench.clock.settle();
    return (await bench.described(executionArn(executionName))).status;
  }

  return {
    bench,
    emergencies,
    secrets,
    controlTable,
    doors,
    calls,
    before,
    rotated,
    activateBy,
    execute,
    stateMachineArn,
  };
}
