/** AfterRotation with consumers: their rollouts as records leave them, and Secrets Manager promoting what is asked for. */
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { Intent } from '../../../domain/events/control-records.ts';
import type { RolloutInput, RolloutRecord } from '../../../domain/events/rollout.ts';
import { preempt } from '../../../lambdas/rotation/preempt.ts';
import type { Room } from '../../../lambdas/rotation/run.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { type Call, executionArn, jwt, name, v0, v1, world } from './world.ts';

type Consumers = Manifest['consumers'];

export const restarted = (consumer: string): Consumers[number] => ({
  name: consumer,
  reads: ['secret'],
  policy: `reader-${consumer}`,
  restart: `ecs main/${consumer}`,
  learns: 'restart',
  health: 'ask-health',
});
/** Reads again by itself, and says what it holds. */
export const refreshing = (consumer: string): Consumers[number] => ({
  name: consumer,
  reads: ['secret'],
  policy: `reader-${consumer}`,
  learns: 'refresh',
  health: 'ask-health',
});

export const rolloutOf = (consumers: Consumers): NonNullable<Manifest['rollout']> => ({
  machine: 'rollout',
  function: 'roll-out',
  waves: consumers.map((consumer, index) => ({
    consumers: [consumer.name],
    pauseSeconds: index === 0 ? 0 : 300,
  })),
  onFailure: 'rollBack',
  holdSeconds: 3 * 86_400,
  redeploy: false,
});

export type Ending = Pick<RolloutRecord, 'state'> & Partial<RolloutRecord>;

/**
 * @param how what a rollout comes to; by default well, and it was before
 */
export function rolledOut({
  secret = jwt,
  consumers = [restarted('api'), restarted('worker')],
  manifest = {},
  how = () => ({ state: 'healthy' }),
}: {
  secret?: RotatedManifestSecret;
  consumers?: Consumers;
  manifest?: Partial<Manifest>;
  how?: (input: RolloutInput) => Ending;
} = {}) {
  const around = world(secret, { consumers, rollout: rolloutOf(consumers), ...manifest });
  const { bench, doors, before, secrets, controlTable } = around;
  doors.clock.now = () => bench.clock.now();
  const inputs: (RolloutInput & { seconds: number })[] = [];
  const began = bench.clock.now().getTime();
  const how_ = { rollout: how };

  before.rollOut = async (given) => {
    const input = given as RolloutInput;
    const now = bench.clock.now();
    inputs.push({ ...input, seconds: (now.getTime() - began) / 1000 });
    const { versionId, round, consumer } = input;
    const at = now.toISOString();
    const ending = how_.rollout(input);
    doors.rolloutRecords.putRollout(name, {
      ...{ versionId, round, consumer, execution: executionArn('rollout'), startedAt: at, at },
      wasHealthy: true,
      ...ending,
    });
    if (ending.state !== 'healthy') {
      throw Object.assign(new Error('not well'), { name: 'ConsumerUnhealthyError' });
    }
    return {};
  };
  before.operation = async (call: Call) => {
    if (call.operation !== 'preempt') return undefined;
    const environment = { SECRET_ARN: arnOf(name), SECRET_NAME: name, ARMED: 'true' };
    return preempt({ environment, companions: {}, doors } as unknown as Room<unknown>, call);
  };
  /** The service runs the four steps of whatever was asked for, as soon as somebody looks. */
  const promoted = new Set<string>();
  before.task = async ({ task }) => {
    const token = secrets.rotations.at(-1)?.clientRequestToken;
    if (!['activated', 'rolledBack'].includes(task ?? '') || !token || promoted.has(token)) return;
    promoted.add(token);
    if (task === 'activated') return around.activateBy(executionArn(v1));
    await around.rotated(token, 'rollback', { primary: 'old', replaced: 'new', basedOn: v1 });
    secrets.promote(name, token);
  };

  return {
    ...around,
    how: how_,
    inputs,
    /** `publish api`, in order. */
    rollouts: () => inputs.map(({ round, consumer }) => `${round} ${consumer}`),
    /** Tasks and operations, without the looks at the service. */
    tasks: () =>
      around.calls
        .map(({ task, operation }) => task ?? operation)
        .filter((task) => !['settled', 'activated'].includes(task ?? '')),
    after: (versionId = v1) => controlTable.getAfterRotation(name, versionId),
    publish: (intent: Intent = 'planned') =>
      around.rotated(v1, intent, { publishedKid: '1a77c0de55e1b002', primary: 'old', basedOn: v0 }),
  };
}
