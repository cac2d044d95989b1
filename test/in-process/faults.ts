/**
 * Faults at the doors. Every method of a wrapped door is a site, named `<during>/<door>.<method>#<n>`; one
 * fault at a time is armed for one site, and the sites that were passed are recorded, so that a matrix can
 * prove that it knows them all.
 */
import { AwsCallError } from '../../doors/aws-call.ts';

/**
 * - `before`: an error, and no effect. `after`: the effect is done, its answer is lost.
 * - `diedBefore`, `diedAfter`: the function is killed at the call, as by its timeout: nothing of it runs any
 *   more, no `catch` and no `finally`. Two kinds, because nobody can tell which it was.
 * - `retryable`: refused with an error that says "later", once. `permanent`: every such call from here on is
 *   refused, until somebody has repaired it (`disarm`).
 * - `twice`: the request arrives two times.
 */
export const faultKinds = [
  'before',
  'after',
  'diedBefore',
  'diedAfter',
  'retryable',
  'permanent',
  'twice',
] as const;
export type FaultKind = (typeof faultKinds)[number];
/** Those a function lives on after, and a second try may help against. */
export const survivedKinds = ['before', 'after', 'twice'] as const satisfies readonly FaultKind[];

/** What a failed call throws: as the system behind that door says it. */
export type Failure = (site: string, what: string, kind: FaultKind) => Error;

/** Told to whoever invoked a function that was killed: Lambda's own words, no error of the function's. */
export class FunctionDiedError extends Error {
  override readonly name = 'Sandbox.Timedout';
  constructor(site: string) {
    super(`Task timed out at ${site} (injected)`);
  }
}

export class Faults {
  /** Which call of the rotation is running, e.g. the step. */
  during = 'idle';
  readonly seen = new Set<string>();
  /** Called with every site that is passed, right after what it did: invariants are looked at here. */
  afterCall: (site: string) => void | Promise<void> = () => undefined;
  #armed: { site: string; kind: FaultKind; times: number } | undefined;
  #counts = new Map<string, number>();
  #fired = 0;
  #die: (error: FunctionDiedError) => void = () => undefined;

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

  /** One invocation of a function. @throws FunctionDiedError when it is killed; what it waits for stays unanswered */
  async invocation<T>(during: string, run: () => Promise<T>): Promise<T> {
    this.begin(during);
    // Before the function begins: it may be killed at its very first call, which it makes at once.
    const dead = new Promise<never>((_resolve, reject) => {
      this.#die = reject;
    });
    try {
      return await Promise.race([dead, run()]);
    } finally {
      this.#die = () => undefined;
      this.begin('idle');
    }
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
    const kind = this.#meets(site, `${this.during}/${method}`);
    try {
      return kind === undefined ? await run() : await this.#fail(kind, site, run, failure);
    } finally {
      await this.afterCall(site);
    }
  }

  #meets(site: string, everySite: string): FaultKind | undefined {
    const armed = this.#armed;
    if (armed === undefined || (armed.site !== site && armed.site !== everySite)) {
      return undefined;
    }
    if (armed.kind === 'permanent') {
      // From here on it is the method that is refused, not its n-th call.
      armed.site = everySite;
    } else {
      armed.times--;
      if (armed.times === 0) {
        this.#armed = undefined;
      }
    }
    this.#fired++;
    return armed.kind;
  }

  async #fail<T>(
    kind: FaultKind,
    site: string,
    run: () => Promise<T>,
    failure: Failure,
  ): Promise<T> {
    if (kind === 'before' || kind === 'retryable' || kind === 'permanent') {
      throw failure(site, 'the call was not made (injected)', kind);
    }
    if (kind === 'diedBefore') {
      return this.#dead(site);
    }
    const answer = await run();
    if (kind === 'diedAfter') {
      return this.#dead(site);
    }
    if (kind === 'after') {
      throw failure(site, 'its effect is done, its answer was lost (injected)', kind);
    }
    await run();
    return answer;
  }

  #dead(site: string): Promise<never> {
    this.#die(new FunctionDiedError(site));
    return new Promise(() => undefined);
  }
}

const awsCodes: Partial<Record<FaultKind, string>> = {
  retryable: 'ThrottlingException',
  permanent: 'AccessDeniedException',
};

function awsFailure(site: string, what: string, kind: FaultKind): Error {
  return new AwsCallError(site, awsCodes[kind] ?? 'InternalServiceError', what);
}
