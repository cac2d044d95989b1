/**
 * One emergency with faults: its machine, its tasks over doors in memory, the event that an execution of it died, the
 * execution that starts consumers then, and a person who goes on under the same id (docs/emergency.md).
 */
import { expect } from '@jest/globals';
import type { EmergencyEvent } from '../../../domain/events/emergency.ts';
import type { EmergencyDoors } from '../../../lambdas/emergency/doors.ts';
import { runTask } from '../../../lambdas/emergency/run-task.ts';
import { executionArn, id, nameOf, versionOf } from '../../lambdas/emergency/deployment.ts';
import { world } from '../../lambdas/emergency/world.ts';
import type { FaultyCalls } from './faulty-calls.ts';
import { faultyDoors } from './faulty-doors.ts';
import { faultyInvocations } from './faulty-lambda.ts';

export interface EmergencyOptions {
  readonly world?: Parameters<typeof world>[0];
  readonly input: object;
  /** The execution is stopped by somebody when this task is reached first. */
  readonly stoppedAt?: string;
  /** When it is closed: also lifted. */
  readonly lift?: boolean;
}

/** Lambda tries an asynchronous event three times ("Retries for asynchronous invocations"). */
const deliveries = 3;

export async function emergencyRun(calls: FaultyCalls, options: EmergencyOptions) {
  const around = world(options.world);
  const { bench, before, executions } = around;
  // What leaked has a name: it is never restored (putCompromised).
  for (const { name, key } of around.manifest.secrets) {
    await around.controlTable.putAfterRotation(name, {
      ...{ versionId: versionOf(key), state: 'finished', intent: 'planned', basedOn: null },
      ...{ primary: `old-${key}`, at: '2026-05-01T00:00:00.000Z' },
    });
  }
  before.run = (doors, payload) => {
    const { task, progress } = payload as { task?: string; progress?: { key?: string } };
    const during = task === undefined ? 'ended' : [task, progress?.key].filter(Boolean).join(' ');
    return calls.invocation(during, (at) => runTask(faultyDoors(at, doors), payload));
  };
  // The way is cleared (lambdas/rotation/preempt.ts): AWSPENDING is taken from any other version.
  const invoke = bench.lambda.invoke.bind(bench.lambda);
  bench.lambda.invoke = (caller, functionName, payload) => {
    const { operation, token = '' } = payload as { operation?: string; token?: string };
    const cleared = around.manifest.secrets.find(
      (secret) => 'function' in secret && secret.function === functionName.split(':').at(-1),
    );
    const stages = around.stored.stages.get(cleared?.name ?? '') ?? {};
    for (const versionId of operation === 'preempt' ? Object.keys(stages) : []) {
      if (versionId === token) continue;
      stages[versionId] = (stages[versionId] ?? []).filter((label) => label !== 'AWSPENDING');
    }
    return invoke(caller, functionName, payload);
  };
  let execution = '';
  const stop = () => bench.run('StopExecution', { executionArn: executionArn(execution) });
  calls.stopExecution = stop;
  let isStopped = options.stoppedAt === undefined;
  faultyInvocations(bench, calls, async ({ task }: { task?: string }) => {
    if (isStopped || task !== options.stoppedAt) return;
    isStopped = true;
    await stop();
  });

  /** Runs one execution to its end; where it died, its end is told, and consumers are started by another one. */
  async function execute(input: object, name: string): Promise<string> {
    execution = name;
    const { status, error } = await around.execute(input, name);
    await bench.clock.settle(86_400_000);
    if (status === 'SUCCEEDED') return status;
    const known = new Set(executions.keys());
    await tellEnd(name, status, error);
    for (const [begun, given] of [...executions].filter(([key]) => !known.has(key))) {
      if (!begun.includes('-restore-')) continue;
      await execute(given as object, begun);
    }
    return status;
  }

  async function tellEnd(name: string, status: string, error?: string): Promise<void> {
    const event = {
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: {
        executionArn: executionArn(name),
        stateMachineArn: around.stateMachineArn,
        status,
        stopDate: bench.clock.now().getTime(),
        ...(error && { error }),
      },
    };
    for (let delivery = 1; delivery <= deliveries; delivery++) {
      // A minute before the second attempt.
      if (delivery > 1) await bench.clock.advanceTo(new Date(bench.clock.now().getTime() + 60_000));
      const { functionError } = await bench.lambda.invoke(
        { kind: 'service', arn: 'events' } as never,
        'tasks',
        event,
      );
      if (functionError === undefined) return;
    }
  }

  return { ...around, execute, tellEnd };
}
export type EmergencyRun = Awaited<ReturnType<typeof emergencyRun>>;

/** Every execution that ended is in one named state, and the record of the emergency says so. */
export async function namedState(around: EmergencyRun, status: string): Promise<void> {
  const head = await around.head();
  if (status === 'SUCCEEDED') expect(head?.state).toBe('closed');
  else expect([undefined, 'running', 'incomplete', 'closed']).toContain(head?.state);
}

/** A person runs the same command again, until it is closed. */
export async function goOn(around: EmergencyRun, input: object): Promise<void> {
  const ends: string[] = [];
  for (let attempt = 1; attempt <= 5; attempt++) {
    if ((await around.head())?.state === 'closed') return;
    ends.push(await around.execute(input, `again-${attempt}`));
  }
  const stages = JSON.stringify(await around.stages());
  if ((await around.head())?.state === 'closed') return;
  throw new Error(`not closed after five times (${ends}): ${stages}`);
}

export async function verify(around: EmergencyRun, exposed: readonly string[]): Promise<void> {
  for (const key of exposed) {
    const secret = await around.secret(key);
    expect(secret).toMatchObject({ key, state: 'proven' });
    // Asked for again only when an attempt was given up, and then under another token.
    const asked = around.stored.rotations.filter(({ secretId }) => secretId.includes(`/${key}-`));
    const tokens = new Set(asked.map(({ clientRequestToken }) => clientRequestToken));
    expect(asked).toHaveLength(tokens.size);
    expect(asked.length).toBeLessThanOrEqual(secret?.attempts ?? 0);
    expect(around.timesPromoted(key)).toBe(1);
    expect([...(await around.controlTable.getCompromised(nameOf(key)))]).toContain(`old-${key}`);
  }
  expect(await around.records.getClaims()).toEqual([]);
  const counts = new Map<string, number>();
  for (const effect of around.effects) counts.set(effect, (counts.get(effect) ?? 0) + 1);
  for (const [effect, times] of counts) {
    if (effect.startsWith('restart ')) expect([effect, times]).toEqual([effect, 1]);
  }
  sameIdSameWords(around.told());
}

/** Told twice under one id, it says the same, but for when. */
export function sameIdSameWords(events: readonly EmergencyEvent[]): void {
  const said = new Map<string, string>();
  for (const { id: event, at: _, ...rest } of events) {
    const words = JSON.stringify(rest);
    expect(said.get(event) ?? words).toBe(words);
    said.set(event, words);
  }
}

export type { EmergencyDoors };
export { id };
