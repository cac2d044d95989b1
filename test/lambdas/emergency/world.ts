/** Everything around the machine of an emergency: secrets that rotate, consumers that stop and start, and a trail. */
import { expect } from '@jest/globals';
import type { Manifest, ManifestSecret } from '../../../domain/config/manifest.ts';
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { EmergencyEvent } from '../../../domain/events/emergency.ts';
import type { ConsumersStopped, StopConsumers } from '../../../domain/events/rollout.ts';
import type { EmergencyDoors } from '../../../lambdas/emergency/doors.ts';
import { runTask } from '../../../lambdas/emergency/run-task.ts';
import { emergencyDefinition } from '../../../lib/emergency-definition.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { inMemoryEmergencyRecords } from '../../doors/in-memory-emergency-records.ts';
import { inMemoryRolloutRecords } from '../../doors/in-memory-rollout-records.ts';
import { inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import { recordedBus, recordedLog } from '../../doors/recorded.ts';
import { Bench } from '../../sandbox/step-functions/machine.ts';
import { pharmacy } from '../pharmacy.ts';
import {
  arn,
  audit,
  type Consumer,
  database,
  dead,
  diagnosisOf,
  executionArn,
  id,
  input,
  invoked,
  jwt,
  machine,
  mail,
  served,
  suspect,
  versionOf,
} from './deployment.ts';
import { watch } from './watched.ts';
export interface Call {
  task?: string;
  operation?: string;
  progress?: { key?: string; stage?: string };
  token?: string;
}

export function world({
  secrets = [jwt, database, mail],
  consumers = [served('api', ['jwt', 'db']), invoked('mailer', ['db'])],
  more = {},
}: {
  secrets?: ManifestSecret[];
  consumers?: Consumer[];
  more?: Partial<Manifest>;
} = {}) {
  const bench = new Bench();
  const stored = inMemorySecrets();
  const controlTable = inMemoryControlTable();
  const rolloutRecords = inMemoryRolloutRecords();
  const records = inMemoryEmergencyRecords();
  const bus = recordedBus();
  const manifest: Manifest = {
    ...pharmacy,
    secrets,
    consumers,
    rollout: {
      machine: 'rollout',
      function: 'roll-out',
      waves: [],
      onFailure: 'rollBack',
      holdSeconds: 0,
      redeploy: false,
    },
    emergency: {
      machine,
      function: 'in-emergency',
      accessAudit: 'audit-access',
      fingerprints: 'take-fingerprints',
      policy: 'emergency-policy',
      stopConsumers: true,
      suspects: [suspect],
      hasTrail: false,
      regions: ['eu-west-1'],
    },
    ...more,
  };

  /** Everything that had an effect, in order. */
  const effects: string[] = [];
  const calls: Call[] = [];
  const running = new Map(consumers.map(({ name }) => [name, true]));
  const denied = new Set<string>();
  const revoked = new Set<string>();
  const objects = new Map<string, string>();
  const executions = new Map<string, unknown>();
  const before = {
    /** Before a task: throws, and the task fails. */
    task: (_call: Call): void => undefined,
    /** After its effect: throws, and its answer is lost. */
    answer: (_call: Call): void => undefined,
    /** Before and after every call of a door. */
    door: (_name: string, _when: 'before' | 'after'): void => undefined,
    /** Runs a task; a matrix puts its faults around the doors. */
    run: (of: EmergencyDoors, payload: unknown): Promise<object> => runTask(of, payload),
    /** What a rotation comes to, when it is looked at first. */
    rotation: (_name: string): 'promoted' | 'stuck' => 'promoted',
    /** What follows it comes to. */
    after: (_name: string): 'finished' | 'stopped' => 'finished',
    /** What is found of the credential before. */
    proof: (_name: string): Evidence[] => dead,
  };

  for (const secret of secrets) {
    stored.add(secret.name, { [versionOf(secret.key)]: ['AWSCURRENT'] });
  }
  const keyOf = (name: string) => name.split('/').at(-1) ?? '';
  const now = () => bench.clock.now().toISOString();
  const roleOf = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
  /** What a function is told to use (lib/rotating-secret.ts, lib/encryption-secret.ts). */
  const used = (functionName: string): Record<string, string> => {
    const secret = secrets.find((one) => 'function' in one && one.function === functionName);
    return {
      SECRET_NAME: secret?.name ?? '',
      CONTROL_TABLE: 'control',
      KMS_KEY_ARN: arn('kms', 'key/secrets'),
      ...(secret?.kind === 'database' && {
        ADMIN_SECRET_ARN: arn('secretsmanager', 'secret:admin-AbCdEf'),
      }),
      ...(secret?.kind === 'encryption' && {
        ESCROW_BUCKET: 'copies',
        ESCROW_PREFIX: secret.key,
        ESCROW_KEY_ARN: arn('kms', 'key/escrow'),
        ROWS_SECRET_ARN: arn('secretsmanager', 'secret:rows-AbCdEf'),
      }),
    };
  };
  /** Keys of secrets, once for each time that a version of them came into use. */
  const promotions: string[] = [];
  /** Looks before anything has come of what was asked for. */
  const looks = new Map<string, number>();
  const look = (what: string) => {
    looks.set(what, (looks.get(what) ?? 0) + 1);
    return looks.get(what) ?? 0;
  };

  /** Secrets Manager runs the four steps meanwhile: the second look finds them done. */
  async function rotateMeanwhile(name: string, token: string): Promise<void> {
    if (look(`rotation ${token}`) < 2 || before.rotation(name) === 'stuck') return;
    // Over, or cleared out of the way.
    if (!stored.stages.get(name)?.[token]?.includes('AWSPENDING')) return;
    const intent = await controlTable.getIntent(name, token);
    if (intent === undefined) return;
    const basedOn = versionOf(keyOf(name));
    const record = { token, intent: 'emergency' as const, basedOn, at: now() };
    await controlTable.fixRotation(name, {
      ...record,
      provenance: { intent: 'emergency', token, attributed: true },
      steps: { finishSecret: { at: now(), milliseconds: 100, outcome: 'promoted' } },
      evidence: [],
    });
    await controlTable.putAfterRotation(name, {
      versionId: token,
      state: 'due',
      intent: 'emergency',
      basedOn,
      primary: `new-${keyOf(name)}`,
      replaced: `old-${keyOf(name)}`,
      ...(intent.owner !== undefined && { owner: intent.owner }),
      at: now(),
    });
    stored.promote(name, token);
    promotions.push(keyOf(name));
  }

  /** AfterRotation, where somebody started it: takes the version, looks at the old credential, waits for consumers. */
  async function followMeanwhile(name: string, versionId: string): Promise<void> {
    const key = `${name}|${versionId}`;
    if (!executions.has(key)) return;
    const record = await controlTable.getAfterRotation(name, versionId);
    if (record === undefined || record.state === 'finished') return;
    const isResumed = [...executions.keys()].some((it) => it.startsWith(`${versionId}-resume-`));
    if (record.state === 'stopped' && !isResumed) return;
    if (before.after(name) === 'stopped') {
      await controlTable.moveAfterRotation(name, [record.state], {
        ...record,
        state: 'stopped',
        reason: 'NotWell: api',
      });
      return;
    }
    const proof = { at: now(), evidence: before.proof(name) };
    const owner = record.owner?.split('#')[1] ?? '';
    const start = await records.getStage(owner, 'start');
    const isStarted = start !== undefined && start.state !== 'running';
    await controlTable.moveAfterRotation(name, [record.state], {
      ...record,
      execution: arn('states', `execution:after-rotation:${versionId}`),
      state: isStarted ? 'finished' : 'running',
      proof: record.proof ?? proof,
    });
  }

  async function invoke(functionName: string, request: unknown): Promise<unknown> {
    const { operation } = request as { operation?: string };
    if (functionName === 'roll-out' && operation === 'posture') {
      return { consumer: (request as { consumer: string }).consumer, findings: [], unchecked: [] };
    }
    if (functionName === 'roll-out') return moved(request as StopConsumers);
    if (functionName === 'ask-health') {
      return { healthy: true, proof: 'held', looks: [], onlyThisSecret: false };
    }
    if (functionName === 'audit-access') {
      const { progress } = request as { progress?: unknown };
      return progress === undefined ? { done: false, progress: { page: 2 }, seen: 50 } : audit;
    }
    throw new Error(`nobody answers to ${functionName}`);
  }

  /** It takes two looks. */
  function moved({ operation, consumers: names }: StopConsumers): ConsumersStopped {
    const outcomes = names.map((consumer) => {
      const wanted = operation === 'start';
      if (running.get(consumer) === wanted) {
        return { consumer, state: 'reached' as const, detail: operation };
      }
      if (look(`${operation} ${consumer}`) % 2 === 0) {
        running.set(consumer, wanted);
        effects.push(`${operation} ${consumer}`);
        return { consumer, state: 'reached' as const, detail: operation };
      }
      return { consumer, state: 'underWay' as const, detail: 'draining' };
    });
    return { done: outcomes.every(({ state }) => state !== 'underWay'), consumers: outcomes };
  }

  const doors: EmergencyDoors = {
    records,
    controlTable,
    rolloutRecords,
    secretsManager: {
      describe: (secretId) => stored.door.describe(secretId),
      async rotate(asked) {
        const answer = await stored.door.rotate(asked);
        if (answer === 'started') effects.push(`rotate ${keyOf(asked.secretId).slice(0, -7)}`);
        return answer;
      },
    },
    containment: {
      async deny(secretId) {
        denied.add(secretId);
        return 'denied';
      },
      lift: async (secretId) => denied.delete(secretId),
    },
    sessions: {
      async revoke(role) {
        revoked.add(role);
      },
      restore: async (role) => revoked.delete(role),
    },
    simulation: {
      simulate: async ({ actions, resources }) =>
        actions.flatMap((action) =>
          resources.map((resource) => ({
            action,
            resource,
            decision: 'allowed' as const,
            missingContext: [],
            policies: [],
            deniedByOrganization: false,
            deniedByBoundary: false,
          })),
        ),
    },
    functionRoles: {
      roleOf: async (name) => roleOf(name),
      settingsOf: async (name) => ({ role: roleOf(name), isInVpc: true, environment: used(name) }),
    },
    stepFunctions: {
      async startExecution({ name, input: given }) {
        if (executions.has(name)) return 'alreadyExists';
        executions.set(name, given);
        const { secretName, versionId } = given as { secretName?: string; versionId?: string };
        executions.set(`${secretName}|${versionId}`, given);
        effects.push(`execution ${secretName === undefined ? name : `of ${keyOf(secretName)}`}`);
        return 'started';
      },
      isRunning: async (execution) => {
        const name = execution.split(':').at(-1) ?? '';
        if (execution.includes(`:${machine}:`)) {
          return (await bench.described(execution)).status === 'RUNNING';
        }
        return executions.has(name);
      },
    },
    functions: { invoke },
    eventBus: bus,
    incidents: {
      bucket: 'incidents',
      async put(key, _type, text) {
        objects.set(key, text);
      },
      get: async (key) => objects.get(key),
    },
    roles: {
      function: 'arn:aws:iam::000000000000:role/own/in-emergency',
      machine: 'arn:aws:iam::000000000000:role/own/machine',
      afterRotationMachine: roleOf('after-rotation-machine'),
      rolloutMachine: roleOf('rollout-machine'),
      controlKey: arn('kms', 'key/control'),
    },
    manifest: async () => manifest,
    clock: { now: () => bench.clock.now(), sleep: async () => undefined },
    log: recordedLog(),
  };
  /** Each call of each door is told before it has an effect, and before its answer arrives. */
  const watched = watch(doors as unknown as Record<string, unknown>, (call, when) =>
    before.door(call, when),
  ) as unknown as EmergencyDoors;

  const taskFunctionArn = bench.lambda.on('tasks', async (payload) => {
    const call = payload as Call;
    calls.push(call);
    before.task(call);
    for (const { name } of secrets) {
      for (const { clientRequestToken, secretId } of stored.rotations) {
        if (!secretId.includes(`:${name}-`)) continue;
        if (call.task === 'promoted') await rotateMeanwhile(name, clientRequestToken);
        if (call.task === 'proven' || call.task === 'settle') {
          await followMeanwhile(name, clientRequestToken);
        }
      }
    }
    const answer = await before.run(watched, payload);
    before.answer(call);
    return answer;
  });
  for (const secret of secrets) {
    if (secret.kind === 'userManaged') continue;
    bench.lambda.on(secret.function, async (payload) => {
      const call = payload as Call;
      calls.push(call);
      if (call.operation === 'preempt') return { pinned: false, stoppedAfterRotation: false };
      return diagnosisOf(secret.key);
    });
  }
  // Lambda takes a name as well as an ARN (API_Invoke).
  const invokeArn = bench.lambda.invoke.bind(bench.lambda);
  bench.lambda.invoke = (caller, nameOrArn, payload) =>
    invokeArn(
      caller,
      taskFunctionArn.replace(/tasks$/, nameOrArn.split(':').at(-1) ?? ''),
      payload,
    );
  const restart = bench.lambda.on('restart', async (payload) => {
    const { consumer, secretName, versionId, round } = payload as Record<string, string>;
    // What is healthy is not restarted again (lambdas/rollout/tasks/begin.ts).
    const known = await rolloutRecords.getRollouts(secretName ?? '', versionId ?? '');
    if (known.some((record) => record.consumer === consumer && record.state === 'healthy')) {
      return {};
    }
    effects.push(`restart ${consumer}`);
    rolloutRecords.putRollout(secretName ?? '', {
      versionId: versionId ?? '',
      round: round as 'use',
      consumer: consumer ?? '',
      state: 'healthy',
      execution: arn('states', 'execution:rollout:1'),
      startedAt: now(),
      at: now(),
      restartedAt: now(),
      proof: 'held',
    });
    return {};
  });
  const role = 'arn:aws:iam::000000000000:role/machine';
  const rollout = bench.service.createStateMachine({
    name: 'rollout',
    definition: {
      StartAt: 'Restart',
      States: { Restart: { Type: 'Task', Resource: restart, TimeoutSeconds: 60, End: true } },
    },
    roleArn: role,
    type: 'STANDARD',
  });
  const { arn: stateMachineArn } = bench.service.createStateMachine({
    name: machine,
    definition: emergencyDefinition({
      taskFunctionArn,
      rollout: { machineArn: rollout.arn, consumerSeconds: 3600 },
    }),
    roleArn: role,
    type: 'STANDARD',
  });

  /** Runs one execution to its end. */
  async function execute(given: object = input, name = 'first') {
    await bench.run('StartExecution', { stateMachineArn, name, input: JSON.stringify(given) });
    await bench.clock.settle();
    return bench.described(executionArn(name));
  }

  return {
    bench,
    doors: watched,
    records,
    controlTable,
    stored,
    bus,
    manifest,
    effects,
    calls,
    running,
    denied,
    revoked,
    objects,
    executions,
    before,
    stateMachineArn,
    execute,
    timesPromoted: (key: string) => promotions.filter((promoted) => promoted === key).length,
    /** Tasks in order, each loop once. */
    tasks: () =>
      calls
        .map(({ task, operation }) => task ?? operation ?? '')
        .filter((task, index, all) => task !== all[index - 1]),
    stages: async (of = id) =>
      Object.fromEntries((await records.getStages(of)).map(({ stage, state }) => [stage, state])),
    secret: (key: string, of = id) => records.getSecret(of, key),
    head: (of = id) => records.getEmergency(of),
    told: () => bus.events.map(({ detail }) => detail as EmergencyEvent),
  };
}

/** Everything was done once: no secret rotated twice, nobody stopped without being started. */
export async function expectOnce(around: ReturnType<typeof world>): Promise<void> {
  const rotated = new Set(around.stored.rotations.map(({ secretId }) => secretId));
  expect(around.stored.rotations).toHaveLength(rotated.size);
  const { effects } = around;
  const counts = new Map(effects.map((effect) => [effect, 0]));
  for (const effect of effects) counts.set(effect, (counts.get(effect) ?? 0) + 1);
  const stops = counts.get('stop api') ?? 0;
  expect([stops, counts.get('start api') ?? 0]).toEqual([stops, stops]);
  expect(counts.get('restart mailer') ?? 0).toBeLessThanOrEqual(1);
}
