/**
 * New connections to a real PostgreSQL while the real rotation function of one secret rotates it. Each round: a
 * rotation with logins beside it, then `readerCache` with logins at moments that are drawn, in which those that
 * learn by restart are restarted, then the next rotation: no sooner than AfterRotation lets it, and no later.
 */
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import type { Pharmacy } from '../lambdas/database/pharmacy.ts';
import { libraryReader, naiveReader, type Place, type Reader } from './database-readers.ts';
import { drawn, type Form } from './form.ts';
import { later, readerCache } from './reader.ts';
import { Tally, together } from './tally.ts';

export interface DatabaseLoad {
  readonly scheme: 'multiUser' | 'singleUser';
  readonly rotations: number;
  /** By kind of reader. */
  readonly library: readonly Tally[];
  readonly naive: readonly Tally[];
  /** Sessions that were opened before a rotation and used after it. */
  readonly sessions: Tally;
  /** Logins before the first rotation and after the last, by as many readers at once; not among those above. */
  readonly idle: Tally;
  /** Logins that began while a rotation was under way. */
  readonly meanwhile: Tally;
  /** Median of a rotation with its logins beside it, milliseconds. */
  readonly rotation: number;
}

/** With the longest pause between two reads that fail, 30 s, it ends within `readerCache`. */
const outage = 240_000;

export async function databaseWorld(
  pharmacy: Pharmacy,
  scheme: DatabaseLoad['scheme'],
): Promise<RotationWorld<unknown>> {
  const world = await RotationWorld.start<unknown>({
    // As long as a rotation takes where requests are made: who reads meanwhile has the time it would have.
    throughSdk: true,
    control: inMemoryControlTable(),
    companions: { admin: JSON.stringify(pharmacy.admin) },
    room: ({ companions }) => ({
      strategy: new DatabaseStrategy(pharmacy[scheme]) as RotationStrategy<unknown>,
      companions,
    }),
  });
  await rotated(world);
  return world;
}

/** A planned rotation up to its end. @throws Error when AWSCURRENT is not the new version then */
export async function rotated(world: RotationWorld<unknown>): Promise<void> {
  const token = await world.rotate();
  if ((await world.labels()).AWSCURRENT !== token) {
    throw new Error(`The rotation did not end: ${JSON.stringify(world.log.at(-1))}`);
  }
  await world.finishAfterRotation();
}

async function readersOf(scheme: DatabaseLoad['scheme'], place: Place) {
  const several = (count: number, make: () => Promise<Reader>) =>
    Promise.all(Array.from({ length: count }, make));
  if (scheme === 'multiUser') {
    const library = [
      ...(await several(3, () => libraryReader('refreshes itself', place))),
      ...(await several(2, () =>
        libraryReader('learns by restart', place, { learns: 'by restart' }),
      )),
      await libraryReader('cannot read for 4 minutes', place, { cutOff: true }),
    ];
    const day = 86_400_000;
    const naive = [naiveReader('cache of a day, no refetch', place, { maxAge: day, staleFor: 0 })];
    return { library, naive };
  }
  const library = [
    ...(await several(3, () => libraryReader('with AWSPENDING', place, { pending: true }))),
    ...(await several(2, () => libraryReader('without AWSPENDING', place))),
  ];
  const naive = [
    naiveReader('no refetch on 28P01', place),
    await libraryReader('learns by restart', place, { learns: 'by restart' }),
  ];
  return { library, naive };
}

export async function databaseLoad(
  pharmacy: Pharmacy,
  scheme: DatabaseLoad['scheme'],
  { databaseRotations: { [scheme]: count }, loginsPerRotation, idleLogins }: Form,
): Promise<DatabaseLoad> {
  const world = await databaseWorld(pharmacy, scheme);
  const { library, naive } = await readersOf(scheme, { world, pharmacy });
  const readers = [...library, ...naive];
  const everybodyLogsIn = () => Promise.all(readers.map((reader) => reader.login()));
  const begun = () => library.map(({ logins }) => logins.milliseconds.length);
  const since = (marks: readonly number[], name: string) => {
    const tally = new Tally(name);
    library.forEach(({ logins }, at) => {
      tally.milliseconds.push(...logins.milliseconds.slice(marks[at]));
    });
    tally.attempts = tally.milliseconds.length;
    return tally;
  };
  const failed = () => library.reduce((sum, { logins }) => sum + logins.failed, 0);
  /** @throws Error when one fails: nothing rotates */
  async function idleLogIns(): Promise<Tally> {
    const marks = begun();
    const before = failed();
    for (let made = 0; made < idleLogins / 2; made += library.length) {
      await everybodyLogsIn();
    }
    if (failed() > before) throw new Error('A login failed while nothing rotated.');
    return since(marks, 'idle');
  }
  const meanwhile: Tally[] = [];
  const rotations: number[] = [];
  try {
    // A first login of each is not one of a warm process.
    await everybodyLogsIn();
    const before = await idleLogIns();
    for (const { logins } of readers) logins.clear();

    for (let rotation = 0; rotation < count; rotation += 1) {
      const marks = begun();
      const cutOffAt = world.clock.now().getTime();
      await Promise.all(readers.map((reader) => reader.cutOff?.()));
      const started = performance.now();
      let isOver = false;
      const rotating = rotated(world).finally(() => {
        isOver = true;
      });
      // Awaited below; what it throws meanwhile is no unhandled rejection.
      rotating.catch(() => undefined);
      // Each at its own pace: those who wait for the rotation hold nobody else up.
      await Promise.all(
        readers.map(async (reader) => {
          while (!isOver) await reader.login();
        }),
      );
      await rotating;
      rotations.push(performance.now() - started);
      meanwhile.push(since(marks, 'during a rotation'));
      await Promise.all(library.map((reader) => reader.useSession?.()));

      const end = world.clock.now().getTime() + readerCache;
      const rounds = Math.ceil(loginsPerRotation / library.length);
      const restarts = readers.map(() => Math.floor(drawn.draw() * (rounds - 1)));
      for (let round = 0; round < rounds; round += 1) {
        await everybodyLogsIn();
        for (const [at, reader] of readers.entries()) {
          if (restarts[at] === round) await reader.restart?.();
        }
        if (world.clock.now().getTime() - cutOffAt >= outage) {
          for (const reader of readers) reader.reconnect?.();
        }
        const left = end - world.clock.now().getTime();
        const even = left / (rounds - round);
        await later(world, round === rounds - 1 ? left : even * (0.5 + drawn.draw()));
      }
    }
    const kinds = (of: readonly Reader[]) => [...new Set(of.map(({ kind }) => kind))];
    const byKind = (of: readonly Reader[]) =>
      kinds(of).map((kind) =>
        together(
          kind,
          of.filter((reader) => reader.kind === kind).map(({ logins }) => logins),
        ),
      );
    const [libraryLogins, naiveLogins] = [byKind(library), byKind(naive)];
    // Half of them afterwards: what else the machine does changes in the course of a long run.
    const idle = together('idle', [before, await idleLogIns()]);
    return {
      scheme,
      rotations: count,
      library: libraryLogins,
      naive: naiveLogins,
      sessions: together(
        'open sessions',
        library.flatMap(({ session }) => (session ? [session] : [])),
      ),
      idle,
      meanwhile: together('during a rotation', meanwhile),
      rotation: rotations.sort((a, b) => a - b)[Math.floor(rotations.length / 2)] ?? 0,
    };
  } finally {
    await Promise.all(readers.map((reader) => reader.stop()));
    world.stop();
  }
}
