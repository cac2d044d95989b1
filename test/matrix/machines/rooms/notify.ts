import { AwsCallError } from '../../../../doors/aws-call.ts';
import type { SentMessagesDoor } from '../../../../doors/sent-messages.ts';
import { notify as tell } from '../../../../lambdas/notify/notify.ts';
import { overdue } from '../../../domain/events/announced-events.ts';
import { recordedLog, settableClock } from '../../../doors/recorded.ts';
import { pharmacy, signingSecret } from '../../../lambdas/pharmacy.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

/** As doors/sent-messages.ts writes it, by compare-and-swap. */
function inMemorySent(): SentMessagesDoor & { states: Map<string, { state: string; at: Date }> } {
  const states = new Map<string, { state: string; at: Date }>();
  return {
    states,
    async claim(fact, where, now, deadBefore) {
      const standing = states.get(`${fact}/${where}`);
      if (standing?.state === 'sent') return 'sent';
      if (standing?.state === 'sending' && standing.at >= deadBefore) return 'underWay';
      states.set(`${fact}/${where}`, { state: 'sending', at: now });
      return 'taken';
    },
    markSent: async (fact, where, now) =>
      void states.set(`${fact}/${where}`, { state: 'sent', at: now }),
    giveBack: async (fact, where, now) =>
      void states.set(`${fact}/${where}`, { state: 'refused', at: now }),
  };
}

const topic = (name: string) => `arn:aws:sns:eu-west-1:111122223333:${name}`;

/** @param refused topics that refuse once, as when a key was just replaced */
function world(refused: string[] = []): FunctionWorld {
  const sent = inMemorySent();
  const log = recordedLog();
  const clock = settableClock('2026-02-14T00:30:00Z');
  const published: { topicArn: string; message: string }[] = [];
  const doors = {
    topics: {
      async publish(message: { topicArn: string; message: string }) {
        const at = refused.indexOf(message.topicArn);
        if (at >= 0) {
          refused.splice(at, 1);
          throw new AwsCallError('Publish', 'KMSAccessDenied', 'the key refuses');
        }
        published.push(message);
        return `id-${published.length}`;
      },
    },
    sent,
    clock,
    log,
  };
  const settings = {
    places: {
      'on-call': { mail: topic('on-call'), chat: topic('on-call-chat') },
      security: { mail: topic('security') },
      support: {},
      product: {},
    },
    timeZone: 'Etc/UTC',
    texts: {},
  };
  const event = {
    version: '0',
    source: 'quarterturn',
    'detail-type': overdue.type,
    account: '111122223333',
    detail: overdue,
  };
  const manifest = {
    ...pharmacy,
    secrets: [signingSecret('jwt'), signingSecret('db')],
    consumers: [],
  };
  return {
    invoke: (at) =>
      tell(
        faultyDoors(at, doors),
        () => at.call('manifest', async () => manifest),
        settings,
        event,
      ),
    // Lambda waits a minute before the second run; whoever was killed has died by then.
    between: () => clock.set(new Date(clock.now().getTime() + 61_000).toISOString()),
    // Whoever was told twice, because nobody knows whether it left, was told the same.
    outcome: () => [
      [...new Set(published.map((message) => JSON.stringify(message)))].sort(),
      [...sent.states.values()].map(({ state }) => state),
    ],
    told: () => [log.lines, published],
  };
}

export const notify: readonly FunctionCase[] = [
  { name: 'overdue', start: () => world() },
  { name: 'a topic refuses', start: () => world([topic('security')]) },
];
