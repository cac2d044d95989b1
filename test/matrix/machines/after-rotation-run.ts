/**
 * One AfterRotation with faults: the machine as it is deployed, its tasks over doors in memory, Secrets Manager
 * promoting what is asked for, and what goes on with it when it died: the schedule's own tick, or a person who resumes
 * what is stopped (the command line of `quarterturn status`).
 */
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { AfterRotationRecord, Intent } from '../../../domain/events/control-records.ts';
import type { RolloutInput } from '../../../domain/events/rollout.ts';
import { currentVersion } from '../../../domain/policy/labels.ts';
import type { AfterRotationDoors } from '../../../lambdas/after-rotation/doors.ts';
import { runTask } from '../../../lambdas/after-rotation/run-task.ts';
import { tick } from '../../../lambdas/cadence/tick.ts';
import { preempt } from '../../../lambdas/rotation/preempt.ts';
import type { Room } from '../../../lambdas/rotation/run.ts';
import { ServiceException } from '../../../sandbox/service.ts';
import { arnOf, functionArnOf } from '../../doors/in-memory-secrets.ts';
import { rolloutOf } from '../../lambdas/after-rotation/rollout-world.ts';
import { executionArn, kid, name, v0, v1, world } from '../../lambdas/after-rotation/world.ts';
import type { FaultyCalls, Invocation } from './faulty-calls.ts';
import { faultyInvocations } from './faulty-lambda.ts';

/** Planted where a value passes; looked for in everything that was told, logged or recorded. */
export const canary = 'whsec_Y2FuYXJ5LW9mLXRoZS1yZWRlcGxveS1ob29r';

export interface RunOptions {
  readonly secret: RotatedManifestSecret;
  readonly consumers?: Manifest['consumers'];
  readonly manifest?: Partial<Manifest>;
  /** The rotation that is followed. */
  readonly intent: Intent;
  readonly record: Partial<AfterRotationRecord>;
  /** Of whom is not well with the new value. */
  readonly unwell?: string;
  readonly prepare?: (around: ReturnType<typeof world>) => Promise<void>;
}

const day = 86_400_000;

