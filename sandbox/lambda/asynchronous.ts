/**
 * Asynchronous invocation: Lambda answers at once, tries twice more when the function fails, and then hands the
 * event to the function's dead-letter queue and on-failure destination, with the rights of the function's role.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { AsyncLambdaPort, InvokeOutcome, MetricsPort, QueuePort } from '../ports.ts';
import type { LambdaFunction } from './function.ts';

/** AWS::Lambda::EventInvokeConfig. */
export interface EventInvokeConfig {
  /** 0 to 2. @default 2 */
  maximumRetryAttempts?: number;
  /** ARN of a queue. */
  onFailure?: string;
}

export interface AsynchronousSettings {
  clock: SandboxClock;
  /** Absent: nothing is kept of what failed. */
  queues?: QueuePort;
  metrics?: MetricsPort;
  find(nameOrArn: string): LambdaFunction;
  execute(found: LambdaFunction, payload: string): Promise<InvokeOutcome>;
}

/** Waits before the second and third attempt, in milliseconds. */
const RETRIES = [60_000, 120_000];

export class AsynchronousInvocations implements AsyncLambdaPort {
  readonly #settings: AsynchronousSettings;
  /** By name of the function. */
  readonly #configs = new Map<string, EventInvokeConfig>();

  constructor(settings: AsynchronousSettings) {
    this.#settings = settings;
  }

  configure(functionName: string, config: EventInvokeConfig | undefined): void {
    if (config === undefined) {
      this.#configs.delete(functionName);
    } else {
      this.#configs.set(functionName, config);
    }
  }

  retriesOf(functionArn: string): readonly number[] {
    const { name } = this.#settings.find(functionArn).spec;
    return RETRIES.slice(0, this.#configs.get(name)?.maximumRetryAttempts ?? RETRIES.length);
  }

  /** Queues the event. */
  invoke(found: LambdaFunction, payload: string, attempt = 0): void {
    const { clock, execute } = this.#settings;
    const run = execute(found, payload).then((outcome) => {
      if (outcome.functionError === undefined) {
        return;
      }
      const wait = this.retriesOf(found.arn)[attempt];
      if (wait === undefined) {
        const event = JSON.parse(payload) as unknown;
        this.gaveUp(found.arn, event, { payload: outcome.payload, attempts: attempt + 1 });
        return;
      }
      const at = new Date(clock.now().getTime() + wait);
      clock.at(at, `retry of ${found.spec.name}`, async () =>
        this.invoke(found, payload, attempt + 1),
      );
    });
    clock.track(run).catch(() => undefined);
  }

  gaveUp(
    functionArn: string,
    event: unknown,
    failure: { payload: string; attempts: number },
  ): void {
    const found = this.#settings.find(functionArn);
    const { deadLetterArn, name } = found.spec;
    if (deadLetterArn !== undefined) {
      const { errorMessage = '' } = JSON.parse(failure.payload) as { errorMessage?: string };
      const attributes = {
        RequestID: randomUUID(),
        ErrorCode: '200',
        ErrorMessage: errorMessage.slice(0, 1024) || 'Unhandled',
      };
      this.#send(found, deadLetterArn, event, attributes, 'DeadLetterErrors');
    }
    const destination = this.#configs.get(name)?.onFailure;
    if (destination !== undefined) {
      const record = this.#record(found, event, failure);
      this.#send(found, destination, record, {}, 'DestinationDeliveryFailures');
    }
  }

  #send(
    { caller, spec }: LambdaFunction,
    queueArn: string,
    body: unknown,
    attributes: Readonly<Record<string, string>>,
    metric: string,
  ): void {
    const { queues, metrics } = this.#settings;
    try {
      queues?.sendAs(caller, queueArn, JSON.stringify(body), attributes);
    } catch {
      const dimensions = { FunctionName: spec.name };
      metrics?.count({ namespace: 'AWS/Lambda', name: metric, dimensions });
    }
  }

  #record(found: LambdaFunction, event: unknown, failure: { payload: string; attempts: number }) {
    return {
      version: '1.0',
      timestamp: this.#settings.clock.now().toISOString(),
      requestContext: {
        requestId: randomUUID(),
        functionArn: `${found.arn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: failure.attempts,
      },
      requestPayload: event,
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        functionError: 'Unhandled',
      },
      responsePayload: JSON.parse(failure.payload) as unknown,
    };
  }
}
