/** What tests of rollouts look at: what happened since, whether everybody is well, whose tokens are refused. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from '@jest/globals';
import type { RolloutStage } from './rollout-stage.ts';

/** Whole ones: a clock of the machine runs on within a function. */
export const seconds = (from: string | undefined, to: string | undefined): number =>
  Math.round((new Date(to ?? '').getTime() - new Date(from ?? '').getTime()) / 1_000);

export const holds = async ({ world }: RolloutStage, key: 'db' | 'jwt'): Promise<string> =>
  (await world.holder(key, 'AWSCURRENT')) ?? '';

export function theOnly<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined || list.length > 1) throw new Error(`found ${list.length}, expected one`);
  return one;
}

/** What has happened since. */
export function counting(stage: RolloutStage) {
  const now = () => ({
    rotations: stage.rotationsOf('db'),
    web: stage.deployments('web'),
    billing: stage.deployments('billing'),
  });
  const before = now();
  return () => {
    const { rotations, web, billing } = now();
    return {
      rotations: rotations - before.rotations,
      web: web - before.web,
      billing: billing - before.billing,
    };
  };
}

export async function expectWell(stage: RolloutStage): Promise<void> {
  for (const { url } of Object.values(stage.services)) {
    expect((await fetch(`${url}/api/credentials/health`)).status).toBe(200);
  }
}

/** Lets time go by, until that is so. */
export async function until(stage: RolloutStage, reached: () => Promise<boolean>): Promise<void> {
  for (let passed = 0; passed < 600; passed++) {
    if (await reached()) return;
    await stage.world.later(2_000);
  }
  throw new Error('It did not come to that within 20 minutes.');
}

/** The first is through, and the next is waited for. */
export const betweenConsumers = (stage: RolloutStage, version: string): Promise<void> =>
  until(
    stage,
    async () => (await stage.rollout('db', version, ['use', 'web']))?.state === 'healthy',
  );

/** At each move of the clock everybody signs a token, and everybody is shown all of them. */
export function everyTokenEverywhere(stage: RolloutStage) {
  const { world, services } = stage;
  const all = Object.values(services);
  const refused: string[] = [];
  const signed: { by: string; token: string }[] = [];
  const show = async (tokens: typeof signed) => {
    for (const { by, token } of tokens) {
      for (const service of all) {
        await service.verify(token).catch((error: Error) => {
          refused.push(`${service.name} refuses a token of ${by}: ${error.message}`);
        });
      }
    }
  };
  const end = world.stage.sandbox.clock.onMove(async () => {
    const young = await Promise.all(
      all.map(async (service) => ({ by: service.name, token: await service.sign() })),
    );
    signed.push(...young);
    await show(young);
  });
  return {
    signed: () => signed.length,
    async end() {
      end();
      await show(signed);
      return refused;
    },
  };
}

/** An address that nobody may ask. */
export async function trap(): Promise<{
  url: string;
  connections(): number;
  close(): Promise<void>;
}> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    async close() {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
