/**
 * Delivery of one event to one target, asynchronously and with the retries of AWS, on the sandbox's clock.
 *
 * - The target refuses for good (no permission, it does not exist): never tried again.
 *   https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 * - Any other refusal: again for 24 hours with growing pauses. AWS does not publish them; here 1 minute,
 *   doubled up to 1 hour, without jitter.
 * - A Lambda function was reached and threw: Lambda's asynchronous invocation runs it twice more, after
 *   1 and 2 minutes. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
import type { SandboxClock } from '../clock.ts';
import type { LambdaPort, StatesPort } from '../ports.ts';
import { ServiceException } from '../service.ts';
import type { Delivery, Rule } from './rule.ts';
import { type BusEvent, type Target, targetInput } from './target.ts';

const minute = 60_000;
const maximumAge = 24 * 60 * minute;
const functionRetries = [minute, 2 * minute];
const final = new Set([
  'AccessDeniedException',
  'ResourceNotFoundException',
  'StateMachineDoesNotExist',
]);

interface Job {
  rule: Rule;
  target: Target;
  event: BusEvent;
  input: unknown;
  since: Date;
  attempt: number;
  functionErrors: number;
}

export class DeliveryDesk {
  readonly deliveries: Delivery[] = [];
  readonly #account: string;
  readonly #clock: SandboxClock;
  readonly #lambda: LambdaPort;
  readonly #states: StatesPort;

  constructor(options: {
    account: string;
    clock: SandboxClock;
    lambda: LambdaPort;
    states: StatesPort;
  }) {
    this.#account = options.account;
    this.#clock = options.clock;
    this.#lambda = options.lambda;
    this.#states = options.states;
  }

  /** Returns at once; the work is counted by the clock. */
  send(rule: Rule, event: BusEvent): void {
    const context = { ruleArn: rule.arn, ruleName: rule.definition.name };
    for (const target of rule.definition.targets) {
      const input = targetInput(target, event, context);
      const since = this.#clock.now();
      const job = { rule, target, event, input, since, attempt: 0, functionErrors: 0 };
      void this.#clock.track(Promise.resolve().then(() => this.#attempt(job)));
    }
  }

  async #attempt(previous: Job): Promise<void> {
    const job = { ...previous, attempt: previous.attempt + 1 };
    try {
      const functionError = await this.#call(job);
      if (functionError === undefined) {
        this.#note(job, {});
        return;
      }
      this.#again(
        { ...job, functionErrors: job.functionErrors + 1 },
        functionError,
        functionRetries[job.functionErrors],
      );
    } catch (error) {
      const code = error instanceof ServiceException ? error.code : String(error);
      const pause = Math.min(60 * minute, minute * 2 ** (job.attempt - 1));
      const age = this.#clock.now().getTime() + pause - job.since.getTime();
      this.#again(job, code, final.has(code) || age > maximumAge ? undefined : pause);
    }
  }

  /** The function's error, if it ran and threw. @throws what the target refused with. */
  async #call({ rule, target, input }: Job): Promise<string | undefined> {
    if (target.roleArn !== undefined && target.arn.includes(':states:')) {
      const caller = { kind: 'role', arn: target.roleArn } as const;
      this.#states.startExecution(caller, target.arn, undefined, input);
      return undefined;
    }
    const caller = {
      kind: 'service',
      arn: 'events.amazonaws.com',
      service: 'events.amazonaws.com',
      sourceArn: rule.arn,
      sourceAccount: this.#account,
    } as const;
    const outcome = await this.#lambda.invoke(caller, target.arn, input);
    return outcome.functionError;
  }

  #again(job: Job, error: string, pause: number | undefined): void {
    this.#note(job, { error, retried: pause !== undefined });
    if (pause !== undefined) {
      const at = new Date(this.#clock.now().getTime() + pause);
      const label = `EventBridge retries ${job.rule.definition.name} → ${job.target.id}`;
      this.#clock.at(at, label, () => this.#attempt(job));
    }
  }

  #note({ rule, target, event, attempt }: Job, failure: { error?: string; retried?: boolean }) {
    this.deliveries.push({
      time: this.#clock.now(),
      rule: rule.definition.name,
      target: target.id,
      eventId: String(event.id),
      attempt,
      outcome: failure.error === undefined ? 'delivered' : 'failed',
      ...failure,
    });
  }
}
