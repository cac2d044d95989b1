/** What the manifest says of consumers, rollouts and copies: names and numbers, no address. */
import {
  type ConsumerConfig,
  isRolledOut,
  learnsBy,
  type RestartConfig,
} from './consumer-schema.ts';
import { durationSeconds } from './duration.ts';
import {
  healthFunctionName,
  rolloutFunctionName,
  rolloutMachineName,
  syncFunctionName,
} from './names.ts';
import type { RotationConfig } from './rotation-config.ts';
import type { SyncTargetConfig } from './sync-schema.ts';

export function manifestConsumer(config: RotationConfig, consumer: ConsumerConfig) {
  const { restart, health } = consumer;
  return {
    learns: learnsBy(consumer),
    ...(restart && { restart: nameOfRestart(restart) }),
    ...(health && { health: healthFunctionName(config, health.network) }),
  };
}

/** For people; a webhook by its host. */
function nameOfRestart(restart: RestartConfig): string {
  switch (restart.by) {
    case 'ecs':
      return `ecs ${restart.cluster}/${restart.service}`;
    case 'kubernetes':
      return `kubernetes ${restart.cluster}/${restart.namespace}/${restart.deployment}`;
    case 'lambda':
      return `lambda ${restart.function}`;
    case 'webhook':
      return `webhook ${hostOf(restart.url)}`;
  }
}

export function manifestRollout(config: RotationConfig) {
  const { onFailure, hold, redeploy } = config.rollout;
  return {
    machine: rolloutMachineName(config),
    function: rolloutFunctionName(config),
    waves: wavesOf(config),
    onFailure,
    holdSeconds: durationSeconds(hold),
    redeploy: redeploy !== undefined,
  };
}

/** The canary, the waves, then everybody else one by one; before each but the first, a pause. */
function wavesOf({ consumers, rollout }: RotationConfig) {
  const { canary, waves } = rollout;
  const rolledOut = consumers.filter(isRolledOut).map(({ name }) => name);
  const named = new Set([...(canary === undefined ? [] : [canary]), ...waves.flat()]);
  const groups = [
    ...(canary === undefined ? [] : [[canary]]),
    ...waves,
    ...rolledOut.filter((name) => !named.has(name)).map((name) => [name]),
  ];
  return groups.map((group, index) => ({
    consumers: group,
    pauseSeconds:
      index === 0
        ? 0
        : durationSeconds(
            canary !== undefined && index === 1 ? rollout.canaryPause : rollout.pause,
          ),
  }));
}

export function manifestSync(config: RotationConfig) {
  return {
    function: syncFunctionName(config),
    targets: config.sync.map((target) => ({
      secret: target.secret,
      target: nameOfTarget(target),
      ...credentialOf(target),
    })),
  };
}

function credentialOf(target: SyncTargetConfig): { credential?: string } {
  switch (target.to) {
    case 'ssm':
      return {};
    case 'github':
      return { credential: target.token };
    case 'webhook':
      return { credential: target.signingSecret };
  }
}

/** For people and records: `ssm /app/prod/JWT`, `github owner/name NAME`, `webhook host`. */
export function nameOfTarget(target: SyncTargetConfig): string {
  switch (target.to) {
    case 'ssm':
      return `ssm ${target.parameter}`;
    case 'github':
      return ['github', target.repository, target.environment, target.name]
        .filter((part) => part !== undefined)
        .join(' ');
    case 'webhook':
      return `webhook ${hostOf(target.url)}`;
  }
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);
