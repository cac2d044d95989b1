/** Races of what follows a rotation: the AfterRotation of its version, and the login that the watch looks after. */
import type { Manifest } from '../../../domain/config/manifest.ts';
import type { AfterRotationDoors } from '../../../lambdas/after-rotation/doors.ts';
import { runTask } from '../../../lambdas/after-rotation/run-task.ts';
import { inMemoryEmergencyRecords } from '../../doors/in-memory-emergency-records.ts';
import { inMemoryRolloutRecords } from '../../doors/in-memory-rollout-records.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedHook,
  recordedLog,
  recordedMetrics,
} from '../../doors/recorded.ts';
import { pharmacy, signingSecret } from '../../lambdas/pharmacy.ts';
import { broken, credentialIn } from '../invariants.ts';
import type { Place, Race } from '../race.ts';
import { type Outcome, unwrap } from '../schedule.ts';
import { secretName } from '../world.ts';
import { emergency, onlyTheNewWorks } from './preempting.ts';
import { ask, onePromotion } from './steps.ts';

const manifest: Manifest = {
  ...pharmacy,
  secrets: [signingSecret('secret', secretName)],
  consumers: [],
};

function doorsOf({ world }: Place, by: string): AfterRotationDoors {
  const { secretsManager, controlTable, clock } = world.doorsOf(by);
  return {
    ...{ secretsManager, controlTable, clock, manifest: async () => manifest, machines: {} },
    rolloutRecords: inMemoryRolloutRecords(),
    emergencyRecords: () => inMemoryEmergencyRecords(),
    stepFunctions: recordedExecutions(),
    eventBus: recordedBus(),
    consumersHook: recordedHook(),
    functions: {
      invoke: async () => {
        throw new Error('nobody is to be invoked');
      },
    },
    metrics: recordedMetrics(),
    log: recordedLog(),
  };
}

interface Gone {
  outcome: string;
  /** Code of what ended it before its end. */
  ended?: string;
}

/** As far as the machine's states go until the published key is primary: Begin, Settled, Activate, Activated. */
async function followed(place: Place, by: string): Promise<Gone> {
  const doors = doorsOf(place, by);
  const execution = `arn:aws:states:eu-west-1:000000000000:execution:after-rotation:${by}`;
  const task = (name: string, progress: object) =>
    runTask(doors, { task: name, execution, progress }) as Promise<{
      outcome: string;
      settled: boolean;
    }>;
  const { secretArn } = place.world;
  let progress = await task('begin', { secretArn, secretName, versionId: place.before });
  if (progress.outcome !== 'begun') return { outcome: progress.outcome };
  try {
    for (const [ask, look] of [
      [undefined, 'settled'],
      ['activate', 'activated'],
    ] as const) {
      if (ask !== undefined) progress = await task(ask, progress);
      for (let looks = 0; !progress.settled && looks < 40; looks++) {
        progress = await task(look, progress);
        await doors.clock.sleep(5_000);
      }
      if (!progress.settled) return { outcome: 'begun', ended: 'not settled' };
    }
    return { outcome: 'begun' };
  } catch (error) {
    return { outcome: 'begun', ended: String((error as { code?: unknown }).code) };
  }
}

/** A key is published, and waits for the AfterRotation of its version. */
async function published({ world }: Place): Promise<void> {
  await world.rotate();
}

export const activateAgainstEmergency: Race = {
  name: 'the activation of AfterRotation against an emergency',
  kinds: ['jwt'],
  held: ['after', 'emergency', 'service'],
  calls: 60,
  prepare: published,
  participants: (place) => [
    { name: 'after', run: () => followed(place, 'after') },
    { name: 'emergency', after: place.after, run: () => emergency(place, emergencyToken(place)) },
  ],
  async judge(place, outcomes) {
    if (unwrap<string>(outcomes.get('emergency')) !== 'started') broken('emergency', 'in the way');
    await onlyTheNewWorks(place, emergencyToken(place));
    const { outcome, ended } = unwrap<Gone>(outcomes.get('after'));
    const stopped = place.watch.promotions.length === 1;
    // Stopped before it was taken: it has nothing to do, and says that.
    const done = outcome === 'begun' && ended === undefined;
    if (stopped && done) broken('winner', 'an activation that never was is told as done');
    if (!stopped && outcome !== 'begun') broken('winner', `activated by one that said ${outcome}`);
    return stopped ? 'emergency alone' : 'activated first';
  },
  ways: ['emergency alone', 'activated first'],
};

