/** What is only there for a moment, looked at again and again while something happens. */
import type { Session } from '../../doors/postgres/door.ts';
import { processArguments } from './processes.ts';

const everyMilliseconds = 1_000;

export class Watching {
  readonly arguments = new Set<string>();
  readonly activity = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();
  #asSuperuser: (work: (session: Session) => Promise<unknown>) => Promise<unknown>;

  constructor(asSuperuser: (work: (session: Session) => Promise<unknown>) => Promise<unknown>) {
    this.#asSuperuser = asSuperuser;
    this.#timer = setInterval(() => {
      this.#look = this.#look.then(() => this.look());
    }, everyMilliseconds);
  }

  async look(): Promise<void> {
    for (const args of await processArguments()) this.arguments.add(args);
    await this.#asSuperuser(async (session) => {
      const rows = await session.query<{ told: string }>(
        `SELECT concat_ws(' ', usename, application_name, state, query) AS told FROM pg_stat_activity`,
      );
      for (const { told } of rows) this.activity.add(told);
    }).catch(() => undefined);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#look;
  }
}
