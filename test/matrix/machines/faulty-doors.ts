/** The doors of one invocation, with faults at each of their methods; what prints or tells the time has none. */
import type { Failure, Invocation } from './faulty-calls.ts';

/** They write to the function's own output, or read the process's clock: no call leaves the function. */
export const withoutFaults: ReadonlySet<string> = new Set(['clock', 'log', 'metrics']);

/** @param failures what a door throws that is none of AWS */
export function faultyDoors<Doors extends object>(
  at: Invocation,
  doors: Doors,
  failures: Readonly<Record<string, Failure>> = {},
): Doors {
  const entries = Object.entries(doors).map(([name, door]) => {
    if (withoutFaults.has(name)) return [name, door];
    const failure = failures[name];
    if (typeof door === 'function') {
      return [name, (...args: unknown[]) => at.call(name, async () => door(...args), failure)];
    }
    return [name, isDoor(door) ? at.around(name, door, failure) : door];
  });
  return Object.fromEntries(entries) as Doors;
}

const isDoor = (door: unknown): door is object =>
  typeof door === 'object' &&
  door !== null &&
  [...Object.values(door), ...methodsOf(door)].some((member) => typeof member === 'function');

const methodsOf = (door: object): unknown[] => {
  const prototype = Object.getPrototypeOf(door);
  return prototype === null || prototype === Object.prototype
    ? []
    : Object.getOwnPropertyNames(prototype)
        .filter((member) => member !== 'constructor')
        .map((member) => (door as Record<string, unknown>)[member]);
};
