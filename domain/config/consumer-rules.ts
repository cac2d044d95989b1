/** Rules about rollouts that span fields: who is named in them, how consumers learn, and who signs webhooks. */
import { type ConsumerConfig, isRolledOut, learnsBy } from './consumer-schema.ts';
import { duplicates } from './duplicates.ts';
import { durationSeconds } from './duration.ts';
import { nearestName } from './nearest-name.ts';
import { isPrivateHost } from './private-host.ts';
import type { RotationConfig } from './rotation-config.ts';
import { hasInbox } from './secret-schemas.ts';
import { show } from './show.ts';
import type { WebhookConfig } from './webhook-schema.ts';

export function rolloutProblems(config: RotationConfig): string[] {
  const { consumers, rollout } = config;
  return [
    ...consumers.flatMap((consumer, index) => [
      ...learningProblems(consumer, `consumers.${index}`),
      ...lookProblems(consumer, `consumers.${index}`),
      ...(consumer.restart?.by === 'webhook'
        ? webhookProblems(config, consumer.restart, `consumers.${index}.restart`)
        : []),
    ]),
    ...sameTarget(consumers),
    ...namingProblems(config),
    ...(rollout.redeploy ? webhookProblems(config, rollout.redeploy, 'rollout.redeploy') : []),
  ];
}

function learningProblems(consumer: ConsumerConfig, path: string): string[] {
  const { restart, learns } = consumer;
  if (learns === 'restart' && restart === undefined) {
    return [
      `${path}.learns: found "restart" without restart; expected how it is restarted beside it, or "refresh" if it reads again by itself`,
    ];
  }
  if (restart !== undefined && learnsBy(consumer) === 'refresh') {
    return [
      `${path}.learns: found "refresh" beside restart, which would never be used; expected "restart", or no restart`,
    ];
  }
  return [];
}

/** A loop of the machine has 400 looks at most, for an execution ends at 25,000 events. */
const mostLooks = 400;

function lookProblems({ health }: ConsumerConfig, path: string): string[] {
  if (health === undefined) return [];
  const every = durationSeconds(health.every);
  const within = durationSeconds(health.within);
  const least = Math.ceil(within / mostLooks);
  return [
    ...(every < least
      ? [
          `${path}.health.every: found ${show(health.every)} within ${show(health.within)}; expected ${least} s or more: ${mostLooks} looks at most`,
        ]
      : []),
    ...((health.consecutive - 1) * every > within
      ? [
          `${path}.health.within: found ${show(health.within)}; expected ${(health.consecutive - 1) * every} s or more: ${health.consecutive} looks in a row, ${show(health.every)} apart`,
        ]
      : []),
  ];
}

/** Each has a lock of its own: two names for one service would restart it under each other's feet. */
function sameTarget(consumers: RotationConfig['consumers']): string[] {
  const seen = new Map<string, string>();
  return consumers.flatMap(({ name, restart }, index) => {
    const target = restart && targetOf(restart);
    if (target === undefined) return [];
    const other = seen.get(target);
    seen.set(target, other ?? name);
    return other === undefined
      ? []
      : [
          `consumers.${index}.restart: found ${target}, which is that of consumer "${other}"; expected one consumer for it, with both lists of secrets`,
        ];
  });
}

function targetOf(restart: NonNullable<ConsumerConfig['restart']>): string | undefined {
  switch (restart.by) {
    case 'ecs':
      return `ECS service ${restart.cluster}/${restart.service}`;
    case 'kubernetes':
      return `deployment ${restart.namespace}/${restart.deployment} in ${restart.cluster}`;
    case 'lambda':
      return `function ${restart.function}`;
    case 'webhook':
      // The message names the consumer: one address may stand for many.
      return undefined;
  }
}

function namingProblems({ consumers, rollout }: RotationConfig): string[] {
  const known = consumers.filter(isRolledOut).map(({ name }) => name);
  const { waves, canary } = rollout;
  const unknown = (path: string, name: string): string[] => {
    if (known.includes(name)) return [];
    const isOne = consumers.some((consumer) => consumer.name === name);
    const nearest = nearestName(name, known);
    const hint =
      nearest === undefined
        ? ` (${known.join(', ') || 'there is none'})`
        : `; did you mean "${nearest}"?`;
    return [
      isOne
        ? `${path}: found ${show(name)}, which has neither restart nor health; expected a consumer with one of them${hint}`
        : `${path}: found ${show(name)}; expected a consumer of this configuration${hint}`,
    ];
  };
  return [
    ...waves.flatMap((wave, index) =>
      wave.flatMap((name) => unknown(`rollout.waves.${index}`, name)),
    ),
    ...(canary === undefined ? [] : unknown('rollout.canary', canary)),
    ...duplicates(waves.flat(), (name) => name, 'rollout.waves', 'consumer'),
    ...(canary !== undefined && waves.flat().includes(canary)
      ? [
          `rollout.waves: found ${show(canary)}, which is rollout.canary and comes first; expected it in one of the two`,
        ]
      : []),
  ];
}

/** An address, and who signs what goes there. */
function webhookProblems(
  { secrets, environment }: RotationConfig,
  { url, signingSecret }: WebhookConfig,
  path: string,
): string[] {
  const problem = urlProblem(url, environment);
  const secret = secrets[signingSecret];
  const known = Object.keys(secrets).filter((key) => secrets[key]?.kind === 'userManaged');
  const admins = Object.entries(secrets).flatMap(([key, one]) =>
    one.kind === 'database' && one.admin === signingSecret ? [key] : [],
  );
  return [
    ...(problem === undefined ? [] : [`${path}.url: ${problem}`]),
    ...(secret?.kind === 'userManaged'
      ? []
      : [
          `${path}.signingSecret: found ${show(signingSecret)}; expected the key of a userManaged secret (${known.join(', ') || 'there is none'})`,
        ]),
    ...(secret !== undefined && hasInbox(secret) && secret.inbox.field !== undefined
      ? [
          `${path}.signingSecret: found ${show(signingSecret)}, whose value is a document; expected one whose whole value is the key`,
        ]
      : []),
    ...admins.map(
      (key) =>
        `${path}.signingSecret: found ${show(signingSecret)}, the admin of secrets.${key}; expected a secret for this alone: the receiver holds it, too`,
    ),
  ];
}

/** What stands in the URL is in the template for everybody to read, and in log lines by its host alone. */
function urlProblem(url: string, environment: string): string | undefined {
  if (!URL.canParse(url)) return 'found no URL; expected https and a host';
  const { protocol, hostname, username, password, hash } = new URL(url);
  if (username !== '' || password !== '') {
    return 'found a user or password in it; expected none: the signature says who sends it';
  }
  if (hash !== '') return 'found a fragment; expected none: it is never sent';
  const isPrivate = isPrivateHost(hostname);
  if (environment === 'dev' && isPrivate && (protocol === 'http:' || protocol === 'https:')) {
    return undefined;
  }
  if (protocol !== 'https:') return `found ${protocol.slice(0, -1)}; expected https`;
  return isPrivate
    ? 'found a private host; expected a public one: the function that calls it stands outside of every VPC'
    : undefined;
}
