/**
 * Faults at the doors. Every method of a wrapped door is a site, named `<during>/<door>.<method>#<n>`; one
 * fault at a time is armed for one site, and the sites that were passed are recorded, so that a matrix can
 * prove that it knows them all.
 */
import { AwsCallError } from '../../doors/aws-call.ts';

export const faultKinds = ['before', 'after', 'twice'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What a failed call throws. */
export type Failure = (site: string, what: string) => Error;

export class Faults {
  /** Which call of the rotation is running, e.g. the step. */
  during = 'idle';
  readonly seen = new Set<string>();
  #armed: { site: string; kind: FaultKind; times: number } | undefined;
  #counts = new Map<string, number>();
  #fired = 0;

  get fired(): number {
    return this.#fired;
  }

  /** `site` with its `#<n>`: that call; without: every call of the method, `times` of them. */
  arm(site: string, kind: FaultKind, times = 1): void {
    this.#armed = { site, kind, times };
    this.#fired = 0;
  }

  disarm(): void {
    this.#armed = undefined;
  }

  /** A new call of a function begins: the calls it makes are counted from 1. */
  begin(during: string): void {
    this.during = during;
    this.#counts.clear();
  }

  /** The door, with faults at each of its methods. */
  around<Door extends object>(name: string, door: Door, failure: Failure = awsFailure): Door {
    return new Proxy(door, {
      get: (target, property, receiver) => {
        const method = Reflect.get(target, property, receiver);
        if (typeof method !== 'function') {
          return method;
        }
        return (...args: unknown[]) =>
          this.call(`${name}.${String(property)}`, () => method.apply(target, args), failure);
      },
    });
  }

  /** One call of a door that is not wrapped as a whole, e.g. a query of a session. */
  async call<T>(method: string, run: () => Promise<T>, failure: Failure = awsFailure): Promise<T> {
    const count = (this.#counts.get(method) ?? 0) + 1;
    this.#counts.set(method, count);
    const site = `${this.during}/${method}#${count}`;
    this.seen.add(site);
    const armed = this.#armed;
    if (armed === undefined || (armed.site !== site && armed.site !== `${this.during}/${method}`)) {
      return run();
    }
    const { kind } = armed;
    armed.times--;
    if (armed.times === 0) {
      this.#armed = undefined;
    }
    this.#fired++;
    if (kind === 'before') {
      throw failure(site, 'the call was not made (injected)');
    }
    const answer = await run();
    if (kind === 'after') {
      throw failure(site, 'its effect is done, its answer was lost (injected)');
    }
    await run();
    return answer;
  }
}

function awsFailure(site: string, what: string): Error {
  return new AwsCallError(site, 'InternalServiceError', what);
}
