/**
 * Amazon SNS: topics with policy and key, e-mail and HTTPS subscriptions that wait for their confirmation. Nothing
 * leaves: tests, the demo and the controls read what was published and what would be in which inbox.
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import { assertSupportedPolicy } from '../iam/validate.ts';
import type { IamPort, KeyUsePort, TopicPort } from '../ports.ts';
import { type AccessCheck, type AwsService, type Caller, ServiceException } from '../service.ts';
import { type Mail, Topic, type TopicSettings } from './topic.ts';

export interface PublishedMessage {
  time: Date;
  topicArn: string;
  subject?: string;
  message: string;
}

export interface SnsSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: IamPort;
  keys: KeyUsePort;
}

type Input = Record<string, unknown>;

export class SnsService implements AwsService, TopicPort {
  readonly signingName = 'sns';
  readonly protocol = 'query';
  readonly operations: AwsService['operations'];
  readonly #settings: SnsSettings;
  readonly #topics = new Map<string, Topic>();
  readonly #published: PublishedMessage[] = [];
  readonly #mail: Mail[] = [];

  constructor(settings: SnsSettings) {
    this.#settings = settings;
    const on = (name: string, run: (topic: Topic, input: Input, caller: Caller) => unknown) => ({
      authorize: (input: Input) => [this.#check(`sns:${name}`, this.#topic(input.TopicArn))],
      run: async (input: Input, caller: Caller) => run(this.#topic(input.TopicArn), input, caller),
    });
    this.operations = {
      Publish: on('Publish', (topic, { Message, Subject }, caller) =>
        this.#publish(topic, caller, {
          message: String(Message ?? ''),
          ...(Subject !== undefined && { subject: String(Subject) }),
        }),
      ),
      Subscribe: on('Subscribe', (topic, { Protocol, Endpoint, ReturnSubscriptionArn }) => {
        const { arn, confirmed } = this.#subscribe(topic, String(Protocol), String(Endpoint));
        const isTold = confirmed || String(ReturnSubscriptionArn) === 'true';
        return { SubscriptionArn: isTold ? arn : 'pending confirmation' };
      }),
      ConfirmSubscription: on('ConfirmSubscription', (topic, { Token }) => {
        const subscription = topic.subscriptions.find(({ token }) => token === Token);
        if (subscription === undefined) {
          throw new ServiceException('InvalidParameter', 'Invalid parameter: Token');
        }
        subscription.confirmed = true;
        return { SubscriptionArn: subscription.arn };
      }),
      ListSubscriptionsByTopic: on('ListSubscriptionsByTopic', ({ arn, subscriptions }) => ({
        Subscriptions: subscriptions.map((it) => ({
          SubscriptionArn: it.confirmed ? it.arn : 'PendingConfirmation',
          Owner: settings.account,
          Protocol: it.protocol,
          Endpoint: it.endpoint,
          TopicArn: arn,
        })),
      })),
      GetTopicAttributes: on('GetTopicAttributes', (topic) => ({
        Attributes: this.#attributes(topic),
      })),
    };
  }

  createTopic(name: string, settings: TopicSettings = {}): { arn: string } {
    const arn = `arn:aws:sns:${this.#settings.region}:${this.#settings.account}:${name}`;
    const existing = this.#topics.get(arn);
    if (existing === undefined) {
      this.#topics.set(arn, new Topic(arn, settings));
    } else {
      existing.settings = settings;
    }
    return { arn };
  }

  deleteTopic(arn: string): void {
    this.#topics.delete(arn);
  }

  putTopicPolicy(arn: string, policy: PolicyDocument): void {
    assertSupportedPolicy(policy, `policy of topic ${arn}`, 'resource');
    this.#topic(arn).policy = policy;
  }

  removeTopicPolicy(arn: string): void {
    delete this.#topics.get(arn)?.policy;
  }

  subscribe(topicArn: string, protocol: string, endpoint: string): { arn: string } {
    return { arn: this.#subscribe(this.#topic(topicArn), protocol, endpoint).arn };
  }

  unsubscribe(subscriptionArn: string): void {
    for (const { subscriptions } of this.#topics.values()) {
      const index = subscriptions.findIndex(({ arn }) => arn === subscriptionArn);
      if (index >= 0) {
        subscriptions.splice(index, 1);
      }
    }
  }

  publishAs(
    caller: Caller,
    topicArn: string,
    message: { subject?: string; message: string },
  ): void {
    const topic = this.#topic(topicArn);
    this.#settings.iam.authorize(caller, this.#check('sns:Publish', topic));
    this.#publish(topic, caller, message);
  }

  published(): readonly PublishedMessage[] {
    return this.#published;
  }

  mail(): readonly Mail[] {
    return this.#mail;
  }

  #check(action: string, { arn, policy }: Topic): AccessCheck {
    return { action, resource: arn, ...(policy && { resourcePolicy: policy }) };
  }

  #topic(arn: unknown): Topic {
    const topic = this.#topics.get(String(arn));
    if (topic === undefined) {
      throw new ServiceException('NotFound', 'Topic does not exist', 404);
    }
    return topic;
  }

  #subscribe(topic: Topic, protocol: string, endpoint: string) {
    if (!['email', 'email-json', 'https'].includes(protocol)) {
      throw new ServiceException(
        'NotSimulatedException',
        `The sandbox simulates e-mail and HTTPS subscriptions, not ${protocol}.`,
        501,
      );
    }
    const { subscription, isNew } = topic.subscribe(protocol, endpoint);
    if (isNew) {
      this.#mail.push({
        time: this.#settings.clock.now(),
        to: endpoint,
        topicArn: topic.arn,
        subject: 'AWS Notification - Subscription Confirmation',
        body: `You have chosen to subscribe to the topic: ${topic.arn}`,
        token: subscription.token,
      });
    }
    return subscription;
  }

  #publish(
    topic: Topic,
    caller: Caller,
    { message, subject }: { subject?: string; message: string },
  ) {
    if (message === '') {
      throw new ServiceException('InvalidParameter', 'Invalid parameter: Empty message');
    }
    // SNS counts bytes of UTF-8 and takes no more than 256 KiB.
    if (Buffer.byteLength(message) > 262_144) {
      throw new ServiceException('InvalidParameter', 'Invalid parameter: Message too long');
    }
    if (subject !== undefined && !isSubject(subject)) {
      throw new ServiceException('InvalidParameter', 'Invalid parameter: Subject');
    }
    this.#useKey(topic, caller);
    const time = this.#settings.clock.now();
    this.#published.push({ time, topicArn: topic.arn, message, ...(subject && { subject }) });
    const id = randomUUID();
    // sns/latest/dg/http-notification-json.html
    const envelope = () =>
      JSON.stringify({
        Type: 'Notification',
        MessageId: id,
        TopicArn: topic.arn,
        ...(subject && { Subject: subject }),
        Message: message,
        Timestamp: time.toISOString(),
      });
    for (const { confirmed, endpoint, protocol } of topic.subscriptions) {
      if (confirmed) {
        const body = protocol === 'email' ? message : envelope();
        const mail = { time, to: endpoint, topicArn: topic.arn, body };
        this.#mail.push({ ...mail, subject: subject ?? 'AWS Notification Message' });
      }
    }
    return { MessageId: id };
  }

  /** SNS asks KMS with its caller's rights; a service that publishes is asked for by name. */
  #useKey({ settings, arn }: Topic, caller: Caller): void {
    if (settings.kmsKeyId === undefined) {
      return;
    }
    const via =
      caller.kind === 'service' ? {} : { via: `sns.${this.#settings.region}.amazonaws.com` };
    const actions = ['kms:GenerateDataKey', 'kms:Decrypt'];
    try {
      const context = { 'aws:sns:topicArn': arn };
      this.#settings.keys.useAs({ ...caller, ...via }, settings.kmsKeyId, actions, context);
    } catch (error) {
      if (error instanceof ServiceException) {
        throw new ServiceException(`KMS${error.code.replace(/Exception$/, '')}`, error.message);
      }
      throw error;
    }
  }

  #attributes({ arn, settings, policy, subscriptions }: Topic): Map<string, string> {
    const confirmed = subscriptions.filter((subscription) => subscription.confirmed).length;
    return new Map([
      ['TopicArn', arn],
      ['Owner', this.#settings.account],
      ['DisplayName', settings.displayName ?? ''],
      ['SubscriptionsConfirmed', String(confirmed)],
      ['SubscriptionsPending', String(subscriptions.length - confirmed)],
      ['SubscriptionsDeleted', '0'],
      ...(settings.kmsKeyId ? [['KmsMasterKeyId', settings.kmsKeyId] as const] : []),
      ...(policy ? [['Policy', JSON.stringify(policy)] as const] : []),
    ]);
  }
}

/** No line breaks or control characters, up to 100 characters (API_Publish). */
const isSubject = (text: string): boolean => /^[^\p{Cc}\p{Zl}\p{Zp}]{1,100}$/u.test(text);
