/** One sequence of the commands that need nothing but the API, against an endpoint. */
import { Branches } from './branches.ts';
import type { Endpoint } from './endpoint.ts';
import { type Command, requestsOf } from './label-commands.ts';
import { type Request, tokenOf } from './requests.ts';
import { behave, FunctionFailedError } from './rotating-function.ts';
import { invoked, returned } from './rotation-run.ts';
import { type Secret, steps } from './secret-state.ts';

export class EndpointRun {
  readonly branches: Branches;
  readonly #endpoint: Endpoint;
  readonly #name: string;
  #generated = 0;

  private constructor(endpoint: Endpoint, name: string) {
    this.#endpoint = endpoint;
    this.#name = name;
    this.branches = new Branches(() => endpoint.now);
  }

  static async begin(endpoint: Endpoint): Promise<EndpointRun> {
    const request = { op: 'create', token: tokenOf(99), value: 'first' } as const;
    const { name, answer } = await endpoint.make(request);
    const run = new EndpointRun(endpoint, name);
    run.branches.answered(request, answer);
    return run;
  }

  /** Elsewhere there is no rotation function, and a name is free again some time after its secret was deleted. */
  takes(command: Command): boolean {
    const isOurs = this.#endpoint.sandbox !== undefined;
    const { op, force } = command.do === 'ask' ? { force: false, ...command.request } : {};
    return isOurs || !(op === 'create' || force === true);
  }

  /** @throws DifferenceError */
  async take(command: Command): Promise<void> {
    if (command.do === 'step') {
      const ask = async (request: Request) => this.#ask(request);
      const { step, token } = command;
      await behave('template', step, tokenOf(token), ask, () => ++this.#generated).catch(
        (error: unknown) => {
          if (!(error instanceof FunctionFailedError)) throw error;
        },
      );
    }
    const fault = 'fault' in command ? command.fault : undefined;
    for (const request of requestsOf(command, this.branches.states[0] as Secret)) {
      const sent = this.#endpoint.sandbox ? request : { ...request, lambda: false };
      if (fault === 'never' || fault === 'lost') {
        if (fault === 'lost') await this.#endpoint.ask(this.#name, sent);
        this.branches.lost(sent);
      } else {
        if (fault === 'twice') {
          await this.#endpoint.ask(this.#name, sent);
          this.branches.done(sent);
        }
        await this.#ask(sent);
      }
      await this.#endpoint.sandbox?.clock.idle();
      this.branches.happened('the function answered', answeredByFunction);
    }
    await this.#ask({ op: 'describe' });
    await this.#ask({ op: 'list', deprecated: true });
  }

  async #ask(request: Request) {
    const answer = await this.#endpoint.ask(this.#name, request);
    this.branches.answered(request, answer);
    return answer;
  }
}

/** Nobody sees the service call a function that does nothing: it called it as it has to. */
function answeredByFunction(s: Secret): Secret[] {
  if (s.run === undefined || s.run.tried > 0) {
    return [s];
  }
  const { token, test } = s.run;
  const called = test ? (['testSecret'] as const) : steps;
  return called.reduce<Secret[]>(
    (states, step) =>
      states
        .flatMap((state) => invoked(state, step, token))
        .flatMap((state) => returned(state, step, token, false)),
    [s],
  );
}
