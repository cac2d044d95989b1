/** The door to a deployment's triggers for whoever sends one: the bus they come on, and what became of each. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { deploymentDimension, type Scope, triggerBusName } from '../domain/config/names.ts';
import { type EventBusDoor, eventBus } from './event-bus.ts';
import { type TriggerRecordsDoor, triggerRecords } from './trigger-records.ts';

export type TriggersDoor = (scope: Scope) => {
  readonly eventBus: EventBusDoor;
  readonly records: Pick<TriggerRecordsDoor, 'getTrigger'>;
};

/** @param table name of the control table */
export const triggers =
  (
    table: string,
    { dynamo, events }: { dynamo: DynamoDBClient; events: EventBridgeClient },
  ): TriggersDoor =>
  (scope) => ({
    eventBus: eventBus(triggerBusName(scope), events),
    records: triggerRecords(table, deploymentDimension(scope), dynamo),
  });
