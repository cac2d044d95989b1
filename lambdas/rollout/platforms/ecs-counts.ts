/**
 * Stopping and starting an ECS service. Autoscaling first: a service at 0 is scaled out again by whatever scales it,
 * unless that is suspended (ECS developer guide, "Troubleshooting service auto scaling").
 */
import type { AutoscalingDoor, Suspended } from '../../../doors/autoscaling.ts';
import type { EcsDoor, EcsService } from '../../../doors/ecs.ts';
import { RestartRefusedError } from '../errors.ts';
import type { CountedPlatform, Looked, Target } from '../platform.ts';

export interface EcsCountsTools {
  ecs: Pick<EcsDoor, 'look' | 'setDesiredCount'>;
  autoscaling: AutoscalingDoor;
}

const all: Suspended = { in: true, out: true, scheduled: true };
const isSame = (one: Suspended, other: Suspended) =>
  one.in === other.in && one.out === other.out && one.scheduled === other.scheduled;

export function ecsCounts({ ecs, autoscaling }: EcsCountsTools): CountedPlatform<Target<'ecs'>> {
  const found = async (target: Target<'ecs'>): Promise<EcsService> => {
    const service = await ecs.look(target);
    if (service !== undefined) return service;
    throw new RestartRefusedError(
      `${target.cluster}/${target.service}`,
      'there is no active ECS service of that name',
      'Put it back, or take it out of the configuration.',
    );
  };
  const count = async (target: Target<'ecs'>, desired: number): Promise<Looked> => {
    const before = await found(target);
    if (before.desiredCount !== desired) await ecs.setDesiredCount(target, desired);
    const { desiredCount, runningCount, pendingCount } = await found(target);
    return {
      state:
        desiredCount === desired && runningCount === desired && pendingCount === 0
          ? 'steady'
          : 'inProgress',
      detail: `${runningCount} tasks run, ${pendingCount} pending, ${desired} wanted`,
    };
  };

  return {
    async read(target) {
      const [{ desiredCount }, scalable] = await Promise.all([
        found(target),
        autoscaling.look(target),
      ]);
      return { desired: desiredCount, ...(scalable && { autoscaling: scalable }) };
    },

    async stop(target) {
      const scalable = await autoscaling.look(target);
      // Set again it would move the count back above its minimum.
      if (scalable !== undefined && !isSame(scalable.suspended, all)) {
        await autoscaling.suspend(target, all);
      }
      return count(target, 0);
    },

    /** Counts first: what scales it would take each step of the way for its own. */
    async start(target, { desired, autoscaling: before }) {
      const scalable = before === undefined ? undefined : await autoscaling.look(target);
      const goesOn = before !== undefined && !isSame(before.suspended, all);
      if (goesOn && scalable !== undefined && isSame(scalable.suspended, before.suspended)) {
        // At 0 it was set going by somebody else: nothing started the service yet.
        const { desiredCount } = await found(target);
        if (desiredCount > 0 || desired === 0) {
          return { state: 'steady', detail: 'what scales it goes on already' };
        }
      }
      const looked = await count(target, desired);
      if (looked.state === 'steady' && goesOn && scalable !== undefined) {
        await autoscaling.suspend(target, before.suspended);
      }
      return looked;
    },
  };
}
