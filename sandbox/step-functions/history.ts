/** Events of one execution. https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html */
import { runtimeError } from './state-error.ts';

export interface HistoryEvent {
  id: number;
  previousEventId: number;
  /** Epoch seconds, as on the wire. */
  timestamp: number;
  type: string;
  [details: string]: unknown;
}

/** AWS's quota for a STANDARD execution. */
export const maximumEvents = 25_000;

export class History {
  readonly events: HistoryEvent[] = [];
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** @throws StateError States.Runtime at the quota, where AWS ends the execution */
  add(type: string, details: Readonly<Record<string, unknown>> = {}): void {
    if (this.events.length >= maximumEvents - 1) {
      throw runtimeError(
        `The execution reached the maximum number of history events (${maximumEvents}).`,
      );
    }
    this.close(type, details);
  }

  /** The last event has a place even when the quota is reached. */
  close(type: string, details: Readonly<Record<string, unknown>> = {}): void {
    const id = this.events.length + 1;
    const timestamp = this.#now().getTime() / 1000;
    this.events.push({ id, previousEventId: id - 1, timestamp, type, ...details });
  }
}
