import { askedConsumerSchema } from '../../../../lambdas/health/environment.ts';
import { look } from '../../../../lambdas/health/look.ts';
import { recordedLog, settableClock } from '../../../doors/recorded.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const bearer = 'canary-of-the-gate-0001';
const consumer = askedConsumerSchema.parse({
  name: 'api',
  bearer: { secretArn: 'arn:gate' },
  probes: [{ name: 'ready', url: 'https://api.example/ready', expect: [200] }],
  privateAddresses: 'refused',
});

/** Whoever asks looks several times (lib/rollout-definition.ts): an error is no answer about the consumer. */
function world(): FunctionWorld {
  const log = recordedLog();
  const doors = { secretsManager: { getCurrentValue: async () => bearer } };
  const question = {
    consumer: 'api',
    expected: {
      secretName: 'pharmacy/prod/jwt',
      versionIds: ['11111111-1111-4111-8111-111111111111'],
      key: null,
      role: null,
    },
  };
  let answer: { healthy: boolean } | undefined;
  return {
    invoke: async (at) => {
      answer = await look(
        {
          consumers: [consumer],
          environment: 'prod',
          network: undefined,
          ...faultyDoors(at, doors),
          // Nothing is thrown by it: that nobody answered is an answer (doors/http-look.ts).
          doorOf: () => ({
            ask: () =>
              at
                .call('http.ask', async () => ({ status: 200, body: '' }))
                .catch(() => ({ unanswered: 'ETIMEDOUT' })),
          }),
          clock: settableClock('2026-05-17T17:00:00Z'),
          log,
        },
        question,
      );
      return answer;
    },
    outcome: () => answer?.healthy,
    told: () => log.lines,
  };
}

export const health: readonly FunctionCase[] = [
  { name: 'looks', start: world, canaries: [bearer] },
];
