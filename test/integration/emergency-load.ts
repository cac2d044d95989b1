/** Users of the reference application while an emergency goes through: who is signed out signs in again. */
import type { Pharmacy } from '../../demo/pharmacy.ts';
import { systemClock } from '../../doors/clock.ts';

export interface Use {
  /** The sandbox's. */
  readonly at: Date;
  /** Absent: it went well. */
  readonly failure?: string;
}

const users = 2;
const pauseMilliseconds = 700;

export class EmergencyLoad {
  readonly uses: Use[] = [];
  readonly #pharmacy: Pick<Pharmacy, 'login' | 'readsAPatient'>;
  readonly #now: () => Date;
  #stopping = false;
  readonly #users: readonly Promise<void>[];

  constructor(pharmacy: Pick<Pharmacy, 'login' | 'readsAPatient'>, now: () => Date) {
    this.#pharmacy = pharmacy;
    this.#now = now;
    this.#users = Array.from({ length: users }, () => this.#use());
  }

  failures(): Use[] {
    return this.uses.filter(({ failure }) => failure !== undefined);
  }

  /** Until everybody has used it so often again. */
  async more(times: number): Promise<void> {
    const enough = this.uses.length + times * users;
    while (this.uses.length < enough) await systemClock.sleep(pauseMilliseconds);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#users);
  }

  async #use(): Promise<void> {
    let token: string | undefined;
    while (!this.#stopping) {
      const at = this.#now();
      try {
        token ??= await this.#pharmacy.login();
        await this.#pharmacy.readsAPatient(token);
        this.uses.push({ at });
      } catch (error) {
        token = undefined;
        this.uses.push({ at, failure: (error as Error).message });
      }
      await systemClock.sleep(pauseMilliseconds);
    }
  }
}
