/** Every function that is deployed, at its door: what it does with an event, and what left it meanwhile. */
import { manifestOf } from '../../domain/config/manifest.ts';
import { auditAccess } from '../../lambdas/access-audit/audit.ts';
import { runTask as runAfterRotation } from '../../lambdas/after-rotation/run-task.ts';
import { drill } from '../../lambdas/drill/drill.ts';
import { runTask as runEmergency } from '../../lambdas/emergency/run-task.ts';
import { takeFingerprints } from '../../lambdas/fingerprints/take-fingerprints.ts';
import { receive } from '../../lambdas/github/receive.ts';
import { look } from '../../lambdas/health/look.ts';
import { notify } from '../../lambdas/notify/notify.ts';
import { operate } from '../../lambdas/operator/operate.ts';
import { answer } from '../../lambdas/reencryption/answer.ts';
import { run as runRollout } from '../../lambdas/rollout/run.ts';
import { failureOf } from '../../lambdas/rotation/failure.ts';
import { startFor } from '../../lambdas/starter/start.ts';
import { sync } from '../../lambdas/sync/sync.ts';
import { handle } from '../../lambdas/triggers/handle.ts';
import { UserManagedStrategy } from '../../lambdas/user-managed/user-managed-strategy.ts';
import example from '../../rotation.config.ts';
import { recordedBus, recordedLog } from '../doors/recorded.ts';
import { probeOf } from '../lambdas/user-managed/vendor.ts';
import { type Calls, closedDoors } from './closed-doors.ts';
import { type Kind, onStage, type Scene, settings } from './stage.ts';

export const manifest = structuredClone(manifestOf(example));
const region = 'eu-west-1:000000000000';
const arn = `arn:aws:secretsmanager:${region}:secret:pharmacy/prod/jwt-AbCdEf`;
const now = new Date('2026-05-17T17:00:02Z');
const clock = { now: () => now, sleep: async () => undefined };

export interface Sent {
  work(): Promise<unknown>;
  /** Calls of doors. */
  calls: readonly string[];
  told(): unknown;
}
export type Entry = (event: unknown) => Sent | Promise<Sent>;

/** A room over closed doors; only the clock and what the deployment says of itself are at hand. */
const over =
  <Doors extends object>(work: (doors: Doors, event: unknown) => Promise<unknown>): Entry =>
  (event) => {
    const calls: Calls = { made: [] };
    const log = recordedLog();
    // A refused trigger is told: there is nobody else who could hear of it.
    const bus = recordedBus();
    const open = {
      clock,
      log,
      manifest: async () => manifest,
      consumers: [],
      eventBus: bus,
      'records.putRefusal': async () => 'stored',
    };
    const doors = closedDoors<Doors>(calls, open);
    return {
      work: () => work(doors, event),
      calls: calls.made,
      told: () => [log.lines, bus.events],
    };
  };

/** Functions whose handler itself wraps what it throws (`failureOf`). */
const wrapped =
  <Doors extends object>(
    what: string,
    work: (doors: Doors, event: unknown) => Promise<unknown>,
  ): Entry =>
  (event) =>
    over<Doors>(async (doors, given) => {
      try {
        return await work(doors, given);
      } catch (error) {
        throw failureOf(error, what).error;
      }
    })(event);

const access = {
  manifest,
  account: '000000000000',
  partition: 'aws',
  keys: [],
  breakGlassRole: undefined,
};
const deployed = {
  secretName: 'pharmacy/prod/jwt',
  secretArn: arn,
  rowsSecretArn: arn,
  columns: [],
  stores: [],
};

/** Of a secret, with AWSPENDING for the rotation that the event may be about. */
const staged =
  (kind: Kind, room?: Scene['room']): Entry =>
  async (event) => {
    const attempt = await onStage(kind, room === undefined ? {} : { room }, event);
    return {
      work: attempt.work,
      get calls() {
        return attempt.writes();
      },
      told: attempt.told,
    };
  };

export const entries: Readonly<Record<string, Entry>> = {
  'access-audit': over((doors, event) => auditAccess(doors as never, access, event)),
  'after-rotation': over((doors, event) => runAfterRotation(doors as never, event)),
  drill: wrapped('drill', (doors, event) =>
    drill(doors as never, { ...settings, secretName: 'x', columns: [] } as never, event),
  ),
  emergency: over((doors, event) => runEmergency(doors as never, event)),
  fingerprints: over((doors, event) =>
    takeFingerprints(
      doors as never,
      { deployment: 'pharmacy/prod', secrets: [{ kind: 'database', key: 'db', name: 'x' }] },
      event,
    ),
  ),
  github: wrapped('the webhook', (doors, event) =>
    receive(doors as never, { secretArn: arn, alerts: [{ secrets: ['jwt'] }] }, event),
  ),
  health: wrapped('the look at a consumer', (doors, event) => look(doors as never, event)),
  notify: over((doors, event) =>
    notify(
      doors as never,
      async () => manifest,
      {
        places: {
          'on-call': { mail: `arn:aws:sns:${region}:on-call` },
          security: {},
          support: {},
          product: {},
        },
        timeZone: 'Etc/UTC',
        texts: {},
      },
      event,
    ),
  ),
  operator: over((doors, event) =>
    operate({ ...(doors as object), databases: [] } as never, recordedLog(), event),
  ),
  reencryption: over<{ log: never }>((doors, event) =>
    answer(
      {
        ...pick(doors, ['secretsManager', 'controlTable', 'postgres', 'metrics', 'clock', 'log']),
        deployed,
        deadline: now,
      } as never,
      event,
    ),
  ),
  rollout: over((doors, event) => runRollout(doors as never, event)),
  starter: over((doors, event) =>
    startFor(
      doors as never,
      async () => manifest,
      `arn:aws:states:${region}:stateMachine:m`,
      event,
    ),
  ),
  sync: over((doors, event) =>
    sync(
      doors as never,
      { targets: [{ secret: 'pharmacy/prod/jwt' } as never], deployment: 'pharmacy/prod' },
      event,
    ),
  ),
  triggers: over((doors, event) =>
    handle(
      {
        doors: doors as never,
        manifest: async () => manifest,
        settings: {
          exposure: { perSecretHours: 6, unattended: ['bus'] },
          people: { ada: ['jwt'] },
          deployment: true,
          findings: [{ type: 'UnauthorizedAccess:IAMUser/', secrets: ['jwt'] }],
        },
        deployment: 'pharmacy/prod',
        accounts: ['000000000000'],
        account: '000000000000',
        emergencyMachine: `arn:aws:states:${region}:stateMachine:emergency`,
      },
      event,
    ),
  ),
  jwt: staged('jwt'),
  encryption: staged('encryption'),
  database: staged('database'),
  'database singleUser': staged('singleUser'),
  'user-managed': staged('jwt', {
    strategy: new UserManagedStrategy({
      probe: {
        settings: probeOf({ url: 'https://vendor.example.com' }),
        door: closedDoors({ made: [] }),
        sleep: clock.sleep,
      },
      fingerprint: (credential) => `value:${credential.length}`,
    }),
    companions: {},
  }),
};

function pick(doors: object, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, (doors as Record<string, unknown>)[name]]));
}
