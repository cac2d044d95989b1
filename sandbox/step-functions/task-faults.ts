/** Faults of Task states, for tests and drills: armed by state name, used up by the next task of that name. */
import { StateError } from './state-error.ts';

type Fault = { kind: 'before'; error: string; cause: string } | { kind: 'lostAnswer' };

export class TaskFaults {
  readonly #armed = new Map<string, Fault[]>();

  /** The call is not made; the task fails with this error. */
  failNext(stateName: string, error: string, cause: string): void {
    this.#arm(stateName, { kind: 'before', error, cause });
  }

  /** The call is made and its answer lost: the task waits until its TimeoutSeconds. */
  loseNextAnswer(stateName: string): void {
    this.#arm(stateName, { kind: 'lostAnswer' });
  }

  /** True when the answer of this task is to be lost. @throws StateError as armed by failNext */
  take(stateName: string): boolean {
    const fault = this.#armed.get(stateName)?.shift();
    if (fault?.kind === 'before') {
      throw new StateError(fault.error, fault.cause);
    }
    return fault?.kind === 'lostAnswer';
  }

  #arm(stateName: string, fault: Fault): void {
    this.#armed.set(stateName, [...(this.#armed.get(stateName) ?? []), fault]);
  }
}
