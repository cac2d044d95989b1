/** The door to the topics people are told through. */
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { awsCall, clientDefaults } from './aws-call.ts';

export interface TopicMessage {
  topicArn: string;
  /** ASCII, less than 100 characters; a chat channel has none. */
  subject?: string;
  /** 256 KiB of UTF-8 at most. */
  message: string;
}

export interface TopicsDoor {
  /** @returns SNS's id of the message. @throws AwsCallError */
  publish(message: TopicMessage): Promise<string>;
}

export function topics(client = new SNSClient(clientDefaults)): TopicsDoor {
  return {
    async publish({ topicArn, subject, message }) {
      const answer = await awsCall('Publish', () =>
        client.send(
          new PublishCommand({
            TopicArn: topicArn,
            Message: message,
            ...(subject !== undefined && { Subject: subject }),
          }),
        ),
      );
      return answer.MessageId ?? '';
    },
  };
}
