/** One topic, who subscribed to it, and what reached them. */
import { createHash } from 'node:crypto';
import type { PolicyDocument } from '../iam/policy.ts';

export interface TopicSettings {
  displayName?: string;
  /** Id, alias or ARN; absent: not encrypted. */
  kmsKeyId?: string;
}

export interface Subscription {
  arn: string;
  protocol: string;
  endpoint: string;
  confirmed: boolean;
  /** Travels in the confirmation mail. */
  token: string;
}

/** What somebody finds in the inbox. */
export interface Mail {
  time: Date;
  to: string;
  topicArn: string;
  subject: string;
  body: string;
  /** Of a confirmation mail: what its link carries. */
  token?: string;
}

export class Topic {
  readonly arn: string;
  settings: TopicSettings;
  policy?: PolicyDocument;
  readonly subscriptions: Subscription[] = [];

  constructor(arn: string, settings: TopicSettings) {
    this.arn = arn;
    this.settings = settings;
  }

  /** One endpoint subscribes once; asked again, it is the same subscription. */
  subscribe(protocol: string, endpoint: string): { subscription: Subscription; isNew: boolean } {
    const existing = this.subscriptions.find(
      (other) => other.protocol === protocol && other.endpoint === endpoint,
    );
    if (existing !== undefined) {
      return { subscription: existing, isNew: false };
    }
    const digest = createHash('sha256').update(`${this.arn}/${protocol}/${endpoint}`).digest('hex');
    const arn = `${this.arn}:${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
    const subscription = { arn, protocol, endpoint, confirmed: false, token: digest.slice(32) };
    this.subscriptions.push(subscription);
    return { subscription, isNew: true };
  }
}
