/** Amazon SNS, captured: a message goes nowhere, tests and the demo read what was published. */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import { assertSupportedPolicy } from '../iam/validate.ts';
import { type AwsService, ServiceException } from '../service.ts';

export interface PublishedMessage {
  time: Date;
  topicArn: string;
  subject?: string;
  message: string;
}

interface Topic {
  policy?: PolicyDocument;
}

export interface SnsSettings {
  account: string;
  region: string;
  clock: SandboxClock;
}

export class SnsService implements AwsService {
  readonly signingName = 'sns';
  readonly protocol = 'query';
  readonly operations: AwsService['operations'];
  readonly #settings: SnsSettings;
  readonly #topics = new Map<string, Topic>();
  readonly #published: PublishedMessage[] = [];

  constructor(settings: SnsSettings) {
    this.#settings = settings;
    const onTopic = (action: string) => (input: Record<string, unknown>) => {
      const resource = String(input.TopicArn);
      const { policy } = this.#topic(resource);
      return [{ action, resource, ...(policy && { resourcePolicy: policy }) }];
    };
    this.operations = {
      Publish: {
        authorize: onTopic('sns:Publish'),
        run: async (input) => this.#publish(input),
      },
    };
  }

  createTopic(name: string): { arn: string } {
    const arn = `arn:aws:sns:${this.#settings.region}:${this.#settings.account}:${name}`;
    this.#topics.set(arn, {});
    return { arn };
  }

  putTopicPolicy(arn: string, policy: PolicyDocument): void {
    assertSupportedPolicy(policy, `policy of topic ${arn}`, 'resource');
    this.#topic(arn).policy = policy;
  }

  published(): readonly PublishedMessage[] {
    return this.#published;
  }

  #topic(arn: string): Topic {
    const topic = this.#topics.get(arn);
    if (topic === undefined) {
      throw new ServiceException('NotFound', 'Topic does not exist', 404);
    }
    return topic;
  }

  #publish({ TopicArn, Message, Subject }: Record<string, unknown>): object {
    if (typeof Message !== 'string' || Message === '') {
      throw new ServiceException('InvalidParameter', 'Invalid parameter: Empty message');
    }
    // SNS counts bytes of UTF-8 and takes no more than 256 KiB.
    if (Buffer.byteLength(Message) > 262_144) {
      throw new ServiceException('InvalidParameter', 'Invalid parameter: Message too long');
    }
    this.#published.push({
      time: this.#settings.clock.now(),
      topicArn: String(TopicArn),
      message: Message,
      ...(typeof Subject === 'string' && { subject: Subject }),
    });
    return { MessageId: randomUUID() };
  }
}
