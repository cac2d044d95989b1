/**
 * How people are reached, and where what never arrived is kept: topics, and one dead-letter queue, all encrypted with
 * the key of messages and closed to plain text.
 *
 * Mail and chat have topics of their own: a chat channel shows one form of message and drops every other, and in
 * a mail that form is unreadable (chatbot/latest/adminguide/custom-notifs.html).
 */
import type { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnSubscription, CfnTopic, CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { CfnQueue, CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import { Aws, Lazy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  type ContactWord,
  contactWords,
  hasChat,
  wordsOf,
} from '../domain/config/contacts-schema.ts';
import { alarmTopicName, chatTopicName, deadLetterQueueName } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { Chat } from './chat.ts';
import type { Keys } from './keys.ts';
import type { RoomFunction } from './room-function.ts';
import { allow } from './statements.ts';

export interface MessagesProps {
  readonly config: RotationConfig;
  readonly keys: Keys;
}

/** ARNs of topics. */
export interface Place {
  /** Of mail and endpoints. */
  readonly mail?: string;
  readonly chat?: string;
}

/** They never change: a topic made anew has lost everybody who confirmed. */
const logicalIds: Readonly<Record<ContactWord, string>> = {
  onCall: 'OnCall',
  security: 'Security',
  support: 'Support',
  product: 'Product',
};

/** Long enough for somebody to look at it after a holiday; SQS keeps no message longer. */
const deadLetterSeconds = 14 * 86_400;

export class Messages extends Construct {
  /** ARNs of the two topics that are there in any case: of alarms, and of what security has to know. */
  readonly onCall: string;
  readonly security: string;
  readonly places: Readonly<Record<ContactWord, Place>>;
  readonly deadLetters: { readonly arn: string; readonly name: string };
  /** Rules whose undelivered events the queue takes, and what each is for. */
  readonly rules: { readonly rule: CfnRule; readonly id: string; readonly what: string }[] = [];
  /** Functions that are invoked asynchronously: nobody waits for their answer. */
  readonly asynchronous: RoomFunction[] = [];
  readonly #keys: Keys;

  constructor(scope: Construct, id: string, { config, keys }: MessagesProps) {
    super(scope, id);
    this.#keys = keys;
    this.onCall = this.#topicOf(config, 'onCall');
    this.security = this.#topicOf(config, 'security');
    this.places = {
      onCall: { mail: this.onCall, ...this.#chatTopic(config, 'onCall') },
      security: { mail: this.security, ...this.#chatTopic(config, 'security') },
      support: this.#place(config, 'support'),
      product: this.#place(config, 'product'),
    };
    this.#chat(config);
    this.deadLetters = this.#queue(config);
  }

  /** For the target of a rule: what EventBridge cannot deliver within a day goes to the queue. */
  deadLettersOf(rule: CfnRule, id: string, what: string): void {
    this.rules.push({ rule, id, what });
  }

  /** For a function that is invoked asynchronously: an event that failed three times goes to the queue. */
  deadLettersOfFunction(target: RoomFunction): void {
    this.asynchronous.push(target);
    target.deadLettersTo(
      this.deadLetters.arn,
      allow('SendDeadLetters', ['sqs:SendMessage'], [this.deadLetters.arn]),
      // SQS asks the key with the rights of the function's role.
      allow(
        'UseKeyOfDeadLetters',
        ['kms:Decrypt', 'kms:GenerateDataKey'],
        [this.#keys.messages.keyArn],
        {
          StringEquals: { 'kms:ViaService': `sqs.${Aws.REGION}.amazonaws.com` },
        },
      ),
    );
  }

  /** Every topic there is. */
  get topics(): readonly string[] {
    return wordsOf.flatMap((word) => Object.values(this.places[word]) as string[]);
  }

  #place(config: RotationConfig, word: ContactWord): Place {
    const { contacts } = config;
    const byMail = contacts[word].length > 0 || contacts.endpoints[word].length > 0;
    return {
      ...(byMail && { mail: this.#topicOf(config, word) }),
      ...this.#chatTopic(config, word),
    };
  }

  #topicOf(config: RotationConfig, word: ContactWord): string {
    const audience = contactWords[word];
    const topic = this.#topic(logicalIds[word], {
      topicName: alarmTopicName(config, audience),
      displayName: `Quarterturn ${config.name} ${config.environment}: ${audience}`,
      takesAlarms: word === 'onCall' || word === 'security',
    });
    const { contacts } = config;
    const subscribe = (id: string, protocol: string, endpoint: string) =>
      new CfnSubscription(topic, id, { topicArn: topic.ref, protocol, endpoint });
    contacts[word].forEach((address, index) => {
      subscribe(`Email${index + 1}`, 'email', address);
    });
    contacts.endpoints[word].forEach((url, index) => {
      subscribe(`Endpoint${index + 1}`, 'https', url);
    });
    return topic.ref;
  }

  #chatTopic(config: RotationConfig, word: ContactWord): Place {
    if (!hasChat(config.contacts, word)) return {};
    const audience = contactWords[word];
    const topic = this.#topic(`${logicalIds[word]}Chat`, {
      topicName: chatTopicName(config, audience),
      displayName: `Quarterturn ${config.name} ${config.environment}: ${audience}, chat`,
      takesAlarms: false,
    });
    return { chat: topic.ref };
  }

  /** On-call's channel shows the alarms, too: of those it knows the form. */
  #chat(config: RotationConfig): void {
    const audiences = wordsOf.flatMap((word) => {
      const { chat } = this.places[word];
      const channels = config.contacts.chat[word];
      const topics = [...(word === 'onCall' ? [this.onCall] : []), ...(chat ? [chat] : [])];
      return chat === undefined || channels === undefined ? [] : [{ word, channels, topics }];
    });
    if (audiences.length > 0) {
      new Chat(this, 'Chat', config, audiences);
    }
  }

  #topic(
    id: string,
    props: { topicName: string; displayName: string; takesAlarms: boolean },
  ): CfnTopic {
    const { topicName, displayName, takesAlarms } = props;
    const topic = new CfnTopic(this, id, {
      topicName,
      displayName,
      kmsMasterKeyId: this.#keys.messages.keyArn,
    });
    new CfnTopicPolicy(topic, 'Policy', {
      topics: [topic.ref],
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          onlyOverTls('sns:Publish', topic.ref),
          ...(takesAlarms
            ? [
                {
                  Sid: 'AlarmsOfThisAccount',
                  Effect: 'Allow',
                  Principal: { Service: 'cloudwatch.amazonaws.com' },
                  Action: 'sns:Publish',
                  Resource: topic.ref,
                  Condition: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
                },
              ]
            : []),
        ],
      },
    });
    return topic;
  }

  #queue(config: RotationConfig): { arn: string; name: string } {
    const name = deadLetterQueueName(config);
    const queue = new CfnQueue(this, 'DeadLetters', {
      queueName: name,
      kmsMasterKeyId: this.#keys.messages.keyArn,
      messageRetentionPeriod: deadLetterSeconds,
    });
    const rules = Lazy.list({ produce: () => this.rules.map(({ rule }) => rule.attrArn) });
    new CfnQueuePolicy(queue, 'Policy', {
      queues: [queue.ref],
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          onlyOverTls('sqs:*', queue.attrArn),
          {
            Sid: 'RulesOfThisStack',
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: queue.attrArn,
            Condition: { ArnEquals: { 'aws:SourceArn': rules } },
          },
        ],
      },
    });
    return { arn: queue.attrArn, name };
  }
}

/** Where deliveries of a rule's target end that never succeeded, and when EventBridge stops trying. */
export function deliveryOf(messages: Messages) {
  return {
    deadLetterConfig: { arn: messages.deadLetters.arn },
    retryPolicy: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
  };
}

/** A deny, so a wildcard takes away more, not less. */
function onlyOverTls(action: string, resource: string) {
  return {
    Sid: 'OnlyOverTls',
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}
