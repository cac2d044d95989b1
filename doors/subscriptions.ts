/** The door to who listens to a topic, and who was asked to and has not confirmed. Changes nothing. */
import {
  ListSubscriptionsByTopicCommand,
  type ListSubscriptionsByTopicCommandOutput,
  SNSClient,
} from '@aws-sdk/client-sns';
import { awsCall, clientDefaults, isAwsError } from './aws-call.ts';

export interface Subscription {
  /** E.g. `email`, `https`. */
  protocol: string;
  endpoint: string;
  /** Until its owner confirms, it hears nothing; after 48 hours SNS removes it (SNS developer guide). */
  pending: boolean;
}

export interface SubscriptionsDoor {
  /** Undefined when there is no such topic. @throws AwsCallError */
  of(topicArn: string): Promise<Subscription[] | undefined>;
}

export function subscriptions(client = new SNSClient(clientDefaults)): SubscriptionsDoor {
  return {
    async of(topicArn) {
      const found: Subscription[] = [];
      let nextToken: string | undefined;
      try {
        do {
          const page: ListSubscriptionsByTopicCommandOutput = await awsCall(
            'ListSubscriptionsByTopic',
            () =>
              client.send(
                new ListSubscriptionsByTopicCommand({
                  TopicArn: topicArn,
                  ...(nextToken && { NextToken: nextToken }),
                }),
              ),
          );
          for (const { Protocol = '', Endpoint = '', SubscriptionArn } of page.Subscriptions ??
            []) {
            // "PendingConfirmation" stands in the place of its ARN (API_ListSubscriptionsByTopic).
            const pending = SubscriptionArn === 'PendingConfirmation';
            found.push({ protocol: Protocol, endpoint: Endpoint, pending });
          }
          nextToken = page.NextToken;
        } while (nextToken);
        return found;
      } catch (error) {
        if (isAwsError(error, 'NotFound', 'NotFoundException')) return undefined;
        throw error;
      }
    },
  };
}
