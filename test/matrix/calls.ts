/**
 * Every call at every door, counted in the order in which they happen, and a plan that says what becomes of the n-th.
 * In memory, with randomness and clock in hand, a run is the same up to its first fault, so a number is a place.
 *
 * A function that is killed makes no further call: whoever is still under way in it waits for ever.
 */
import { AwsCallError } from '../../doors/aws-call.ts';
import { type FaultKind, FunctionDiedError } from '../in-process/faults.ts';

/** `stale`: a read of Secrets Manager answers as before the last write (API_ListSecrets: eventually consistent). */
export type Kind = FaultKind | 'stale';

export interface Planned {
  /** Which call, counted from 0. */
  readonly call: number;
  readonly kind: Kind;
}

export interface Passed {
  /** `<during>/<door>.<method>#<n>`, the n-th of that method in that invocation. */
  readonly site: string;
  readonly method: string;
  /** Counted by `revision`: did it change what is stored? */
  readonly hasEffect: boolean;
}

/** What a failed call throws, as the system behind that door says it. */
export type Failure = (site: string, kind: Kind) => Error;

interface Invocation {
  readonly during: string;
  readonly counts: Map<string, number>;
  isDead: boolean;
  die(error: Error): void;
}

const forEver = () => new Promise<never>(() => undefined);
const nobody = (): Invocation => ({
  during: 'idle',
  counts: new Map(),
  isDead: false,
  die: () => undefined,
});

export class Calls {
  readonly passed: Passed[] = [];
  readonly fired: Planned[] = [];
  /** Looked at after every call. */
  afterCall: (site: string) => Promise<void> | void = () => undefined;
  /** A function was killed: its sockets are closed. */
  onDeath: () => Promise<void> | void = () => undefined;
  /** Changes whenever something stored has changed. */
  revision: () => number = () => 0;
  #plan: Planned[] = [];
  /** `<during>/<method>` that is refused until somebody repairs it. */
  #refused: string | undefined;
  #running = nobody();

  plan(...planned: Planned[]): void {
    this.#plan = planned;
  }

  /** What was refused for good works again: somebody has seen to it. */
  repair(): void {
    this.#refused = undefined;
  }

  /** One invocation of a function. @throws FunctionDiedError when it is killed */
  async invocation<T>(during: string, run: () => Promise<T>): Promise<T> {
    const caller = this.#running;
    let die: Invocation['die'] = () => undefined;
    const death = new Promise<never>((_resolve, reject) => {
      die = reject;
    });
    const own = { ...nobody(), during, die };
    this.#running = own;
    try {
      return await Promise.race([run(), death]);
    } finally {
      if (own.isDead) {
        await this.onDeath();
        // Whoever was on the way to a call arrives, and finds that the function is no more.
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.#running = caller;
    }
  }

  /** @param stale the same door, whose next read answers as before the last write */
  around<Door extends object>(
    name: string,
    door: Door,
    failure: Failure = awsFailure,
    stale?: Door,
  ): Door {
    const methodOf = (target: object, property: string | symbol) =>
      Reflect.get(target, property) as unknown;
    return new Proxy(door, {
      get: (target, property) => {
        const method = methodOf(target, property);
        if (typeof method !== 'function') {
          return method;
        }
        return (...args: unknown[]) =>
          this.call(
            `${name}.${String(property)}`,
            () => method.apply(target, args),
            failure,
            stale && (() => (methodOf(stale, property) as typeof method).apply(stale, args)),
          );
      },
    });
  }

  async call<T>(
    method: string,
    run: () => Promise<T>,
    failure: Failure = awsFailure,
    stale?: () => Promise<T>,
  ): Promise<T> {
    const invocation = this.#running;
    if (invocation.isDead) {
      return forEver();
    }
    const { during, counts } = invocation;
    const count = (counts.get(method) ?? 0) + 1;
    counts.set(method, count);
    const site = `${during}/${method}#${count}`;
    const index = this.passed.length;
    const entry = { site, method, hasEffect: false };
    this.passed.push(entry);
    const before = this.revision();
    const kind = this.#meets(index, `${during}/${method}`);
    try {
      return kind === undefined
        ? await run()
        : await this.#fail(kind, site, invocation, run, failure, stale);
    } finally {
      const looked = this.afterCall(site);
      if (looked !== undefined) {
        await looked;
      }
      entry.hasEffect = this.revision() !== before;
    }
  }

  #meets(index: number, everyCall: string): Kind | undefined {
    const planned = this.#plan.find(({ call }) => call === index);
    if (planned !== undefined) {
      this.fired.push(planned);
      if (planned.kind === 'permanent') {
        this.#refused = everyCall;
      }
      return planned.kind;
    }
    return this.#refused === everyCall ? 'permanent' : undefined;
  }

  async #fail<T>(
    kind: Kind,
    site: string,
    invocation: Invocation,
    run: () => Promise<T>,
    failure: Failure,
    stale: (() => Promise<T>) | undefined,
  ): Promise<T> {
    if (kind === 'before' || kind === 'retryable' || kind === 'permanent') {
      throw failure(site, kind);
    }
    if (kind === 'stale') {
      return (stale ?? run)();
    }
    if (kind === 'diedBefore') {
      return dead(invocation, site);
    }
    const answer = await run();
    if (kind === 'diedAfter') {
      return dead(invocation, site);
    }
    if (kind === 'after') {
      throw failure(site, kind);
    }
    await run();
    return answer;
  }
}

function dead(invocation: Invocation, site: string): Promise<never> {
  invocation.isDead = true;
  invocation.die(new FunctionDiedError(site));
  return forEver();
}

const awsCodes: Partial<Record<Kind, string>> = {
  retryable: 'ThrottlingException',
  permanent: 'AccessDeniedException',
};

export function awsFailure(site: string, kind: Kind): AwsCallError {
  const code = awsCodes[kind] ?? 'InternalServiceError';
  return new AwsCallError(site, code, `${kind} (injected)`);
}
