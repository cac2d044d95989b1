/**
 * The single-fault matrix: every call at every door of a room fails once, in three ways; Secrets Manager
 * tries again with the same token; the rotation must end as if nothing had happened.
 *
 * `npm run proof` (PROOF=full) meets every site with all three. In `npm test` a share of the sites is met, with one
 * of the three, drawn by a printed seed.
 */
import { expect } from '@jest/globals';
import { type FaultKind, survivedKinds } from '../in-process/faults.ts';
import type { RotationWorld } from '../in-process/rotation-world.ts';
import type { MatrixRoom, Scenario } from './rooms.ts';

type World = RotationWorld<unknown>;

/** A secret has room for 100 versions within a day. */
const schedulesPerWorld = 80;
const isFull = process.env.PROOF === 'full';
const seed = Number(process.env.SEED ?? 20_260_517);

/** Runs the scenario without a fault and returns the sites it passed. */
async function sitesOf(room: MatrixRoom, world: World, scenario: Scenario): Promise<string[]> {
  world.faults.seen.clear();
  const before = await room.observe(world);
  await run(world, scenario);
  await room.verify(world, scenario, before);
  await world.finishAfterRotation();
  return [...world.faults.seen].filter((site) => !site.startsWith('idle/'));
}

/** Every fault at every site of a scenario. @returns how many schedules ran */
export async function runScenario(room: MatrixRoom, scenario: Scenario): Promise<number> {
  let world = await prepared(room, scenario);
  const sites = await sitesOf(room, world, scenario);
  let schedules = 0;
  try {
    for (const [index, site] of drawn(room, sites)) {
      for (const kind of kindsFor(index)) {
        if (!room.repeatable || schedules % schedulesPerWorld === schedulesPerWorld - 1) {
          world.stop();
          world = await prepared(room, scenario);
        }
        await runSchedule(room, world, scenario, site, kind);
        schedules++;
      }
    }
  } finally {
    world.stop();
  }
  return schedules;
}

async function prepared(room: MatrixRoom, scenario: Scenario): Promise<World> {
  const world = await room.start();
  await room.prepare(world, scenario);
  return world;
}

export function scenariosOf({ scenarios, shortScenarios }: MatrixRoom): readonly Scenario[] {
  return isFull ? scenarios : (shortScenarios ?? scenarios);
}

function drawn({ shortShare = 1 }: MatrixRoom, sites: readonly string[]): [number, string][] {
  const share = isFull ? 1 : shortShare;
  const met = sites.filter((_, index) => index % share === seed % share);
  // Counted among those that are met: with any share all three kinds of fault occur.
  return [...met.entries()];
}

function kindsFor(index: number): readonly FaultKind[] {
  return isFull ? survivedKinds : survivedKinds.filter((_, at) => at === (seed + index * 7919) % 3);
}

async function runSchedule(
  room: MatrixRoom,
  world: World,
  scenario: Scenario,
  site: string,
  kind: FaultKind,
): Promise<void> {
  try {
    const before = await room.observe(world);
    world.faults.arm(site, kind);
    const token = await run(world, scenario);
    expect(world.faults.fired).toBe(1);
    await verifyProtocol(world, token);
    await room.verify(world, scenario, before);
    await world.finishAfterRotation();
  } catch (error) {
    const log = world.log.slice(-4).map((line) => JSON.stringify(line));
    throw new Error(
      `${room.name} ${scenario}: ${kind} at ${site} (SEED=${seed})\n${(error as Error).message}\n${log.join('\n')}`,
    );
  }
}

async function run(world: World, scenario: Scenario): Promise<string> {
  if (scenario === 'activate') {
    return world.activate();
  }
  return world.rotate({ intent: scenario === 'firstValue' ? 'planned' : scenario });
}

/** What holds for every kind of secret once a rotation is over. */
async function verifyProtocol(world: World, token: string): Promise<void> {
  const { versionIdsToStages } = await world.secrets.describe(world.secretArn);
  const labels = await world.labels();
  expect(labels.AWSCURRENT).toBe(token);
  expect([undefined, token]).toContain(labels.AWSPENDING);
  const current = versionIdsToStages[token] ?? [];
  expect(current.filter((label) => label.startsWith('rotated-'))).toHaveLength(1);
  expect(await world.control.getAfterRotation(world.secretName, token)).toBeDefined();
  const record = await world.control.getRotation(world.secretName, token);
  expect(Object.keys(record?.steps ?? {})).toEqual(
    expect.arrayContaining(['createSecret', 'setSecret', 'testSecret']),
  );
}