const tokens = new WeakMap<Place['world'], string>();
function emergencyToken({ world }: Place): string {
  const token = tokens.get(world) ?? world.nextToken();
  tokens.set(world, token);
  return token;
}

export const eventTwice: Race = {
  name: 'two AfterRotations of one version',
  kinds: ['jwt'],
  held: ['first', 'second', 'service'],
  calls: 40,
  prepare: published,
  participants: (place) => [
    { name: 'first', run: () => followed(place, 'first') },
    { name: 'second', after: place.after, run: () => followed(place, 'second') },
  ],
  judge(place, outcomes) {
    const began = ['first', 'second'].filter(
      (name) => unwrap<Gone>(outcomes.get(name)).outcome === 'begun',
    );
    if (began.length !== 1) broken('winner', `${began.length} executions have begun`);
    const { ended } = unwrap<Gone>(outcomes.get(began[0] ?? ''));
    if (ended !== undefined) broken('winner', `the one that began ended with ${ended}`);
    onePromotion(place, place.watch.promotions[0]?.to ?? 'the activation');
    return began[0] ?? 'nobody';
  },
  ways: ['first', 'second'],
};

interface Looked {
  outcome: string;
  reason?: string;
}

async function watched({ world }: Place, by: string, times: number): Promise<Looked[]> {
  const found: Looked[] = [];
  const invoke = world.functionOf(by);
  for (let look = 0; look < times; look++) {
    found.push((await invoke({ operation: 'restoreLogin' })) as Looked);
  }
  return found;
}

const outcomesOf = (outcomes: ReadonlyMap<string, Outcome>): string[] =>
  unwrap<Looked[]>(outcomes.get('watch')).map(({ outcome }) => outcome);

/** The first try fails after setSecret, as one does that the watch is asked about. */
export const restoreAgainstRotation: Race = {
  name: 'restoreLogin of the watch against a rotation that finishes',
  kinds: ['singleUser'],
  held: ['watch', 'service'],
  calls: 60,
  participants: (place) => [
    { name: 'caller', run: () => ask(place, 'caller', place.world.nextToken()) },
    { name: 'watch', after: place.after, run: () => watched(place, 'watch', 2) },
  ],
  judge(place, outcomes) {
    onePromotion(place, place.watch.promotions[0]?.to ?? 'the rotation');
    const found = outcomesOf(outcomes);
    for (const outcome of found) {
      if (outcome === 'lockedOut' || outcome === 'unknown') broken('login', found.join(', '));
    }
    return found.includes('pendingWorks') || found.includes('busy') ? 'during' : 'beside';
  },
  ways: ['during', 'beside'],
};

/** A session of the application: it asks, and asks again. */
async function application({ world, room, before }: Place): Promise<string> {
  const [credential] = credentialIn(await world.valueOf(before));
  if (room.cluster === undefined || credential === undefined) return 'none';
  const door = room.cluster.door(world.schedule, () => 'application');
  const endpoint = { host: 'db.internal', port: 5432, dbname: 'pharmacy', ca: '' };
  return door.withSession(endpoint, credential, async (session) => {
    for (let query = 0; query < 20; query++) await session.query('select 1');
    return 'ended by itself';
  });
}

/** The emergency ends every session of the role: our own tests of a credential are among them. */
export const killerAgainstSessions: Race = {
  name: 'the session killer against sessions of our own',
  kinds: ['singleUser'],
  held: ['watch', 'emergency', 'service', 'application'],
  calls: 80,
  participants: (place) => [
    { name: 'caller', run: () => ask(place, 'caller', place.world.nextToken()) },
    { name: 'application', run: () => application(place).catch((error: Error) => error) },
    {
      name: 'emergency',
      after: place.after,
      run: () => emergency(place, emergencyToken(place)),
    },
    {
      name: 'watch',
      after: place.after,
      run: () => watched(place, 'watch', 3).catch((error: Error) => error),
    },
  ],
  async judge(place, outcomes) {
    if (unwrap<string>(outcomes.get('emergency')) !== 'started') broken('emergency', 'in the way');
    await onlyTheNewWorks(place, emergencyToken(place));
    const ended = place.room.cluster?.terminated ?? [];
    if (ended.includes('rotator')) broken('killer', 'it ended a session of the admin');
    return ended.length > 0 ? 'killed' : 'missed';
  },
  ways: ['missed', 'killed'],
};
