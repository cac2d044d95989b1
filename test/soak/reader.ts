/** Where the readers of a load test read: the secret of a rotation world, through the SDK, on the world's clock. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretSource } from '../../client/secret-source.ts';
import { injectedSecret } from '../../client/sources/injected.ts';
import { secretsManagerSecret } from '../../client/sources/secrets-manager.ts';
import { type System, system } from '../../client/system.ts';
import { inProcess } from '../in-process/request-handler.ts';
import type { RotationWorld } from '../in-process/rotation-world.ts';
import { drawn } from './form.ts';

/** `readerCache` in rotation.config.ts, and `maxAge + staleFor` of the client: the defaults of both. */
export const readerCache = 300_000;

/** A source that can be cut off from Secrets Manager: its reads fail then. */
export interface CutOff {
  readonly source: SecretSource;
  isCutOff: boolean;
}

export function sourceOf(world: RotationWorld<unknown>): CutOff {
  const source = secretsManagerSecret({
    secretId: world.secretArn,
    client: new SecretsManagerClient(inProcess(world.service) as object),
    system: { timeLimit: () => new AbortController().signal },
  });
  const made: CutOff = {
    isCutOff: false,
    source: {
      ...source,
      read: (stage) => (made.isCutOff ? Promise.reject(new Error('cut off')) : source.read(stage)),
    },
  };
  return made;
}

/** What a process started now has in its environment. */
export async function injectedFrom(world: RotationWorld<unknown>): Promise<SecretSource> {
  return injectedSecret('SECRET', { SECRET: (await world.text()) ?? '' });
}

/** Time is the world's, and passes for whoever waits once nothing is under way there any more. */
export function systemOf(world: RotationWorld<unknown>) {
  return {
    ...system,
    now: () => world.clock.now(),
    chance: () => drawn.draw(),
    async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
      signal.throwIfAborted();
      await later(world, milliseconds);
    },
  } satisfies System & { wait: unknown };
}

export function later(world: RotationWorld<unknown>, milliseconds: number): Promise<void> {
  return world.clock.advanceTo(new Date(world.clock.now().getTime() + milliseconds));
}

/** The value that is there is one the team had before: recorded as `quarterturn adopt` records it. */
export async function adopted(world: RotationWorld<unknown>): Promise<void> {
  await world.control.putAdoption(world.secretName, {
    at: world.clock.now().toISOString(),
    by: 'test',
    materialSince: '2025-01-05T03:00:00.000Z',
    versionId: (await world.labels()).AWSCURRENT ?? '',
  });
}
