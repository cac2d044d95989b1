/**
 * The door to what is remembered of triggers, in the control table: which were accepted, what still waits, which
 * secret was rotated for an exposure and when, and which refusals security was told of.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type ExposureRecord,
  exposureRecordSchema,
  type RefusalRecord,
  refusalRecordSchema,
  type TriggerRecord,
  triggerRecordSchema,
  type WaitingRecord,
  waitingRecordSchema,
} from '../domain/events/control-records.ts';
import { clientDefaults } from './aws-call.ts';
import { controlItems } from './control-items.ts';

export interface TriggerRecordsDoor {
  getTrigger(requestId: string): Promise<TriggerRecord | undefined>;
  /** Compare-and-swap: a record of another event under this id stays. @returns that one; undefined when this one stands */
  putTrigger(requestId: string, record: TriggerRecord): Promise<TriggerRecord | undefined>;

  /** In no order. */
  getWaiting(): Promise<readonly WaitingRecord[]>;
  putWaiting(record: WaitingRecord): Promise<void>;
  removeWaiting(requestId: string): Promise<void>;

  /**
   * Takes a secret for an exposure, by compare-and-swap.
   * @param over may the record that stands give way?
   * @returns the one that stands and did not give way; undefined when this one stands now
   */
  putExposure(
    secretName: string,
    record: ExposureRecord,
    over: (standing: ExposureRecord) => boolean,
  ): Promise<ExposureRecord | undefined>;

  /**
   * @param over may the record that stands give way? @default never
   * @returns 'exists' when security was told of this reason in this hour
   */
  putRefusal(
    code: string,
    hour: string,
    record: RefusalRecord,
    over?: (standing: RefusalRecord) => boolean,
  ): Promise<'stored' | 'exists'>;
}

/** @param deployment `<name>/<environment>` */
export function triggerRecords(
  table: string,
  deployment: string,
  client = new DynamoDBClient(clientDefaults),
): TriggerRecordsDoor {
  const { put, all, remove, content, replace } = controlItems(table, client);
  return {
    getTrigger: (requestId) => content(triggerRecordSchema, 'trigger', deployment, requestId),
    putTrigger: (requestId, record) =>
      replace(
        triggerRecordSchema,
        ['trigger', deployment, requestId],
        record,
        ({ eventId }) => eventId === record.eventId,
      ),
    getWaiting: () => all(waitingRecordSchema, 'waiting', deployment),
    async putWaiting(record) {
      await put('waiting', deployment, record.requestId, record, 'overwrite');
    },
    async removeWaiting(requestId) {
      await remove('waiting', deployment, requestId);
    },
    putExposure: (secretName, record, over) =>
      replace(exposureRecordSchema, ['exposure', secretName, 'exposure'], record, over),
    async putRefusal(code, hour, record, over = () => false) {
      const key = ['refusal', deployment, `${code}/${hour}`] as const;
      const standing = await replace(refusalRecordSchema, [...key], record, over);
      return standing === undefined ? 'stored' : 'exists';
    },
  };
}
