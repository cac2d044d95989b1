/**
 * Faults of a whole run: every call of every door and every invocation of a function is counted, in the order in which
 * they happen, and a plan says what becomes of the n-th. In memory, on a clock that is moved, a run is the same up to
 * its first fault, so a number is a place; its name is compared all the same.
 *
 * A function that is killed stops at every place at once: whatever its other branches were about to call is not
 * called any more. Machines run functions side by side, so each invocation has doors of its own.
 */
import { AwsCallError, AwsUnansweredError } from '../../../doors/aws-call.ts';
import { type FaultKind, FunctionDiedError, faultKinds } from '../../in-process/faults.ts';

/**
 * Of an invocation, as the machine sees it. `unknown…`: Lambda.Unknown, its function ran or did not; `stopped…`: the
 * execution is stopped at this state (StopExecution), and its function had run or not.
 */
export const invocationKinds = [
  'unknownBefore',
  'unknownAfter',
  'retryable',
  'permanent',
  'twice',
  'stoppedBefore',
  'stoppedAfter',
] as const;
export type InvocationKind = (typeof invocationKinds)[number];
export type Kind = FaultKind | InvocationKind;

export interface Planned {
  /** Which call, counted from 1. */
  readonly call: number;
  readonly kind: Kind;
}

export interface Met {
  /** `<task>/<door>.<method>`, or `invoke/<task>`. */
  readonly site: string;
  /** Which call of its kind it is within its invocation: `#2`. */
  readonly nth: number;
  readonly is: 'call' | 'invocation';
}

/** What a refused call throws: as the system behind that door says it. */
export type Failure = (site: string, kind: Kind) => Error;

/** Never answered: who waits for it was killed. */
const forEver = (): Promise<never> => new Promise(() => undefined);

export class FaultyCalls {
  /** What was met, in order. */
  readonly met: Met[] = [];
  /** Faults that came to pass. */
  readonly fired: string[] = [];
  /** Has the execution that is running stopped by somebody. */
  stopExecution: () => Promise<unknown> = async () => undefined;
  readonly #planned: Planned[];
  readonly #refused = new Map<string, Kind>();
  #isRepaired = false;
  #isOver = false;

  constructor(planned: readonly Planned[] = []) {
    this.#planned = [...planned];
  }

  /** Whatever was refused for good is granted from here on; what else is planned may still come. */
  repair(): void {
    this.#isRepaired = true;
    this.#refused.clear();
  }

  /** Nothing fails any more, and nothing that is called from here on is a place of its own. */
  over(): void {
    this.repair();
    this.#isOver = true;
  }

  /** One run of a function. @throws FunctionDiedError when it is killed: nothing of it runs any more */
  invocation<T>(during: string, run: (invocation: Invocation) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const invocation = new Invocation(during, (met) => this.#meets(met), reject);
      run(invocation).then(
        (answer) => void (invocation.isDead || resolve(answer)),
        (error) => void (invocation.isDead || reject(error)),
      );
    });
  }

  /** What invokes a function, with faults around it. */
  async invoked<T>(task: string, run: () => Promise<T>, thrown: Failure): Promise<T> {
    const site = `invoke/${task}`;
    const kind = this.#meets({ site, nth: 1, is: 'invocation' });
    switch (kind) {
      case undefined:
        return run();
      case 'unknownBefore':
      case 'retryable':
      case 'permanent':
        throw thrown(site, kind);
      case 'unknownAfter':
        await run();
        throw thrown(site, kind);
      case 'twice':
        await run().catch(() => undefined);
        return run();
      case 'stoppedBefore':
        await this.stopExecution();
        throw thrown(site, kind);
      case 'stoppedAfter':
        await run().catch(() => undefined);
        await this.stopExecution();
        throw thrown(site, kind);
      default:
        throw new Error(`${kind} is no fault of an invocation`);
    }
  }

  #meets(met: Met): Kind | undefined {
    if (this.#isOver) return undefined;
    this.met.push(met);
    const refused = this.#refused.get(met.site);
    if (refused !== undefined) return refused;
    const planned = this.#planned.find(({ call }) => call === this.met.length)?.kind;
    if (planned === undefined) return undefined;
    // The second of two was drawn before anybody knew what it would meet.
    const kind = kindsOf(met).includes(planned) ? planned : (counterparts[planned] ?? planned);
    this.fired.push(`${kind} at ${met.site} (call ${this.met.length})`);
    if (kind !== 'permanent') return kind;
    if (this.#isRepaired) return 'retryable';
    this.#refused.set(met.site, kind);
    return kind;
  }
}

