/** Rules about sync targets that span fields: what may be copied, where to, and with whose credential. */
import { duplicates } from './duplicates.ts';
import { manifestRoot } from './names.ts';
import { outgoingUrlProblem } from './outgoing-url.ts';
import type { RotationConfig } from './rotation-config.ts';
import { hasInbox, type SecretConfig } from './secret-schemas.ts';
import { show } from './show.ts';
import type { SyncTargetConfig } from './sync-schema.ts';

type Ssm = Extract<SyncTargetConfig, { to: 'ssm' }>;
type GitHub = Extract<SyncTargetConfig, { to: 'github' }>;

/** One call of the function makes all copies of a secret, one after the other of each sort, within two minutes. */
const mostOfOneSecret = 20;
/** "The maximum length … is 1011 characters" (API_PutParameter); the ARN before it counts. */
const parameterCharacters = 900;

export function syncProblems(config: RotationConfig): string[] {
  const { sync } = config;
  return [
    ...sync.flatMap((target, index) => {
      const path = `sync.${index}`;
      return [
        ...secretProblems(target, path, config),
        ...(target.to === 'ssm' ? ssmProblems(target, path, config) : []),
        ...(target.to === 'github' ? gitHubProblems(target, path, config) : []),
        ...(target.to === 'webhook'
          ? [
              ...credentialProblems(target.signingSecret, `${path}.signingSecret`, target, config),
              ...urlProblems(target.url, `${path}.url`, config.environment),
            ]
          : []),
      ];
    }),
    ...duplicates(sync, placeOf, 'sync', 'place'),
    ...numberProblems(config),
  ];
}

function secretProblems(
  { secret: key, field }: SyncTargetConfig,
  path: string,
  { secrets }: RotationConfig,
): string[] {
  const secret = secrets[key];
  if (secret === undefined || !rotates(secret)) {
    const known = Object.keys(secrets).filter((one) => rotates(secrets[one] as SecretConfig));
    return [
      `${path}.secret: found ${show(key)}; expected a secret that rotates, after which it is copied (${known.join(', ') || 'there is none'})`,
    ];
  }
  const fields = fieldsOf(secret);
  return field === undefined || fields === undefined || fields.includes(field)
    ? []
    : [
        `${path}.field: found ${show(field)}; expected a member of the value of "${key}" (${fields.join(', ')}), or no field for the whole value`,
      ];
}

const rotates = (secret: SecretConfig): boolean =>
  secret.kind !== 'userManaged' || hasInbox(secret);

/** Members that every value of this secret has; undefined: its owners decide. */
function fieldsOf(secret: SecretConfig): readonly string[] | undefined {
  switch (secret.kind) {
    case 'jwt':
    case 'encryption':
      return [secret.field, 'keyset'];
    case 'database':
      return [
        'username',
        'password',
        'engine',
        'host',
        // Of a secret that was taken over they may be left to the reader.
        ...(secret.adopt === undefined ? ['port', 'dbname'] : []),
        ...(secret.databaseUrl ? ['DATABASE_URL'] : []),
      ];
    case 'userManaged':
      return undefined;
  }
}

function ssmProblems({ parameter, kmsKeyArn }: Ssm, path: string, config: RotationConfig) {
  const problems: string[] = [];
  if (/^\/(aws|ssm)/i.test(parameter)) {
    problems.push(
      `${path}.parameter: found ${show(parameter)}; expected a name that begins neither with aws nor with ssm, which AWS keeps for itself`,
    );
  }
  if (parameter === manifestRoot || parameter.startsWith(`${manifestRoot}/`)) {
    problems.push(
      `${path}.parameter: found ${show(parameter)}; expected a name outside of ${manifestRoot}/, where deployments keep their manifests`,
    );
  }
  if (parameter.length > parameterCharacters) {
    problems.push(
      `${path}.parameter: found ${parameter.length} characters; expected ${parameterCharacters} at most`,
    );
  }
  const region = kmsKeyArn.split(':')[3];
  if (region !== config.region) {
    problems.push(
      `${path}.kmsKeyArn: found a key in "${region}"; expected one in "${config.region}", where the parameter is`,
    );
  }
  return problems;
}

function gitHubProblems(target: GitHub, path: string, config: RotationConfig): string[] {
  const { repository, environment, token, api } = target;
  // A path with one of these in it leads somewhere else.
  const isDots = (part: string | undefined) => part === '.' || part === '..';
  return [
    ...(isDots(repository.split('/')[1])
      ? [
          `${path}.repository: found ${show(repository)}; expected owner and repository: "owner/name"`,
        ]
      : []),
    ...(isDots(environment)
      ? [`${path}.environment: found ${show(environment)}; expected the name of an environment`]
      : []),
    ...credentialProblems(token, `${path}.token`, target, config),
    ...urlProblems(api, `${path}.api`, config.environment),
    ...(URL.canParse(api) && new URL(api).search !== ''
      ? [`${path}.api: found a query in it; expected the root of the API`]
      : []),
  ];
}

/** What lets the function write there is changed by its owners, and is not what it copies. */
function credentialProblems(
  key: string,
  path: string,
  target: SyncTargetConfig,
  { secrets }: RotationConfig,
): string[] {
  const userManaged = Object.keys(secrets).filter((one) => secrets[one]?.kind === 'userManaged');
  const admins = new Set(
    Object.values(secrets).flatMap((one) => (one.kind === 'database' ? [one.admin] : [])),
  );
  if (admins.has(key)) {
    return [
      `${path}: found ${show(key)}, the credential that sets every role; expected a secret made for this`,
    ];
  }
  if (key === target.secret) {
    return [`${path}: found ${show(key)}, which is what is copied; expected a secret of its own`];
  }
  return userManaged.includes(key)
    ? []
    : [
        `${path}: found ${show(key)}; expected the key of a userManaged secret (${userManaged.join(', ') || 'there is none'})`,
      ];
}

function urlProblems(url: string, path: string, environment: string): string[] {
  const problem = outgoingUrlProblem(url, environment);
  return problem === undefined ? [] : [`${path}: found a URL that is refused; expected ${problem}`];
}

/** Two copies in one place would write over each other; GitHub's names know no case. */
function placeOf(target: SyncTargetConfig): string {
  switch (target.to) {
    case 'ssm':
      return target.parameter;
    case 'github':
      return [target.api, target.repository, target.environment ?? '', target.name]
        .join(' ')
        .toLowerCase();
    case 'webhook':
      return [target.url, target.secret, target.field ?? ''].join(' ');
  }
}

function numberProblems({ sync }: RotationConfig): string[] {
  const secrets = [...new Set(sync.map(({ secret }) => secret))];
  return secrets
    .map((secret) => ({ secret, found: sync.filter((one) => one.secret === secret).length }))
    .filter(({ found }) => found > mostOfOneSecret)
    .map(
      ({ secret, found }) =>
        `sync: found ${found} copies of ${show(secret)}; expected ${mostOfOneSecret} at most`,
    );
}
