/** Faults that somebody asked for: which call they hit, and what becomes of it. */
import type { Fault, FaultError, InjectedFault } from './sandbox.ts';
import { ServiceException } from './service.ts';

/** The answer is lost on the wire; only the server can do that to a caller. */
export class LostAnswerError extends Error {
  override readonly name = 'LostAnswerError';
  readonly code = 'ERR_SANDBOX_LOST_ANSWER';
  readonly how: 'connectionReset' | 'timeout';

  constructor(how: 'connectionReset' | 'timeout') {
    super(`an injected fault loses this answer: ${how}`);
    this.how = how;
  }
}

export interface FaultSubject {
  service: string;
  operation: string;
  input: unknown;
  principal: string;
}

interface Injected {
  id: string;
  fault: Fault;
  fired: number;
}

export class Faults {
  #injected: Injected[] = [];
  #next = 1;

  inject(fault: Fault): InjectedFault & { id: string } {
    const injected: Injected = { id: `fault-${this.#next++}`, fault, fired: 0 };
    this.#injected.push(injected);
    return {
      id: injected.id,
      fired: () => injected.fired,
      remove: () => this.remove(injected.id),
    };
  }

  remove(id: string): void {
    this.#injected = this.#injected.filter((other) => other.id !== id);
  }

  clear(): void {
    this.#injected = [];
  }

  list(): readonly { id: string; fault: Fault; fired: number }[] {
    return this.#injected.map((injected) => ({ ...injected }));
  }

  /** Runs the call, as the first fault that fits it says, or simply runs it. */
  async around<T>(subject: FaultSubject, run: () => Promise<T>): Promise<T> {
    const injected = this.#injected.find(
      ({ fault, fired }) =>
        fired < (fault.times ?? Number.POSITIVE_INFINITY) && hits(fault, subject),
    );
    if (injected === undefined) {
      return run();
    }
    injected.fired += 1;
    const { when, error = 'connectionReset' } = injected.fault;
    switch (when) {
      case 'before':
        throw toError(error);
      case 'after':
        await run();
        throw toError(error);
      case 'twice':
        // A client that repeats a call whose answer was lost sees only the second answer.
        await run().catch(() => undefined);
        return run();
    }
  }
}

function toError(error: FaultError): Error {
  return typeof error === 'string'
    ? new LostAnswerError(error)
    : new ServiceException(error.code, error.message ?? 'Injected fault.', error.status ?? 400);
}

function hits(fault: Fault, subject: FaultSubject): boolean {
  return (
    fault.service === subject.service &&
    fault.operation === subject.operation &&
    (fault.principal === undefined || isCalled(fault.principal, subject.principal)) &&
    isSubset(fault.match ?? {}, subject.input)
  );
}

function isCalled(wanted: string, principal: string): boolean {
  return wanted === principal || principal.split('/').slice(1).includes(wanted);
}

/** Every member of `part` is in `whole` with the same value, at any depth. */
export function isSubset(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null) {
    return part === whole;
  }
  if (typeof whole !== 'object' || whole === null) {
    return false;
  }
  if (Array.isArray(part)) {
    return (
      Array.isArray(whole) &&
      part.length === whole.length &&
      part.every((member, index) => isSubset(member, whole[index]))
    );
  }
  return Object.entries(part).every(([key, value]) =>
    isSubset(value, (whole as Record<string, unknown>)[key]),
  );
}
