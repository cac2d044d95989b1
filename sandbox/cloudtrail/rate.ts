/** "The rate of lookup requests is limited to two per second, per account, per Region" (API_LookupEvents). */
import { ServiceException } from '../service.ts';

const REQUESTS = 2;

export class LookupRate {
  readonly #taken = new Map<string, number[]>();
  #milliseconds: (() => number) | undefined;

  /** @param milliseconds the clock that callers back off by; absent: no limit */
  constructor(milliseconds: (() => number) | undefined) {
    this.#milliseconds = milliseconds;
  }

  by(milliseconds: (() => number) | undefined): void {
    this.#milliseconds = milliseconds;
    this.#taken.clear();
  }

  /** @throws ServiceException ThrottlingException */
  take(region: string): void {
    if (this.#milliseconds === undefined) {
      return;
    }
    const now = this.#milliseconds();
    const recent = (this.#taken.get(region) ?? []).filter((at) => now - at < 1000);
    if (recent.length >= REQUESTS) {
      throw new ServiceException('ThrottlingException', 'Rate exceeded');
    }
    this.#taken.set(region, [...recent, now]);
  }
}
