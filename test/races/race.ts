/** A race: who takes part, and how it may end. */

import fc, { type Scheduler } from 'fast-check';
import { broken, Watch } from './invariants.ts';
import type { MemoryPostgres } from './memory-postgres.ts';
import type { RacingRoom } from './rooms.ts';
import { type Kind, racingRoom } from './rooms.ts';
import { type Hold, type Outcome, type Participant, Schedule, told } from './schedule.ts';
import { RaceWorld, secretName } from './world.ts';

export interface Place {
  readonly world: RaceWorld;
  readonly room: RacingRoom;
  readonly watch: Watch;
  /** Drawn: after how many calls of the others the second one begins. */
  readonly after: number;
  /** AWSCURRENT before the race. */
  readonly before: string;
  readonly schedule: Schedule;
  /** A second secret over the same cluster. */
  another(): Promise<RaceWorld>;
}

/** Where a race is run. */
export interface Stage {
  room(kind: Kind, beside?: RacingRoom): RacingRoom | Promise<RacingRoom>;
  /** @default turns of the event loop */
  quiet?: () => Promise<void>;
}

/** Everything in this process, and nothing but it. */
export const inMemory: Stage = {
  room: (kind, beside) => racingRoom(kind, beside?.cluster as MemoryPostgres | undefined),
};

export interface Race {
  readonly name: string;
  readonly kinds: readonly Kind[];
  /** Names of participants that may be held at one of their calls. */
  readonly held: readonly string[];
  /** Calls of the longest participant: nobody begins, or is held, later than that. */
  readonly calls: number;
  /** The second one begins that early: what must meet lies in the middle. @default calls */
  readonly within?: number;
  prepare?(place: Place): Promise<void>;
  participants(place: Place): readonly Participant[];
  /** @returns which way it went. @throws InvariantError */
  judge(place: Place, outcomes: ReadonlyMap<string, Outcome>): Promise<string> | string;
  /** Every way that must occur: a race that always ends the same way has not overlapped. */
  readonly ways: readonly string[];
  /** Right, too, and behind a window so small that two hundred draws need not meet it. */
  readonly rareWays?: readonly string[];
}

export interface Run {
  readonly way: string;
  readonly calls: number;
  /** Calls after which somebody else was let go. */
  readonly changes: number;
}

/** What is drawn of a run beside its interleaving: when the others begin, and who is held at which of its calls. */
export const drawnFor = ({
  calls,
  held,
  within = calls,
}: Pick<Race, 'calls' | 'held' | 'within'>) =>
  fc.record({
    after: fc.nat(within),
    hold: fc.option(
      fc.record({ name: fc.constantFrom(...held), at: fc.integer({ min: 1, max: calls }) }),
      { nil: undefined },
    ),
  });

export async function run(
  race: Race,
  kind: Kind,
  scheduler: Scheduler,
  { after, hold }: { after: number; hold: Hold | undefined },
  stage: Stage = inMemory,
): Promise<Run> {
  const room = await stage.room(kind);
  const world = await RaceWorld.start(room);
  const schedule = new Schedule(scheduler, hold);
  if (stage.quiet !== undefined) schedule.quiet = stage.quiet;
  const another = async () => RaceWorld.start(await stage.room(kind, room), 'another ');
  try {
    await ready(world, kind);
    const watch = new Watch(world, room);
    const place: Place = { world, room, watch, after, before: '', schedule, another };
    await race.prepare?.(place);
    const { AWSCURRENT: before = '' } = await world.labels();
    const racing = { ...place, before };
    await watch.look();
    watch.promotions.length = 0;
    schedule.invariants = () => watch.look();
    world.schedule = schedule;
    const outcomes = await schedule.play(race.participants(racing));
    await schedule.play([{ name: 'the service', run: () => world.settle() }]);
    world.schedule = new Schedule();
    await watch.settled();
    await room.cluster?.refresh();
    const way = await race.judge(racing, outcomes);
    await nextRotationGoesThrough(place);
    return { way, calls: schedule.calls.length, changes: changesIn(schedule) };
  } catch (error) {
    const log = world.log.slice(-12).map((line) => JSON.stringify(line));
    throw new Error(
      `${race.name} (${kind}): ${(error as Error).message}\n${told(schedule)}\n${log.join('\n')}`,
      { cause: error },
    );
  } finally {
    world.stop();
  }
}

/** Two generations: there is something to go back to. */
async function ready(world: RaceWorld, kind: Kind): Promise<void> {
  for (let rotation = 0; rotation < 2; rotation++) {
    await world.rotate();
    if (rotation === 1 && kind === 'jwt') await activate(world);
    await world.finishAfterRotation();
  }
}

/** The published key of AWSCURRENT becomes primary, as AfterRotation has it done. */
export async function activate(world: RaceWorld): Promise<void> {
  const { AWSCURRENT: versionId = '' } = await world.labels();
  const record = await world.control.getAfterRotation(secretName, versionId);
  if (record?.publishedKid === undefined) return;
  await world.rotate('activate', { activate: { versionId, kid: record.publishedKid } });
}

/** Whoever lost left nothing that keeps the next one from its turn. */
async function nextRotationGoesThrough({ world, watch }: Place): Promise<void> {
  // Leases are over, and holds are the schedule's business.
  await world.pass(13 * 3_600_000);
  const { AWSCURRENT: versionId = '' } = await world.labels();
  const after = await world.control.getAfterRotation(secretName, versionId);
  if (after?.publishedKid !== undefined && after.state !== 'finished') await activate(world);
  await world.finishAfterRotation();
  await watch.look();
  const token = await world.rotate();
  await watch.settled();
  const { AWSCURRENT } = await world.labels();
  if (AWSCURRENT !== token) broken('next', `the next planned rotation ${token} came to nothing`);
}

const changesIn = ({ calls }: Schedule): number =>
  calls.filter(({ name }, index) => index > 0 && calls[index - 1]?.name !== name).length;
