import { watch as look } from '../../../../lambdas/watch/watch.ts';
import { inMemoryControlTable } from '../../../doors/in-memory-control-table.ts';
import { inMemorySecrets } from '../../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedLog,
  recordedMetrics,
  settableClock,
} from '../../../doors/recorded.ts';
import { database } from '../../../lambdas/emergency/deployment.ts';
import { pharmacy, signingSecret } from '../../../lambdas/pharmacy.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const [v1, v2] = ['1', '2'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`) as [
  string,
  string,
];
const dated = 'rotated-20251201T000000Z';

/** A rotation that does not end, whose login is asked for; and a write that no rotation made. */
async function world(): Promise<FunctionWorld> {
  const secrets = inMemorySecrets();
  const controlTable = inMemoryControlTable();
  const eventBus = recordedBus();
  const log = recordedLog();
  const clock = settableClock('2025-12-10T12:00:00Z');
  const jwt = signingSecret('jwt');
  secrets.add(database.name, { [v1]: ['AWSCURRENT', dated], [v2]: ['AWSPENDING'] });
  secrets.add(jwt.name, { [v2]: ['AWSCURRENT'], [v1]: ['AWSPREVIOUS', dated] });
  const session = signingSecret('session');
  secrets.add(session.name, { [v1]: ['AWSCURRENT', dated], [v2]: ['AWSPENDING'] });
  await controlTable.putIntent(session.name, {
    ...{ intent: 'emergency', token: v2, requestedBy: 'on-call', reason: 'exposed' },
    at: '2025-12-10T11:59:59.000Z',
  });
  const failure = {
    step: 'testSecret' as const,
    code: 'ERR_ROTATION_LOGIN_REFUSED',
    message: 'It does not let b in.',
    at: '2025-12-10T11:50:00.000Z',
  };
  await controlTable.fixRotation(database.name, {
    token: v2,
    intent: 'planned',
    basedOn: v1,
    provenance: { intent: 'planned', token: v2, attributed: false },
    at: '2025-12-10T11:48:00.000Z',
    steps: {},
    evidence: [],
    failure,
  });
  const asked: string[] = [];
  const doors = {
    secretsManager: secrets.door,
    controlTable,
    functions: {
      invoke: async (name: string) => {
        asked.push(name);
        return { outcome: 'works', role: 'a' };
      },
    },
    eventBus,
    metrics: recordedMetrics(),
    clock,
    log,
  };
  const manifest = { ...pharmacy, secrets: [database, jwt, session], consumers: [] };
  const told = () =>
    eventBus.events.map(({ detail }) => {
      // Whether it still logs in is told as it was found: a look that got no answer says unknown.
      const { at: _, login: __, ...words } = detail as { at?: string; login?: string };
      return JSON.stringify(words);
    });
  return {
    invoke: async (at) => {
      const found = await look(
        faultyDoors(at, doors),
        await at.call('manifest', async () => manifest),
      );
      return found;
    },
    between: () => clock.set(new Date(clock.now().getTime() + 300_000).toISOString()),
    // Told again after a lost answer it has the same id and says the same: the notifier tells it once.
    outcome: async () => [
      [...new Set(told())].sort(),
      (await controlTable.getTold(database.name, 'started', v2)) !== undefined,
      (await controlTable.getTold(database.name, 'failed', v2)) !== undefined,
      (await controlTable.getTold(jwt.name, 'unmanagedWrite', v2)) !== undefined,
    ],
    said: () => eventBus.events.map(({ detail }) => detail),
    told: () => [log.lines, eventBus.events, asked],
  };
}

export const watch: readonly FunctionCase[] = [{ name: 'looks', start: world, runs: 2 }];
