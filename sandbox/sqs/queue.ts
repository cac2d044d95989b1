/** One queue and what is in it. */
import { randomUUID } from 'node:crypto';
import type { PolicyDocument } from '../iam/policy.ts';

export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
}

export interface QueueSettings {
  name: string;
  /** Id, alias or ARN; absent: encrypted by SQS's own key, which asks nobody. */
  kmsKeyId?: string;
  /** Seconds. */
  visibilityTimeout: number;
  messageRetentionPeriod: number;
  delaySeconds: number;
}

interface Message {
  id: string;
  body: string;
  attributes: Readonly<Record<string, MessageAttribute>>;
  sentAt: number;
  /** Not received before: delayed, or in somebody's hands. */
  visibleAt: number;
  receipt?: string;
  received: number;
  firstReceivedAt?: number;
}

export class Queue {
  readonly arn: string;
  readonly url: string;
  settings: QueueSettings;
  policy?: PolicyDocument;
  #messages: Message[] = [];

  constructor(arn: string, url: string, settings: QueueSettings) {
    this.arn = arn;
    this.url = url;
    this.settings = settings;
  }

  send(
    body: string,
    attributes: Message['attributes'],
    now: number,
    delay = this.settings.delaySeconds,
  ): string {
    const id = randomUUID();
    const visibleAt = now + delay * 1000;
    this.#messages.push({ id, body, attributes, sentAt: now, visibleAt, received: 0 });
    return id;
  }

  receive(most: number, now: number, visibility = this.settings.visibilityTimeout): Message[] {
    this.#expire(now);
    const taken = this.#messages.filter(({ visibleAt }) => visibleAt <= now).slice(0, most);
    for (const message of taken) {
      message.receipt = randomUUID();
      message.visibleAt = now + visibility * 1000;
      message.received += 1;
      message.firstReceivedAt ??= now;
    }
    return taken;
  }

  /** @returns false when no message has this receipt */
  delete(receipt: string): boolean {
    const before = this.#messages.length;
    this.#messages = this.#messages.filter((message) => message.receipt !== receipt);
    return this.#messages.length < before;
  }

  count(now: number): { visible: number; inFlight: number; delayed: number } {
    this.#expire(now);
    const waiting = this.#messages.filter(({ visibleAt }) => visibleAt > now);
    const delayed = waiting.filter(({ received }) => received === 0).length;
    return {
      visible: this.#messages.length - waiting.length,
      inFlight: waiting.length - delayed,
      delayed,
    };
  }

  /** When the next message comes back into sight, or is thrown away. */
  nextChange(now: number): number | undefined {
    const ends = this.#messages.flatMap(({ visibleAt, sentAt }) => [
      visibleAt,
      sentAt + this.settings.messageRetentionPeriod * 1000,
    ]);
    const ahead = ends.filter((at) => at > now);
    return ahead.length === 0 ? undefined : Math.min(...ahead);
  }

  #expire(now: number): void {
    const oldest = now - this.settings.messageRetentionPeriod * 1000;
    this.#messages = this.#messages.filter(({ sentAt }) => sentAt > oldest);
  }
}
