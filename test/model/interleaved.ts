/** Commands that overlap, against the sandbox in this process; fast-check's scheduler decides who is first at every turn. */
import type fc from 'fast-check';
import { DifferenceError, expected } from './branches.ts';
import { InProcessAccount, start, type Witness } from './in-process-account.ts';
import { type Command, requestsOf } from './label-commands.ts';
import { explained, type Happening } from './linearised.ts';
import { type Answer, canonical, type Request, tokenOf } from './requests.ts';
import { invoked, rested, returned } from './rotation-run.ts';
import { absent, type Secret, type Version } from './secret-state.ts';
import type { Beginning } from './sequential.ts';

const now = start.getTime();

export class InterleavedRun {
  readonly account: InProcessAccount;
  readonly history: Happening[] = [];
  readonly #scheduler: fc.Scheduler;
  /** Each asks one after the other; beside them there is the rotation function. */
  readonly #clients: (Promise<void> | undefined)[] = Array.from(
    { length: 3 },
    async () => undefined,
  );
  #given = 0;
  #tick = 0;
  #quiet = true;

  constructor({ end }: Beginning, scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    const transit = (what: string): Promise<void> =>
      this.#quiet ? Promise.resolve() : scheduler.schedule(Promise.resolve(), what);
    this.account = new InProcessAccount(this.#witness(), { end, transit });
  }

  static async begin(beginning: Beginning, scheduler: fc.Scheduler): Promise<InterleavedRun> {
    const run = new InterleavedRun(beginning, scheduler);
    const value = beginning.secret === 'empty' ? {} : { value: 'first' };
    await run.account.ask({ op: 'create', token: tokenOf(99), ...value });
    run.#quiet = false;
    return run;
  }

  /** Gives the command to whoever is next in turn, and waits for nothing: the scheduler waits for this. */
  give(command: Command): void {
    if (command.do === 'function') {
      this.account.behaviour = command.does;
      return;
    }
    const turn = this.#given++ % this.#clients.length;
    this.#clients[turn] = this.#clients[turn]?.then(() => this.#work(command));
  }

  async #work(command: Command): Promise<void> {
    if (command.do === 'step') {
      await this.account.step(command.step, tokenOf(command.token));
    }
    for (const request of requestsOf(command, await this.#seen())) {
      await this.account.ask(request, 'fault' in command ? command.fault : undefined);
    }
  }

  /** What whoever gives a command saw of the labels right before; by now they may be elsewhere. */
  async #seen(): Promise<Secret> {
    const input = { SecretId: 'model/secret' };
    const described = await this.account.service.operations.DescribeSecret?.run(
      input,
      {} as never,
    ).catch(() => ({}));
    const { VersionIdsToStages = {} } = described as {
      VersionIdsToStages?: Record<string, string[]>;
    };
    const versions = Object.entries(VersionIdsToStages).map(([id, labels]): [string, Version] => [
      id,
      { labels, born: now },
    ]);
    return { ...absent, versions: Object.fromEntries(versions) };
  }

  /** @throws DifferenceError when no order of what overlapped explains what was seen */
  async end(): Promise<void> {
    await this.#scheduler.waitFor(Promise.all(this.#clients));
    await this.#scheduler.waitFor(this.account.clock.idle());
    if (this.account.unexpected !== undefined) {
      throw this.account.unexpected;
    }
    const from = this.#tick++;
    this.history.push({ what: 'at rest', from, until: this.#tick++, next: rested });
    await this.account.peek({ op: 'describe' });
    await this.account.peek({ op: 'list', deprecated: true });
    const { complete, order } = explained(this.history, absent);
    if (!complete) {
      const all = this.history.map(({ what, from, until }) => `${from}–${until} ${what}`);
      throw new DifferenceError(
        `No order explains\n  ${all.join('\n  ')}\nat best\n  ${order.join('\n  ')}`,
      );
    }
  }

  #witness(): Witness {
    return {
      asked: (request) => {
        const from = this.#tick++;
        const add = (until: number, next: Happening['next'], more: object = {}) =>
          this.history.push({ what: canonical(request), from, until, next, ...more });
        return {
          answered: (answer) =>
            add(this.#tick++, (s) => fitting(s, request, answer), {
              what: `${canonical(request)} ${canonical(answer)}`,
            }),
          done: () => add(this.#tick++, (s) => after(s, request)),
          lost: () => add(Number.POSITIVE_INFINITY, (s) => after(s, request), { optional: true }),
        };
      },
      calling: (step, token) => {
        const from = this.#tick++;
        const what = `${step} of ${token} is called`;
        return () =>
          this.history.push({
            what,
            from,
            until: this.#tick++,
            next: (s) => invoked(s, step, token),
          });
      },
      // What the service does then is seen later, if at all.
      returned: (step, token, failed) =>
        this.history.push({
          what: `${step} of ${token} ${failed ? 'fails' : 'returns'}`,
          from: this.#tick++,
          until: Number.POSITIVE_INFINITY,
          next: (s) => returned(s, step, token, failed),
        }),
    };
  }
}

const after = (s: Secret, request: Request): Secret[] =>
  expected(s, request, now).map((outcome) => outcome.after);

function fitting(s: Secret, request: Request, answer: Answer): Secret[] {
  const seen = canonical(answer);
  return expected(s, request, now, answer).flatMap((outcome) =>
    canonical(outcome.answer) === seen ? [outcome.after] : [],
  );
}
