/**
 * The single-fault matrix: every call at every door of a room fails once, in three ways; Secrets Manager
 * tries again with the same token; the rotation must end as if nothing had happened.
 */
import { expect } from '@jest/globals';
import { faultKinds } from '../in-process/faults.ts';
import type { RotationWorld } from '../in-process/rotation-world.ts';
import type { MatrixRoom, Scenario } from './rooms.ts';

/** Runs the scenario without a fault and returns the sites it passed. */
export async function sitesOf(room: MatrixRoom, scenario: Scenario): Promise<string[]> {
  const world = await room.start();
  try {
    await room.prepare(world, scenario);
    world.faults.seen.clear();
    const before = await room.observe(world);
    await run(world, scenario);
    await room.verify(world, scenario, before);
    return [...world.faults.seen];
  } finally {
    world.stop();
  }
}

/** Every fault at every site of a scenario. @returns how many schedules ran */
export async function runScenario(room: MatrixRoom, scenario: Scenario): Promise<number> {
  const sites = await sitesOf(room, scenario);
  let schedules = 0;
  for (const site of sites) {
    for (const kind of faultKinds) {
      const world = await room.start();
      try {
        await room.prepare(world, scenario);
        const before = await room.observe(world);
        world.faults.arm(site, kind);
        const token = await run(world, scenario);
        expect(world.faults.fired).toBe(1);
        await verifyProtocol(world, token);
        await room.verify(world, scenario, before);
        schedules++;
      } catch (error) {
        throw new Error(
          `${room.name} ${scenario}: ${kind} at ${site}\n${(error as Error).message}`,
        );
      } finally {
        world.stop();
      }
    }
  }
  return schedules;
}

async function run(world: RotationWorld<unknown>, scenario: Scenario): Promise<string> {
  if (scenario === 'activate') {
    return world.activate();
  }
  return world.rotate({ intent: scenario === 'firstValue' ? 'planned' : scenario });
}

/** What holds for every kind of secret once a rotation is over. */
async function verifyProtocol(world: RotationWorld<unknown>, token: string): Promise<void> {
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