export async function afterRotationRun(calls: FaultyCalls, options: RunOptions) {
  const { secret, consumers = [], unwell } = options;
  const around = world(secret, {
    consumers,
    ...(consumers.length > 0 && { rollout: { ...rolloutOf(consumers), redeploy: true } }),
    ...options.manifest,
  });
  const { bench, secrets, controlTable, doors, before } = around;
  doors.clock.now = () => bench.clock.now();
  secrets.stages.set(name, {
    [v1]: ['AWSCURRENT', 'rotated-20260517T165900Z'],
    [v0]: ['AWSPREVIOUS'],
  });
  secrets.more = () => ({
    rotationLambdaArn: functionArnOf(secret.function),
    rotationRules: {
      scheduleExpression: `rate(${(secret.cadenceDays ?? 90) - 1} days)`,
      duration: '4h',
    },
    tags: { 'quarterturn:name': 'pharmacy', 'quarterturn:environment': 'prod' },
  });

  /** What a redeploying hook was told: id → bodies. */
  const redeploys: { id: string; body: string }[] = [];
  const redeploy = {
    url: 'https://deploys.example/hook',
    webhook: {
      send: async ({ id, body }: { id: string; body: unknown }) => {
        redeploys.push({ id, body: JSON.stringify({ ...(body as object), timestamp: undefined }) });
        return 202;
      },
    },
    key: async () => canary,
  };
  const faulty = (at: Invocation): AfterRotationDoors => ({
    ...doors,
    secretsManager: at.around('secretsManager', doors.secretsManager),
    controlTable: at.around('controlTable', controlTable),
    rolloutRecords: at.around('rolloutRecords', doors.rolloutRecords),
    emergencyRecords: (of) => at.around('emergencyRecords', doors.emergencyRecords(of)),
    stepFunctions: at.around('stepFunctions', doors.stepFunctions),
    eventBus: at.around('eventBus', doors.eventBus),
    // Its answer is a status or a name: nothing of it is thrown (doors/consumers-hook.ts).
    consumersHook: {
      ask: (url, request) =>
        at
          .call('consumersHook.ask', () => doors.consumersHook.ask(url, request))
          .catch(() => 'TimeoutError'),
    },
    functions: at.around('functions', doors.functions),
    redeploy: {
      url: redeploy.url,
      webhook: at.around('webhook', redeploy.webhook),
      key: () => at.call('redeploy.key', redeploy.key),
    },
    manifest: () => at.call('manifest', doors.manifest),
  });
  before.run = (_doors, payload) =>
    calls.invocation((payload as { task: string }).task, (at) => runTask(faulty(at), payload));
  before.operation = async ({ operation }) =>
    operation === 'preempt'
      ? preempt(
          {
            environment: { SECRET_ARN: arnOf(name), SECRET_NAME: name, ARMED: 'true' },
            companions: {},
            doors,
          } as unknown as Room<unknown>,
          around.calls.at(-1),
        )
      : operation === 'proveProxy'
        ? { evidence: [{ fact: 'loginAcceptedThroughPooler', detail: { role: 'a' } }] }
        : undefined;

  /** A consumer that is healthy in this round is left alone (lambdas/rollout/tasks/begin.ts). */
  const restarts: string[] = [];
  before.rollOut = async (given) => {
    const { versionId, round, consumer } = given as RolloutInput;
    const known = (await doors.rolloutRecords.getRollouts(name, versionId)).find(
      (record) => record.consumer === consumer && record.round === round,
    );
    if (known?.state === 'healthy') return {};
    restarts.push(`${versionId.slice(0, 8)} ${round} ${consumer}`);
    const at = bench.clock.now().toISOString();
    const isWell = consumer !== unwell || versionId !== v1;
    doors.rolloutRecords.putRollout(name, {
      ...{ versionId, round, consumer, execution: executionArn('rollout'), startedAt: at, at },
      wasHealthy: true,
      ...(isWell
        ? { state: 'healthy', proof: 'held' }
        : { state: 'unhealthy', reason: 'sign-in: 401' }),
    });
    if (isWell) return {};
    throw Object.assign(new Error('not well'), { name: 'ConsumerUnhealthyError' });
  };

  /** Tokens that came into use. Secrets Manager runs the four steps meanwhile: the second look finds them done. */
  const promoted = new Set<string>();
  const looks = new Map<string, number>();
  async function meanwhile(): Promise<void> {
    const token = secrets.rotations.at(-1)?.clientRequestToken;
    if (token === undefined || promoted.has(token)) return;
    looks.set(token, (looks.get(token) ?? 0) + 1);
    if ((looks.get(token) ?? 0) < 2) return;
    const intent = await controlTable.getIntent(name, token);
    if (intent === undefined) throw new Error(`RotateSecret ${token} without an intent on record`);
    promoted.add(token);
    const basedOn = currentVersion(secrets.stages.get(name) ?? {}) ?? v1;
    const finishSecret = {
      at: bench.clock.now().toISOString(),
      milliseconds: 5,
      outcome: 'promoted',
    };
    await around.rotated(token, intent.intent, {
      basedOn,
      ...(intent.owner !== undefined && { owner: intent.owner }),
      ...(intent.intent === 'activate'
        ? { primary: kid, replaced: 'old' }
        : { primary: 'old', replaced: options.record.primary ?? 'new' }),
    });
    await controlTable.updateRotation(name, token, (record) => ({
      ...record,
      steps: { ...record.steps, finishSecret },
    }));
    secrets.promote(name, token, ['rotated-20260517T165900Z']);
  }
  faultyInvocations(bench, calls, async () => meanwhile());

  let execution = '';
  calls.stopExecution = () => bench.run('StopExecution', { executionArn: executionArn(execution) });
  const started: string[] = [];
  async function execute(more: object, executionName: string): Promise<string> {
    execution = executionName;
    started.push(executionName);
    return around.execute(more, executionName);
  }
  /** Step Functions for whoever goes on with it: a name that is taken starts nothing. */
  const stepFunctions = {
    startExecution: async ({ name: of, input }: { name: string; input: unknown }) => {
      execution = of;
      try {
        await bench.run('StartExecution', {
          stateMachineArn: around.stateMachineArn,
          name: of,
          input: JSON.stringify(input),
        });
      } catch (error) {
        if (error instanceof ServiceException && error.code === 'ExecutionAlreadyExists') {
          return 'alreadyExists' as const;
        }
        throw error;
      }
      started.push(of);
      return 'started' as const;
    },
    isRunning: async (arn: string) =>
      started.includes(arn.split(':').at(-1) ?? '') &&
      (await bench.described(arn)).status === 'RUNNING',
  };

  async function hourLater(): Promise<void> {
    await bench.clock.advanceTo(new Date(bench.clock.now().getTime() + day / 24));
    for (let look = 0; look < 2; look++) await meanwhile();
    await tick({ ...doors, secretsManager: secrets.door, stepFunctions }, await doors.manifest(), {
      afterRotation: around.stateMachineArn,
    });
    await bench.clock.settle(day);
  }

  await around.rotated(v1, options.intent, { basedOn: v0, ...options.record });
  await options.prepare?.(around);

  return {
    ...around,
    restarts,
    redeploys,
    promoted,
    started,
    execute,
    hourLater,
    meanwhile,
    current: () => currentVersion(secrets.stages.get(name) ?? {}) ?? '',
  };
}
export type AfterRotationRun = Awaited<ReturnType<typeof afterRotationRun>>;
