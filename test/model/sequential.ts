/** One sequence of commands against the sandbox in this process, compared with the model after every command. */
import fc from 'fast-check';
import type { Behaviour as ServiceBehaviour } from '../../sandbox/secrets-manager/backend.ts';
import { Branches } from './branches.ts';
import { InProcessAccount, type Witness } from './in-process-account.ts';
import { type Command, requestsOf } from './label-commands.ts';
import { tokenOf } from './requests.ts';
import { invoked, rested, returned } from './rotation-run.ts';

export interface Beginning {
  end: ServiceBehaviour['pendingEndState'];
  /** What stands before the first command: no value yet, one, or as many versions as a quota all but forbids. */
  secret: 'empty' | 'valued' | 'crowded';
}

export const beginnings: fc.Arbitrary<Beginning> = fc.record({
  end: fc.constantFrom<Beginning['end']>('serviceStrips', 'withTheMove', 'leftForClient'),
  secret: fc.oneof(
    { weight: 50, arbitrary: fc.constant<Beginning['secret']>('valued') },
    { weight: 8, arbitrary: fc.constant<Beginning['secret']>('empty') },
    { weight: 1, arbitrary: fc.constant<Beginning['secret']>('crowded') },
  ),
});

export class SequentialRun {
  readonly branches: Branches = new Branches(() => this.account.clock.now().getTime());
  readonly account: InProcessAccount;

  constructor({ end }: Beginning) {
    this.account = new InProcessAccount(judge(this.branches), { end });
  }

  static async begin(beginning: Beginning): Promise<SequentialRun> {
    const run = new SequentialRun(beginning);
    const { secret } = beginning;
    const made = { op: 'create', token: tokenOf(99) } as const;
    await run.account.ask(secret === 'empty' ? made : { ...made, value: 'first' });
    if (secret === 'crowded') {
      const tokens = Array.from({ length: 97 }, (_, index) => tokenOf(100 + index));
      await run.account.fill(tokens, 'green');
    }
    return run;
  }

  /** @throws DifferenceError */
  async take(command: Command): Promise<void> {
    const { account, branches } = this;
    if (command.do === 'function') {
      account.behaviour = command.does;
    } else if (command.do === 'step') {
      await account.step(command.step, tokenOf(command.token));
    } else if (command.do === 'wait') {
      const now = account.clock.now().getTime();
      await account.clock.advanceTo(new Date(now + command.minutes * 60_000));
    }
    const fault = 'fault' in command ? command.fault : undefined;
    // Whoever gives the command has looked, and cannot know which of two states it is either.
    for (const request of requestsOf(command, branches.states[0] as never)) {
      await account.ask(request, fault);
    }
    await account.clock.idle();
    if (account.unexpected !== undefined) {
      throw account.unexpected;
    }
    branches.happened('A rotation was taken on and not gone on with', rested);
    // Not right after an answer was lost: the next command meets both states.
    if (fault === undefined || fault === 'twice') {
      await account.peek({ op: 'describe' });
      await account.peek({ op: 'list', deprecated: true });
    }
  }
}

/** Has the model say at once whether what happened may happen. */
function judge(branches: Branches): Witness {
  return {
    asked: (request) => ({
      answered: (answer) => branches.answered(request, answer),
      lost: () => branches.lost(request),
      done: () => branches.done(request),
    }),
    calling: (step, token) => () =>
      branches.happened(`${step} of ${token} was called`, (s) => invoked(s, step, token)),
    returned: (step, token, failed) =>
      branches.happened(`after ${step} of ${token}`, (s) => returned(s, step, token, failed)),
  };
}

/** A command as fast-check runs it; printed as what a regression is written from. */
export class LabelCommand implements fc.AsyncCommand<Branches, SequentialRun> {
  readonly #command: Command;

  constructor(command: Command) {
    this.#command = command;
  }

  check(): boolean {
    return true;
  }

  async run(_model: Readonly<Branches>, run: SequentialRun): Promise<void> {
    counted.commands++;
    await run.take(this.#command);
  }

  toString(): string {
    return JSON.stringify(this.#command);
  }
}

export const counted = { sequences: 0, commands: 0 };
