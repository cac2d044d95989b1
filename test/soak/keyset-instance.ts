/**
 * One process that reads a keyset: by itself, by restart, as it starts right after a promotion, or cut off from
 * Secrets Manager right before one.
 */
import { SecretCache } from '../../client/secret-cache.ts';
import type { RotationWorld } from '../in-process/rotation-world.ts';
import { injectedFrom, sourceOf, systemOf } from './reader.ts';

export type Learns = 'by itself' | 'by restart' | 'starts now' | 'cut off';

/** What the rounds of a test ask of it. */
export interface Reading {
  readonly learns: Learns;
  /** The version it holds. */
  versionId(): string | undefined;
  /** A new process: with what its environment holds now, or reading anew. */
  restart(): Promise<void>;
}

export interface Instance<Keys> extends Reading {
  readonly cache: SecretCache<Keys>;
}

export async function instanceOf<Keys>(
  world: RotationWorld<unknown>,
  learns: Learns,
  parse: (text: string) => Keys,
  onStart: (cache: SecretCache<Keys>) => void = () => undefined,
): Promise<Instance<Keys>> {
  const system = systemOf(world);
  let cache: SecretCache<Keys>;
  let injected: string | undefined;
  await start();

  async function start(): Promise<void> {
    const line = sourceOf(world);
    const source = learns === 'by restart' ? await injectedFrom(world) : line.source;
    injected = learns === 'by restart' ? (await world.labels()).AWSCURRENT : undefined;
    cache = new SecretCache(source, { parse, system });
    await cache.get();
    line.isCutOff = learns === 'cut off';
    onStart(cache);
  }
  return {
    learns,
    get cache() {
      return cache;
    },
    versionId: () => injected ?? cache.peek()?.versionId,
    restart: start,
  };
}
