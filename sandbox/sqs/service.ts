/**
 * Amazon SQS, standard queues.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
 */
import { createHash } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import { assertSupportedPolicy } from '../iam/validate.ts';
import type { IamPort, KeyUsePort, MetricsPort, QueuePort } from '../ports.ts';
import { type AccessCheck, type AwsService, type Caller, ServiceException } from '../service.ts';
import { type MessageAttribute, Queue, type QueueSettings } from './queue.ts';

export interface SqsServiceSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: IamPort;
  keys: KeyUsePort;
  metrics: MetricsPort;
  /** Known only once the server listens. */
  endpoint: () => string;
}

type Input = Record<string, unknown>;

/** 1 MiB since August 2025 (quotas-messages.html). */
const MOST_BYTES = 1_048_576;

export class SqsService implements AwsService, QueuePort {
  readonly signingName = 'sqs';
  readonly protocol = 'json-1.0';
  readonly targetPrefix = 'AmazonSQS';
  readonly operations: AwsService['operations'];
  readonly #settings: SqsServiceSettings;
  /** By ARN. */
  readonly #queues = new Map<string, Queue>();
  readonly #timers = new Map<Queue, () => void>();

  constructor(settings: SqsServiceSettings) {
    this.#settings = settings;
    const on = (name: string, run: (queue: Queue, input: Input, caller: Caller) => unknown) => ({
      authorize: (input: Input) => [this.#check(`sqs:${name}`, this.#byUrl(input.QueueUrl))],
      run: async (input: Input, caller: Caller) => run(this.#byUrl(input.QueueUrl), input, caller),
    });
    this.operations = {
      SendMessage: on('SendMessage', (queue, input, caller) => this.#send(queue, input, caller)),
      ReceiveMessage: on('ReceiveMessage', (queue, input, caller) =>
        this.#receive(queue, input, caller),
      ),
      DeleteMessage: on('DeleteMessage', (queue, { ReceiptHandle }) => {
        if (!queue.delete(String(ReceiptHandle))) {
          throw new ServiceException(
            'ReceiptHandleIsInvalid',
            `The input receipt handle "${String(ReceiptHandle)}" is not a valid receipt handle.`,
          );
        }
        this.#changed(queue);
        return {};
      }),
      GetQueueAttributes: on('GetQueueAttributes', (queue, input) => ({
        Attributes: this.#attributes(queue, (input.AttributeNames ?? []) as string[]),
      })),
      GetQueueUrl: {
        authorize: ({ QueueName }) => [
          this.#check('sqs:GetQueueUrl', this.#byName(String(QueueName))),
        ],
        run: async ({ QueueName }) => ({ QueueUrl: this.#byName(String(QueueName)).url }),
      },
    };
  }

  createQueue(settings: QueueSettings): { arn: string; url: string } {
    const { account, region, endpoint } = this.#settings;
    const arn = `arn:aws:sqs:${region}:${account}:${settings.name}`;
    const queue = new Queue(arn, `${endpoint()}/${account}/${settings.name}`, settings);
    this.#queues.set(arn, queue);
    this.#changed(queue);
    return { arn, url: queue.url };
  }

  changeQueue(url: string, settings: QueueSettings): void {
    this.#byUrl(url).settings = settings;
  }

  deleteQueue(url: string): void {
    const queue = this.#byUrl(url);
    this.#timers.get(queue)?.();
    this.#queues.delete(queue.arn);
  }

  putQueuePolicy(url: string, policy: PolicyDocument): void {
    const queue = this.#byUrl(url);
    assertSupportedPolicy(policy, `policy of queue ${queue.arn}`, 'resource');
    queue.policy = policy;
  }

  removeQueuePolicy(url: string): void {
    delete this.#byUrl(url).policy;
  }

  /** QueuePort: another service sends, with its own principal or with a role it works with. */
  sendAs(
    caller: Caller,
    queueArn: string,
    body: string,
    attributes: Readonly<Record<string, string>> = {},
  ): void {
    const queue = this.#queues.get(queueArn);
    if (queue === undefined) {
      throw missing();
    }
    this.#settings.iam.authorize(caller, this.#check('sqs:SendMessage', queue));
    this.#useKey(queue, caller, ['kms:GenerateDataKey', 'kms:Decrypt']);
    const typed = Object.entries(attributes).map(([name, StringValue]) => [
      name,
      { DataType: 'String', StringValue },
    ]);
    queue.send(body, Object.fromEntries(typed), this.#now());
    this.#changed(queue);
  }

  #check(action: string, { arn, policy }: Queue): AccessCheck {
    return { action, resource: arn, ...(policy && { resourcePolicy: policy }) };
  }

  /** SQS asks KMS with its caller's rights; a service that calls is asked for by name. */
  #useKey({ settings, arn }: Queue, caller: Caller, actions: readonly string[]): void {
    if (settings.kmsKeyId === undefined) {
      return;
    }
    const via =
      caller.kind === 'service' ? {} : { via: `sqs.${this.#settings.region}.amazonaws.com` };
    try {
      const context = { 'aws:sqs:arn': arn };
      this.#settings.keys.useAs({ ...caller, ...via }, settings.kmsKeyId, actions, context);
    } catch (error) {
      if (error instanceof ServiceException) {
        throw new ServiceException(`KMS.${error.code}`, error.message);
      }
      throw error;
    }
  }

  #send(queue: Queue, input: Input, caller: Caller): object {
    const body = String(input.MessageBody ?? '');
    if (body === '') {
      throw new ServiceException(
        'MissingRequiredParameterException',
        'The request must contain the parameter MessageBody.',
      );
    }
    if (Buffer.byteLength(body) > MOST_BYTES) {
      throw new ServiceException(
        'InvalidParameterValue',
        `One or more parameters are invalid. Reason: Message must be shorter than ${MOST_BYTES} bytes.`,
      );
    }
    this.#useKey(queue, caller, ['kms:GenerateDataKey', 'kms:Decrypt']);
    const attributes = (input.MessageAttributes ?? {}) as Record<string, MessageAttribute>;
    const delay = input.DelaySeconds === undefined ? undefined : Number(input.DelaySeconds);
    const MessageId = queue.send(body, attributes, this.#now(), delay);
    this.#changed(queue);
    return { MessageId, MD5OfMessageBody: md5(body) };
  }

  /** Answers at once: WaitTimeSeconds would wait on a clock that may stand still. */
  #receive(queue: Queue, input: Input, caller: Caller): object {
    const most = Number(input.MaxNumberOfMessages ?? 1);
    if (!(most >= 1 && most <= 10)) {
      throw new ServiceException(
        'InvalidParameterValue',
        `Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
      );
    }
    this.#useKey(queue, caller, ['kms:Decrypt']);
    const visibility =
      input.VisibilityTimeout === undefined ? undefined : Number(input.VisibilityTimeout);
    const wanted = (input.MessageAttributeNames ?? []) as string[];
    const messages = queue.receive(most, this.#now(), visibility);
    this.#changed(queue);
    return messages.length === 0
      ? {}
      : {
          Messages: messages.map(({ id, body, attributes, receipt, sentAt, received }) => ({
            MessageId: id,
            ReceiptHandle: receipt,
            Body: body,
            MD5OfBody: md5(body),
            Attributes: {
              SentTimestamp: String(sentAt),
              ApproximateReceiveCount: String(received),
            },
            MessageAttributes: Object.fromEntries(
              Object.entries(attributes).filter(([name]) =>
                wanted.some((pattern) => ['All', '.*', name].includes(pattern)),
              ),
            ),
          })),
        };
  }

  #attributes(queue: Queue, names: readonly string[]): Record<string, string> {
    const { settings, policy, arn } = queue;
    const { visible, inFlight, delayed } = queue.count(this.#now());
    const all: Record<string, string> = {
      QueueArn: arn,
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      ApproximateNumberOfMessagesDelayed: String(delayed),
      VisibilityTimeout: String(settings.visibilityTimeout),
      MessageRetentionPeriod: String(settings.messageRetentionPeriod),
      DelaySeconds: String(settings.delaySeconds),
      ...(settings.kmsKeyId !== undefined && { KmsMasterKeyId: settings.kmsKeyId }),
      ...(policy !== undefined && { Policy: JSON.stringify(policy) }),
    };
    return Object.fromEntries(
      Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name)),
    );
  }

  /** Tells the depth, and wakes up when a message comes back into sight or expires. */
  #changed(queue: Queue): void {
    const { clock, metrics } = this.#settings;
    const dimensions = { QueueName: queue.settings.name };
    const depth = (name: string, value: number) =>
      metrics.stand({ namespace: 'AWS/SQS', name, dimensions }, value);
    const { visible, inFlight } = queue.count(this.#now());
    depth('ApproximateNumberOfMessagesVisible', visible);
    depth('ApproximateNumberOfMessagesNotVisible', inFlight);
    this.#timers.get(queue)?.();
    const next = queue.nextChange(this.#now());
    if (next !== undefined) {
      const wake = async () => this.#changed(queue);
      const label = `messages of ${queue.settings.name}`;
      this.#timers.set(queue, clock.at(new Date(next), label, wake, { recurring: true }));
    }
  }

  #byUrl(url: unknown): Queue {
    const found = [...this.#queues.values()].find((queue) => queue.url === url);
    if (found === undefined) {
      throw missing();
    }
    return found;
  }

  #byName(name: string): Queue {
    const { account, region } = this.#settings;
    const found = this.#queues.get(`arn:aws:sqs:${region}:${account}:${name}`);
    if (found === undefined) {
      throw missing();
    }
    return found;
  }

  #now(): number {
    return this.#settings.clock.now().getTime();
  }
}

function missing(): ServiceException {
  return new ServiceException('QueueDoesNotExist', 'The specified queue does not exist.');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
