/** "The event stream for your service. A maximum of 100 of the latest events are displayed." (API_Service) */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';

export class ServiceEvents {
  readonly #service: string;
  readonly #clock: SandboxClock;
  readonly #events: { id: string; createdAt: Date; message: string }[] = [];

  constructor(service: string, clock: SandboxClock) {
    this.#service = service;
    this.#clock = clock;
  }

  add(what: string, deploymentId?: string): void {
    const of = deploymentId === undefined ? '' : ` (deployment ${deploymentId})`;
    const message = `(service ${this.#service})${of} ${what}`;
    this.#events.unshift({ id: randomUUID(), createdAt: this.#clock.now(), message });
    this.#events.length = Math.min(this.#events.length, 100);
  }

  /** The newest first. */
  latest(): readonly object[] {
    return [...this.#events];
  }
}
