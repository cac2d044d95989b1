/** How long what follows a rotation takes, from the configuration: what it may, and what is usual. */
import { isRolledOut } from '../domain/config/consumer-schema.ts';
import { durationSeconds } from '../domain/config/duration.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { hasInbox, type SecretConfig } from '../domain/config/secret-schemas.ts';

/**
 * Seconds that readers may go on using what they have read, at most: of the secrets whose new keys are published
 * before they are used, and of all where consumers are asked whether they use the new value.
 */
export function longestWait({ secrets, consumers }: RotationConfig): number {
  const asks = consumers.some(({ health }) => health !== undefined);
  const caches = Object.values(secrets).flatMap((secret) => cacheOf(secret, asks) ?? []);
  return Math.max(0, ...caches.map(durationSeconds));
}

function cacheOf(secret: SecretConfig, asks: boolean): string | undefined {
  if (secret.kind === 'jwt') return secret.signerCache;
  if (secret.kind === 'encryption') return secret.readerCache;
  if (!asks) return undefined;
  return secret.kind === 'database' || hasInbox(secret)
    ? (secret.kind === 'database' ? secret : secret.inbox).readerCache
    : undefined;
}

/** A consumer that another secret's rotation has, looks between two states, and the machine's own steps. */
const aroundSeconds = 3_600;

/** Of one consumer, and of one round of all of them, one after the other: nothing that goes well takes longer. */
export function rolloutSeconds(config: RotationConfig): {
  consumerSeconds: number;
  longestSeconds: number;
} {
  const { each, pause } = partsOf(config);
  // Whoever waits for a consumer waits as long as the one that has it; and its platform may take the restart late.
  const consumerSeconds = 3 * Math.max(0, ...each) + aroundSeconds;
  return { consumerSeconds, longestSeconds: each.length * (consumerSeconds + pause) };
}

/** Of all consumers, where each takes as long as it may and nobody is in the way. */
export function usualRollout(config: RotationConfig): number {
  const { each, pause } = partsOf(config);
  const rounds = each.reduce((sum, seconds) => sum + seconds + pause, 0);
  return each.length === 0 ? 0 : 2 * rounds + longestWait(config);
}

function partsOf({ consumers, rollout }: RotationConfig): { each: number[]; pause: number } {
  const pauses = [rollout.pause, rollout.canaryPause].map((pause) =>
    pause === '0s' ? 0 : durationSeconds(pause),
  );
  const each = consumers
    .filter(isRolledOut)
    .map(
      ({ steadyWithin, health }) =>
        durationSeconds(steadyWithin) + (health === undefined ? 0 : durationSeconds(health.within)),
    );
  return { each, pause: Math.max(...pauses) };
}
