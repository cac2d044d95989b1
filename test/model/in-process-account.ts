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

/** What becomes of a request. */
export interface Hearing {
  answered(answer: Answer): void;
  /** No answer came. */
  lost(): void;
  /** It was done, and nobody heard the answer. */
  done(): void;
}

/** Told what happened, in its order. */
export interface Witness {
  asked(request: Request): Hearing;
  /** The service calls the function. @returns to be called when the function begins */
  calling(step: Step, token: string): () => void;
  returned(step: Step, token: string, failed: boolean): void;
}

export interface AccountOptions {
  /** Who takes AWSPENDING off a version that became AWSCURRENT. @default 'serviceStrips' */
  end?: ServiceBehaviour['pendingEndState'];
  /** Others may overtake here. @default nobody does: what the service does in the background waits for the test's request */
  transit?: (what: string) => Promise<void>;
}

type Handle = (request: unknown, options?: { fault?: Fault }) => Promise<unknown>;

export class InProcessAccount {
  readonly clock = new SandboxClock(start, 'manual');
  readonly service: SecretsManagerService;
  behaviour: Behaviour = 'template';
  /** What went wrong where the service would have taken it for a failure of the function. */
  unexpected: unknown;
  readonly #target: Target;
  readonly #witness: Witness;
  readonly #handle: Handle;
  readonly #transit: AccountOptions['transit'];
  #generated = 0;
  /** The test's own request: what the service does in the background is told after its answer. */
  #asking: Promise<unknown> = Promise.resolve();

  constructor(witness: Witness, { end = 'serviceStrips', transit }: AccountOptions = {}) {
    this.#witness = witness;
    this.#transit = transit;
    const iam = { authorize: () => undefined };
    const { clock } = this;
    this.service = new SecretsManagerService({
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
    });
    this.service.setPendingEndState(end);
    const settings = inProcess(this.service);
    this.#handle = settings.requestHandler.handle as Handle;
    // A client hands the options of a call through to here.
    const handle: Handle = (request, options) => this.#line(request, options?.fault);
    const requestHandler = { ...settings.requestHandler, handle };
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
    const hearing = this.#witness.asked(request);
    const first = fault === 'twice' ? this.#witness.asked(request) : undefined;
    try {
      const answer = await send(this.#target, request, { fault });
      first?.done();
      hearing.answered(answer);
      return answer;
    } catch (error) {
      if (!(error instanceof NoAnswerError)) {
        throw error;
      }
      hearing.lost();
      return undefined;
    }
  }

  /** The function's requests, which no fault meets. */
  readonly #askAsFunction = async (request: Request): Promise<Answer> => {
    const hearing = this.#witness.asked(request);
    const answer = await send(this.#target, request);
    hearing.answered(answer);
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
    this.#witness.asked(request).answered(answer);
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
      this.#witness.asked({ op: 'put', token, value, stages: [label] }).done();
    }
  }

  /** The service takes whatever is thrown here for a failure of the function. */
  #tell(witness: () => void): void {
    try {
      witness();
    } catch (error) {
      this.unexpected ??= error;
    }
  }

  async #line(request: unknown, fault: Fault | undefined): Promise<unknown> {
    if (fault === 'never') {
      throw new NoAnswerError();
    }
    await this.#transit?.('arrives');
    let answer = await this.#handle(request);
    if (fault === 'twice') {
      await this.#transit?.('arrives again');
      answer = await this.#handle(request);
    }
    await this.#transit?.('is answered');
    if (fault === 'lost') {
      throw new NoAnswerError();
    }
    return answer;
  }

  async #invoked({ Step, ClientRequestToken: token }: Payload): Promise<InvokeOutcome> {
    const begins = this.#witness.calling(Step, token);
    await (this.#transit === undefined
      ? this.#asking.catch(() => undefined)
      : this.#transit(`calls ${Step}`));
    this.#tell(begins);
    const failed = await this.step(Step, token, this.behaviour);
    this.#tell(() => this.#witness.returned(Step, token, failed));
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
