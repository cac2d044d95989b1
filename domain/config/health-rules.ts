/** Rules of how consumers are asked whether they are well. Each answers with path, finding and remedy. */
import type { HealthConfig, HealthProbeConfig } from './consumer-schema.ts';
import { duplicates } from './duplicates.ts';
import { healthUrlProblem } from './health-url.ts';
import type { RotationConfig } from './rotation-config.ts';
import { show } from './show.ts';

/** Of a probe's body, as JSON. */
const bodyCharacters = 4_096;

export function healthProblems(config: RotationConfig): string[] {
  return config.consumers.flatMap(({ health }, index) =>
    health === undefined ? [] : problemsOf(config, health, `consumers.${index}.health`),
  );
}

function problemsOf(config: RotationConfig, health: HealthConfig, path: string): string[] {
  const { credentials, probes } = health;
  const names = [
    ...(credentials === undefined ? [] : [{ name: 'credentials' }]),
    ...probes.map(({ name }) => ({ name })),
  ];
  return [
    ...(names.length === 0
      ? [
          `${path}: found neither credentials nor probes; expected one at least: a health that asks nothing is always good`,
        ]
      : []),
    ...duplicates(names, ({ name }) => name.toLowerCase(), `${path}.probes`, 'name'),
    ...(credentials === undefined
      ? []
      : urlProblems(config, health, credentials, `${path}.credentials`)),
    ...probes.flatMap((probe, index) => [
      ...urlProblems(config, health, probe.url, `${path}.probes.${index}.url`),
      ...probeProblems(probe, `${path}.probes.${index}`),
    ]),
    ...bearerProblems(config, health, path),
    ...networkProblems(config, health, path),
  ];
}

function urlProblems(
  { environment }: RotationConfig,
  { bearer, privateAddresses }: HealthConfig,
  url: string,
  path: string,
): string[] {
  const use = { privateAddresses, bearer: bearer !== undefined, environment };
  const expected = healthUrlProblem(url, use);
  return expected === undefined
    ? []
    : [`${path}: found a URL that is refused; expected ${expected}`];
}

function probeProblems({ method, body, json }: HealthProbeConfig, path: string): string[] {
  return [
    ...(body !== undefined && method !== 'POST'
      ? [`${path}.body: found one beside method "${method}"; expected method "POST", or no body`]
      : []),
    ...(body !== undefined && JSON.stringify(body).length > bodyCharacters
      ? [`${path}.body: found more than ${bodyCharacters} characters; expected a shorter one`]
      : []),
    ...(json !== undefined && method === 'HEAD'
      ? [`${path}.json: found members beside method "HEAD", whose answer has none; expected "GET"`]
      : []),
  ];
}

/** It is sent to every host of the list: what has another use must not be known there. */
function bearerProblems(config: RotationConfig, { bearer }: HealthConfig, path: string): string[] {
  if (bearer === undefined) return [];
  const { secrets } = config;
  const known = Object.keys(secrets).filter((key) => secrets[key]?.kind === 'userManaged');
  if (secrets[bearer]?.kind !== 'userManaged') {
    return [
      `${path}.bearer: found ${show(bearer)}; expected the key of a userManaged secret (${known.join(', ') || 'there is none'})`,
    ];
  }
  const use = otherUses(config).find(([key]) => key === bearer);
  return use === undefined
    ? []
    : [
        `${path}.bearer: found ${show(bearer)}, which is ${use[1]}; expected a userManaged secret with no other use: the consumer is shown it`,
      ];
}

/** Keys of secrets, and what each is for. */
function otherUses({
  secrets,
  triggers,
  consumers,
  rollout,
  sync,
}: RotationConfig): readonly (readonly [key: string, use: string])[] {
  return [
    ...Object.entries(secrets).flatMap(([key, secret]): [string, string][] =>
      secret.kind === 'database' && typeof secret.admin === 'string'
        ? [[secret.admin, `the admin of secrets.${key}`]]
        : [],
    ),
    ...consumers.flatMap(({ name, restart }): [string, string][] =>
      restart?.by === 'webhook'
        ? [[restart.signingSecret, `what signs the restart of "${name}"`]]
        : [],
    ),
    ...sync.flatMap((target): [string, string][] => {
      if (target.to === 'github') return [[target.token, 'the token of a sync target']];
      return target.to === 'webhook'
        ? [[target.signingSecret, 'what signs for a sync target']]
        : [];
    }),
    ...(triggers?.gitHub ? [[triggers.gitHub.secret, 'that of triggers.gitHub'] as const] : []),
    ...(rollout.redeploy
      ? [[rollout.redeploy.signingSecret, 'what signs rollout.redeploy'] as const]
      : []),
  ];
}

function networkProblems(
  { networks, environment }: RotationConfig,
  { network, privateAddresses }: HealthConfig,
  path: string,
): string[] {
  if (network === undefined) {
    return privateAddresses === 'allowed' && environment !== 'dev'
      ? [
          `${path}.privateAddresses: found "allowed" without a network; expected the network of those hosts beside it: from outside of every VPC no private address is reached`,
        ]
      : [];
  }
  return [
    ...(networks[network] === undefined
      ? [
          `${path}.network: found ${show(network)}; expected a network of this configuration (${Object.keys(networks).join(', ') || 'there is none'})`,
        ]
      : []),
    ...(privateAddresses === 'refused'
      ? [
          `${path}.privateAddresses: found "refused" beside network ${show(network)}; expected "allowed", or no network: its hosts have private addresses`,
        ]
      : []),
  ];
}
