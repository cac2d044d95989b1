/**
 * Two questions, put to AWS's algorithm and to ours alike. A function dies at each call in turn, before and after its
 * effect: does AWSCURRENT log in until somebody recovers it? And once an operator has cancelled, has removed
 * AWSPENDING as the documentation says, and the rotation is asked for again: does it ever log in?
 */
import { letsIn } from './baseline.ts';
import { prepared } from './matrix.ts';
import type { Room } from './room.ts';
import { type Kept, Stand } from './stand.ts';

export interface Lockouts {
  /** Crash points: each call, before and after. */
  readonly crashes: number;
  /** AWSCURRENT does not log in while nobody does anything. */
  readonly untilRecovery: number;
  /** It does not after the service has tried again with the same token. */
  readonly afterSameToken: number;
  /** It does not after cancel, clean-up and a new rotation: for good. */
  readonly forGood: number;
}

/** @param every each so many-th call; the first one always */
export async function lockoutsOf(room: Room, every = 1): Promise<Lockouts> {
  const kept = await prepared(room, 'planned');
  const { length: calls } = (await crashed(room, kept)).calls.passed;
  const counts = { crashes: 0, untilRecovery: 0, afterSameToken: 0, forGood: 0 };
  for (let call = 0; call < calls; call += every) {
    for (const kind of ['diedBefore', 'diedAfter'] as const) {
      counts.crashes += 1;
      const stand = await crashed(room, kept, { call, kind });
      counts.untilRecovery += letsIn(stand) ? 0 : 1;
      await stand.settle();
      counts.afterSameToken += letsIn(stand) ? 0 : 1;
      const cancelled = await crashed(room, kept, { call, kind });
      await cancelAndAsk(cancelled);
      counts.forGood += letsIn(cancelled) ? 0 : 1;
    }
  }
  return counts;
}

async function crashed(
  room: Room,
  kept: Kept,
  ...faults: { call: number; kind: 'diedBefore' | 'diedAfter' }[]
): Promise<Stand> {
  const stand = new Stand(room, kept);
  stand.calls.plan(...faults);
  await stand.begin({ intent: 'planned' });
  return stand;
}

async function cancelAndAsk(stand: Stand): Promise<void> {
  await stand.door.cancelRotation(stand.arn);
  const { AWSPENDING: pending, AWSCURRENT: current } = stand.labels();
  if (pending !== undefined && pending !== current) {
    await stand.door.moveLabel({ secretId: stand.arn, label: 'AWSPENDING', from: pending });
  }
  // Of a rotation that was promoted: as its AfterRotation would.
  await stand.configure();
  await stand.followUp();
  await stand.begin({ intent: 'planned' });
  await stand.settle();
}
