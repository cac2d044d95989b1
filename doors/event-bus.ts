/** The door to EventBridge. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { AwsCallError, awsCall, clientDefaults } from './aws-call.ts';

export interface OutgoingEvent {
  source: string;
  detailType: string;
  detail: unknown;
  resources: readonly string[];
}

export interface EventBusDoor {
  /** @throws AwsCallError when the bus did not take the event */
  put(event: OutgoingEvent): Promise<void>;
}

/** `busName` absent: the account's default bus. */
export function eventBus(
  busName?: string,
  client = new EventBridgeClient(clientDefaults),
): EventBusDoor {
  return {
    async put({ source, detailType, detail, resources }) {
      const answer = await awsCall('PutEvents', () =>
        client.send(
          new PutEventsCommand({
            Entries: [
              {
                Source: source,
                DetailType: detailType,
                Detail: JSON.stringify(detail),
                Resources: [...resources],
                ...(busName && { EventBusName: busName }),
              },
            ],
          }),
        ),
      );
      // PutEvents answers 200 also for entries it refused (API_PutEvents).
      const refused = answer.Entries?.find((entry) => entry.ErrorCode);
      if (refused) {
        throw new AwsCallError(
          'PutEvents',
          refused.ErrorCode ?? 'Unknown',
          'the bus refused the event',
        );
      }
    },
  };
}
