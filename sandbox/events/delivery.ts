/**
 * Delivery of one event to one target, asynchronously and with the retries of AWS, on the sandbox's clock.
 *
 * - The target refuses for good (no permission, it does not exist): never tried again.
 *   https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 * - Any other refusal: again for 24 hours (or as the target's RetryPolicy says) with growing pauses. AWS does not
 *   publish them; here 1 minute, doubled up to 1 hour, without jitter.
 * - Never delivered: to the target's dead-letter queue, where there is one.
 *   https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 * - A Lambda function was reached and threw: that is Lambda's asynchronous invocation to repeat, and its own
 *   dead-letter queue in the end.
 */
import type { SandboxClock } from '../clock.ts';
import type {
  AsyncLambdaPort,
  LambdaPort,
  LogGroupPort,
  MetricsPort,
  QueuePort,
  StatesPort,
  TopicPort,
} from '../ports.ts';
import { type Caller, ServiceException } from '../service.ts';
import type { Delivery, Rule } from './rule.ts';
import { type BusEvent, type Target, targetInput } from './target.ts';

const minute = 60_000;
const final = new Set([
  'AccessDeniedException',
  'KMS.AccessDeniedException',
  'KMSAccessDenied',
  'NotFound',
  'QueueDoesNotExist',
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

export interface DeliveryDeskOptions {
  account: string;
  clock: SandboxClock;
  lambda: LambdaPort & Partial<AsyncLambdaPort>;
  states: StatesPort;
  /** Absent: nothing is delivered there. */
  topics?: TopicPort;
  queues?: QueuePort;
  logGroups?: LogGroupPort;
  metrics?: MetricsPort;
}

export class DeliveryDesk {
  readonly deliveries: Delivery[] = [];
  readonly #options: DeliveryDeskOptions;
  readonly #clock: SandboxClock;

  constructor(options: DeliveryDeskOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Returns at once; the work is counted by the clock. */
  send(rule: Rule, event: BusEvent): void {
    const context = { ruleArn: rule.arn, ruleName: rule.definition.name };
    this.#count('TriggeredRules', rule);
    for (const target of rule.definition.targets) {
      const input = targetInput(target, event, context);
      const since = this.#clock.now();
      const job = { rule, target, event, input, since, attempt: 0, functionErrors: 0 };
      this.#count('Invocations', rule);
      void this.#clock.track(Promise.resolve().then(() => this.#attempt(job)));
    }
  }

  async #attempt(previous: Job): Promise<void> {
    const job = { ...previous, attempt: previous.attempt + 1 };
    try {
      const failed = await this.#call(job);
      if (failed === undefined) {
        this.#note(job, {});
        return;
      }
      this.#functionFailed({ ...job, functionErrors: job.functionErrors + 1 }, failed.payload);
    } catch (error) {
      const code = error instanceof ServiceException ? error.code : String(error);
      const { maximumEventAgeInSeconds = 86_400, maximumRetryAttempts = 185 } =
        job.target.retryPolicy ?? {};
      const pause = Math.min(60 * minute, minute * 2 ** (job.attempt - 1));
      const age = this.#clock.now().getTime() + pause - job.since.getTime();
      const exhausted =
        job.attempt > maximumRetryAttempts
          ? 'MaximumRetryAttempts'
          : age > maximumEventAgeInSeconds * 1000
            ? 'MaximumEventAgeInSeconds'
            : undefined;
      if (!final.has(code) && exhausted === undefined) {
        this.#again(job, code, pause);
        return;
      }
      this.#again(job, code, undefined);
      this.#undeliverable(job, {
        ERROR_CODE: code,
        ERROR_MESSAGE: error instanceof Error ? error.message : code,
        ...(exhausted !== undefined && { EXHAUSTED_RETRY_CONDITION: exhausted }),
      });
    }
  }

  /** What the function answered, if it ran and threw. @throws what the target refused with. */
  async #call({ rule, target, input }: Job): Promise<{ payload: string } | undefined> {
    const { lambda, states, topics, queues, logGroups } = this.#options;
    const text = () => (typeof input === 'string' ? input : JSON.stringify(input));
    const [, , service] = target.arn.split(':');
    switch (service) {
      case 'states': {
        const caller = { kind: 'role', arn: target.roleArn ?? '' } as const;
        states.startExecution(caller, target.arn, undefined, input);
        return undefined;
      }
      case 'sns':
        required(topics, service).publishAs(this.#as(rule), target.arn, { message: text() });
        return undefined;
      case 'sqs':
        required(queues, service).sendAs(this.#as(rule), target.arn, text());
        return undefined;
      case 'logs':
        required(logGroups, service).writeAs(this.#as(rule), target.arn, text());
        return undefined;
      default: {
        const outcome = await lambda.invoke(this.#as(rule), target.arn, input);
        return outcome.functionError === undefined ? undefined : { payload: outcome.payload };
      }
    }
  }

  #as(rule: Rule): Caller {
    return {
      kind: 'service',
      arn: 'events.amazonaws.com',
      service: 'events.amazonaws.com',
      sourceArn: rule.arn,
      sourceAccount: this.#options.account,
    };
  }

  #functionFailed(job: Job, payload: string): void {
    const { lambda } = this.#options;
    const pauses = lambda.retriesOf?.(job.target.arn) ?? [minute, 2 * minute];
    const pause = pauses[job.functionErrors - 1];
    this.#again(job, 'Unhandled', pause);
    if (pause === undefined) {
      lambda.gaveUp?.(job.target.arn, job.input, { payload, attempts: job.functionErrors });
    }
  }

  /** An event that reaches its dead-letter queue is no failed invocation (monitoring guide, "EventBridge metrics"). */
  #undeliverable({ rule, target, event, attempt }: Job, error: Record<string, string>): void {
    const { queues } = this.#options;
    if (target.deadLetterArn === undefined || queues === undefined) {
      this.#count('FailedInvocations', rule);
      return;
    }
    try {
      queues.sendAs(this.#as(rule), target.deadLetterArn, JSON.stringify(event), {
        RULE_ARN: rule.arn,
        TARGET_ARN: target.arn,
        RETRY_ATTEMPTS: String(attempt - 1),
        ...error,
      });
      this.#count('InvocationsSentToDlq', rule);
    } catch {
      this.#count('InvocationsFailedToBeSentToDlq', rule);
      this.#count('FailedInvocations', rule);
    }
  }

  #count(name: string, rule: Rule): void {
    const dimensions = { RuleName: rule.definition.name };
    this.#options.metrics?.count({ namespace: 'AWS/Events', name, dimensions });
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

function required<T>(port: T | undefined, service: string): T {
  if (port === undefined) {
    throw new ServiceException('InternalException', `Nothing delivers to ${service} here.`);
  }
  return port;
}
