/**
 * The door to what was told, in the control table: `sent#<name>/<environment>` / `<fact>/<where>`, a fact
 * being the id of an event with a digest of what it says. EventBridge delivers at least once, and a function that failed
 * is called again: nobody is told twice, nobody is left out.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type SentRecord, sentRecordSchema } from '../domain/events/control-records.ts';
import { clientDefaults } from './aws-call.ts';
import { controlItems } from './control-items.ts';

/** sent: nothing is left to do. underWay: somebody else is at it, or died of it a moment ago. */
export type Claim = 'taken' | 'sent' | 'underWay';

export interface SentMessagesDoor {
  /**
   * Takes a message to send it, by compare-and-swap: of two at once one gets it. One that was taken before
   * `deadBefore` and is neither sent nor given back was left by a function that died: it is taken over, because
   * nobody knows whether it left, and hearing twice is better than not at all.
   */
  claim(fact: string, where: string, now: Date, deadBefore: Date): Promise<Claim>;
  markSent(fact: string, where: string, now: Date, messageId: string): Promise<void>;
  /** It was refused: the next call may try at once. */
  giveBack(fact: string, where: string, now: Date): Promise<void>;
}

/** @param deployment `<name>/<environment>` */
export function sentMessages(
  table: string,
  deployment: string,
  client = new DynamoDBClient(clientDefaults),
): SentMessagesDoor {
  const { get, put } = controlItems(table, client);
  const key = (fact: string, where: string) => `${fact}/${where}`;
  const write = async (fact: string, where: string, record: SentRecord) => {
    await put('sent', deployment, key(fact, where), record, 'overwrite');
  };
  return {
    async claim(fact, where, now, deadBefore) {
      const sk = key(fact, where);
      const record: SentRecord = { state: 'sending', at: now.toISOString() };
      if (await put('sent', deployment, sk, record, { revision: 0 })) return 'taken';
      const standing = await get(sentRecordSchema, 'sent', deployment, sk);
      if (standing === undefined) return 'underWay';
      const { state, at } = standing.content;
      if (state === 'sent') return 'sent';
      if (state === 'sending' && new Date(at) >= deadBefore) return 'underWay';
      return (await put('sent', deployment, sk, record, standing)) ? 'taken' : 'underWay';
    },
    markSent: (fact, where, now, messageId) =>
      write(fact, where, { state: 'sent', at: now.toISOString(), messageId }),
    giveBack: (fact, where, now) => write(fact, where, { state: 'refused', at: now.toISOString() }),
  };
}
