/**
 * One secret of the sandbox's Secrets Manager in this process, asked through the real SDK. Whatever is asked and
 * answered, by the test or by the rotation function, is told to a witness in the order in which it happened.
 */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SandboxClock } from '../../sandbox/clock.ts';
import { KmsService } from '../../sandbox/kms/service.ts';
import type { InvokeOutcome } from '../../sandbox/ports.ts';
import type { Behaviour as ServiceBehaviour } from '../../sandbox/secrets-manager/backend.ts';
import { SecretsManagerService } from '../../sandbox/secrets-manager/service.ts';
import type { ServiceException } from '../../sandbox/service.ts';
import { inProcess, tester } from '../in-process/request-handler.ts';
import type { Answer, Request, RequestOf } from './requests.ts';
import { type Behaviour, behave, FunctionFailedError } from './rotating-function.ts';
import { described, listed, NoAnswerError, send, type Target } from './sdk-line.ts';
import type { Step } from './secret-state.ts';

const account = '000000000000';
const region = 'eu-west-1';
const lambdaArn = `arn:aws:lambda:${region}:${account}:function:rotate`;
export const start = new Date('2027-01-10T12:00:00Z');

/** `never`: the request did not arrive. `lost`: its answer did not. `twice`: it arrived two times, the second was answered. */
export type Fault = 'never' | 'lost' | 'twice';

/** Told what happened. */
export interface Witness {
  answered(request: Request, answer: Answer): void;
  lost(request: Request): void;
  done(request: Request): void;
  invoked(step: Step, token: string): void;
  returned(step: Step, token: string, failed: boolean): void;
}

/** Made once: a client costs more than a sequence of requests. Whose turn it is says which service answers. */
type Handle = (request: unknown) => Promise<unknown>;

export class InProcessAccount {
  readonly clock = new SandboxClock(start, 'manual');
  readonly service: SecretsManagerService;
  behaviour: Behaviour = 'template';
  /** What went wrong where the service would have taken it for a failure of the function. */
  unexpected: unknown;
  readonly #target: Target;
  readonly #witness: Witness;
  readonly #handle: Handle;
  #fault: Fault | undefined;
  #generated = 0;
  /** The test's own request: what the service does in the background is told after its answer. */
  #asking: Promise<unknown> = Promise.resolve();

  constructor(
    witness: Witness,
    end: ServiceBehaviour['pendingEndState'] = 'serviceStrips',
    defect: (service: SecretsManagerService) => SecretsManagerService = (service) => service,
  ) {
    this.#witness = witness;
    const iam = { authorize: () => undefined };
    const { clock } = this;
    this.service = defect(
      new SecretsManagerService({
        account,
        region,
        clock,
        iam,
        kms: new KmsService({ account, region, iam, clock }),
        events: { publish: () => undefined },
        lambda: {
          exists: () => true,
          mayInvoke: () => true,
          invoke: (_caller, _arn, payload) => this.#invoked(payload as Payload),
        },
      }),
    );
    this.service.setPendingEndState(end);
    const settings = inProcess(this.service);
    this.#handle = settings.requestHandler.handle as Handle;
    const requestHandler = { ...settings.requestHandler, handle: (it: unknown) => this.#line(it) };
    const client = new SecretsManagerClient({ ...settings, requestHandler } as object);
    this.#target = { client, secretId: 'model/secret', lambdaArn };
  }

  /** Asks, and tells the witness. @returns undefined when no answer came */
  async ask(request: Request, fault?: Fault): Promise<Answer | undefined> {
    const asking = this.#ask(request, fault);
    this.#asking = asking;
    return asking;
  }

  async #ask(request: Request, fault?: Fault): Promise<Answer | undefined> {
    this.#fault = fault;
    try {
      const answer = await send(this.#target, request);
      if (fault === 'twice') {
        this.#witness.done(request);
      }
      this.#witness.answered(request, answer);
      return answer;
    } catch (error) {
      if (!(error instanceof NoAnswerError)) {
        throw error;
      }
      this.#witness.lost(request);
      return undefined;
    }
  }

  /** The function's requests, which no fault meets. */
  readonly #askAsFunction = async (request: Request): Promise<Answer> => {
    const answer = await send(this.#target, request);
    this.#witness.answered(request, answer);
    return answer;
  };

  /** A step, called by somebody else than the service. @returns whether it failed */
  async step(step: Step, token: string, behaviour: Behaviour = 'template'): Promise<boolean> {
    try {
      await behave(behaviour, step, token, this.#askAsFunction, () => ++this.#generated);
      return false;
    } catch (error) {
      if (!(error instanceof FunctionFailedError)) {
        this.unexpected ??= error;
      }
      return true;
    }
  }

  /** The same without a client between, which is most of the cost: for the look after every command. */
  async peek(request: RequestOf<'describe' | 'list'>): Promise<void> {
    const [operation, output] = peeks[request.op];
    const input = { SecretId: this.#target.secretId, MaxResults: 100, IncludeDeprecated: true };
    let answer: Answer;
    try {
      const told = await this.service.operations[operation]?.run(input, tester);
      answer = { ok: output(told as never) };
    } catch (error) {
      answer = { error: (error as ServiceException).code };
    }
    this.#witness.answered(request, answer);
  }

  /** Versions that only `label` was ever on, the last of them still. */
  async fill(tokens: readonly string[], label: string): Promise<void> {
    for (const token of tokens) {
      const value = 'old';
      await this.service.operations.PutSecretValue?.run(
        {
          SecretId: this.#target.secretId,
          ClientRequestToken: token,
          SecretString: value,
          VersionStages: [label],
        },
        tester,
      );
      this.#witness.done({ op: 'put', token, value, stages: [label] });
    }
  }

  async #line(request: unknown): Promise<unknown> {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault === 'never') {
      throw new NoAnswerError();
    }
    const answer = await this.#handle(request);
    if (fault === 'lost') {
      throw new NoAnswerError();
    }
    return fault === 'twice' ? this.#handle(request) : answer;
  }

  async #invoked({ Step, ClientRequestToken: token }: Payload): Promise<InvokeOutcome> {
    await this.#asking.catch(() => undefined);
    this.#witness.invoked(Step, token);
    const failed = await this.step(Step, token, this.behaviour);
    this.#witness.returned(Step, token, failed);
    return failed ? { payload: 'null', functionError: 'Unhandled' } : { payload: 'null' };
  }
}

const peeks = {
  describe: ['DescribeSecret', described],
  list: ['ListSecretVersionIds', listed],
} as const;

interface Payload {
  Step: Step;
  ClientRequestToken: string;
}
