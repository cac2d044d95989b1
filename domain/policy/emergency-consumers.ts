/**
 * What an emergency does to the consumers of its secrets. Pure: the machine decides by it, and the command line shows
 * it before anybody says yes.
 */
import { isStarted, type RolledOutConsumer } from './rounds.ts';

export interface EmergencyConsumers {
  /** Stopped before their secrets change, started after. */
  readonly stop: readonly string[];
  /** Restarted after. */
  readonly restart: readonly string[];
  /** Read again by themselves, or nothing reaches them. */
  readonly alone: readonly string[];
}

/** What has a count that can be set to nothing (`lambdas/rollout/platform.ts`); the manifest tells `ecs cluster/service`. */
export const canBeStopped = ({ restart }: Pick<RolledOutConsumer, 'restart'>): boolean =>
  restart !== undefined && /^(ecs|kubernetes) /.test(restart);

/** @param keys of secrets that change */
export function emergencyConsumers(
  consumers: readonly RolledOutConsumer[],
  keys: readonly string[],
  { stops }: { stops: boolean },
): EmergencyConsumers {
  const readers = consumers.filter(({ reads }) => reads.some((key) => keys.includes(key)));
  const stopped = readers.filter((consumer) => stops && canBeStopped(consumer));
  const others = readers.filter((consumer) => !stopped.includes(consumer));
  const names = (some: readonly RolledOutConsumer[]) => some.map(({ name }) => name);
  return {
    stop: names(stopped),
    restart: names(others.filter(isStarted)),
    alone: names(others.filter((consumer) => !isStarted(consumer))),
  };
}
