/**
 * How people are reached, and where what never arrived is kept: two topics, and one dead-letter queue, all
 * encrypted with the key of messages and closed to plain text.
 */
import type { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnSubscription, CfnTopic, CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { CfnQueue, CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import { Aws, Lazy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { alarmTopicName, deadLetterQueueName } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { Keys } from './keys.ts';
import type { RoomFunction } from './room-function.ts';
import { allow } from './statements.ts';

export interface MessagesProps {
  readonly config: RotationConfig;
  readonly keys: Keys;
}

type Audience = 'on-call' | 'security';

/** Long enough for somebody to look at it after a holiday; SQS keeps no message longer. */
const deadLetterSeconds = 14 * 86_400;

export class Messages extends Construct {
  /** ARNs of the topics. */
  readonly onCall: string;
  readonly security: string;
  readonly deadLetters: { readonly arn: string; readonly name: string };
  /** Rules whose undelivered events the queue takes, and what each is for. */
  readonly rules: { readonly rule: CfnRule; readonly id: string; readonly what: string }[] = [];
  /** Functions that are invoked asynchronously: nobody waits for their answer. */
  readonly asynchronous: RoomFunction[] = [];
  readonly #keys: Keys;

  constructor(scope: Construct, id: string, { config, keys }: MessagesProps) {
    super(scope, id);
    this.#keys = keys;
    this.onCall = this.#topic(config, 'on-call', config.contacts.onCall);
    this.security = this.#topic(config, 'security', config.contacts.security);
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

  #topic(config: RotationConfig, audience: Audience, addresses: readonly string[]): string {
    const topic = new CfnTopic(this, audience === 'on-call' ? 'OnCall' : 'Security', {
      topicName: alarmTopicName(config, audience),
      displayName: `Quarterturn ${config.name} ${config.environment}: ${audience}`,
      kmsMasterKeyId: this.#keys.messages.keyArn,
    });
    new CfnTopicPolicy(topic, 'Policy', {
      topics: [topic.ref],
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          onlyOverTls('sns:Publish', topic.ref),
          {
            Sid: 'AlarmsOfThisAccount',
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: topic.ref,
            Condition: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
          },
          // "EventBridge does not support the use of Condition blocks in Amazon SNS topic policies"
          // (eventbridge/latest/userguide/eb-troubleshooting.html), so only the topic that needs it lets it in.
          ...(audience === 'security'
            ? [
                {
                  Sid: 'RulesOfEventBridge',
                  Effect: 'Allow',
                  Principal: { Service: 'events.amazonaws.com' },
                  Action: 'sns:Publish',
                  Resource: topic.ref,
                },
              ]
            : []),
        ],
      },
    });
    for (const [index, endpoint] of addresses.entries()) {
      new CfnSubscription(topic, `Email${index + 1}`, {
        topicArn: topic.ref,
        protocol: 'email',
        endpoint,
      });
    }
    return topic.ref;
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