/** The doors of one run of a function. */
export class Invocation {
  readonly during: string;
  isDead = false;
  readonly #counts = new Map<string, number>();
  readonly #meets: (met: Met) => Kind | undefined;
  readonly #die: (error: Error) => void;

  constructor(during: string, meets: (met: Met) => Kind | undefined, die: (error: Error) => void) {
    this.during = during;
    this.#meets = meets;
    this.#die = die;
  }

  /** The door, with faults at each of its methods. Members that are no functions stay. */
  around<Door extends object>(name: string, door: Door, failure: Failure = awsFailure): Door {
    return new Proxy(door, {
      get: (target, property, receiver) => {
        const method = Reflect.get(target, property, receiver);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          this.call(`${name}.${String(property)}`, async () => method.apply(target, args), failure);
      },
    });
  }

  /** One call of a door. */
  async call<T>(name: string, run: () => Promise<T>, failure: Failure = awsFailure): Promise<T> {
    if (this.isDead) return forEver();
    const site = `${this.during}/${name}`;
    const nth = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, nth);
    const kind = this.#meets({ site, nth, is: 'call' });
    switch (kind) {
      case undefined: {
        const answer = await run();
        return this.isDead ? forEver() : answer;
      }
      case 'before':
      case 'retryable':
      case 'permanent':
        throw failure(site, kind);
      case 'after':
        await run();
        throw failure(site, kind);
      case 'twice':
        // The SDK repeats a request whose answer was lost; its caller sees the second answer.
        await run().catch(() => undefined);
        return run();
      case 'diedBefore':
        return this.#dead(site);
      case 'diedAfter':
        await run();
        return this.#dead(site);
      default:
        throw new Error(`${kind} is no fault of a call`);
    }
  }

  #dead(site: string): Promise<never> {
    this.isDead = true;
    this.#die(new FunctionDiedError(site));
    return forEver();
  }
}

export const kindsOf = ({ is }: Met): readonly Kind[] =>
  is === 'call' ? faultKinds : invocationKinds;

/** Of a call, what is nearest of an invocation, and the other way about. */
const counterparts: Partial<Record<Kind, Kind>> = {
  before: 'unknownBefore',
  after: 'unknownAfter',
  diedBefore: 'stoppedBefore',
  diedAfter: 'stoppedAfter',
  unknownBefore: 'before',
  unknownAfter: 'after',
  stoppedBefore: 'diedBefore',
  stoppedAfter: 'diedAfter',
};

/** As the doors of AWS say it (doors/aws-call.ts). */
export function awsFailure(site: string, kind: Kind): Error {
  switch (kind) {
    case 'retryable':
      return new AwsCallError(site, 'ThrottlingException', 'Rate exceeded (injected)');
    case 'permanent':
      return new AwsCallError(site, 'AccessDeniedException', 'is not authorized (injected)');
    default:
      return new AwsUnansweredError(site, 'ETIMEDOUT', {} as never, undefined);
  }
}

/** What Step Functions finds in the place of a function's answer ("Error names"). */
export function lambdaFailure(site: string, kind: Kind): Error {
  const names: Partial<Record<Kind, string>> = {
    retryable: 'Lambda.TooManyRequestsException',
    permanent: 'Lambda.ResourceNotFoundException',
  };
  return Object.assign(new Error(`${site} (injected)`), { name: names[kind] ?? 'Lambda.Unknown' });
}
