/** Doors that nobody may get to: every call is put down, and fails as a call to AWS does. */

/** Like an AWS door's, so that what is behind the door is no finding about what is before it. */
class ClosedDoorError extends Error {
  override readonly name = 'AwsCallError';
  readonly code = 'ERR_ROTATION_AWS_CALL';
}

export interface Calls {
  /** As `<door>.<method>`. */
  readonly made: string[];
}

/**
 * Any door, whatever its methods are, and doors within it.
 * @param open methods that answer instead, by their path: `manifest`, `clock.now`
 */
export function closedDoors<Doors extends object>(
  calls: Calls,
  open: Readonly<Record<string, unknown>> = {},
  path = '',
): Doors {
  const call = (): Promise<never> => {
    calls.made.push(path);
    return Promise.reject(new ClosedDoorError(`${path} is closed`));
  };
  return new Proxy(call, {
    get(_target, property) {
      // Whoever awaits a door would wait for ever otherwise.
      if (typeof property === 'symbol' || property === 'then') return undefined;
      const inner = path === '' ? property : `${path}.${property}`;
      return Object.hasOwn(open, inner) ? open[inner] : closedDoors(calls, open, inner);
    },
  }) as unknown as Doors;
}
