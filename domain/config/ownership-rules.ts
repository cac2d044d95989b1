/** Rules about what a configuration takes over or borrows: accounts, regions, and one owner for each secret. */
import { duplicates } from './duplicates.ts';
import { inboxName, secretName, secretNameOfArn } from './names.ts';
import type { RotationConfig } from './rotation-config.ts';
import { type DatabaseConfig, type ExistingSecret, hasInbox } from './secret-schemas.ts';
import { show } from './show.ts';

export function ownershipProblems(config: RotationConfig): string[] {
  return [
    ...borrowed(config).flatMap(({ path, existing }) => regionProblems(config, path, existing)),
    ...accountProblems(config),
    ...adoptionProblems(config),
    ...adminProblems(config),
    ...duplicates(config.escrow.readerRoleArns, (arn) => arn, 'escrow.readerRoleArns', 'role'),
  ];
}

interface Borrowed {
  key: string;
  path: string;
  use: 'adopt' | 'admin' | 'bootstrap';
  existing: ExistingSecret;
}

function borrowed({ secrets }: RotationConfig): Borrowed[] {
  return Object.entries(secrets).flatMap(([key, secret]) => {
    if (secret.kind === 'userManaged') return [];
    const admin =
      secret.kind === 'database' && typeof secret.admin === 'object' ? secret.admin : undefined;
    const bootstrap = secret.kind === 'database' ? secret.bootstrap : undefined;
    const uses = { adopt: secret.adopt, admin, bootstrap };
    return Object.entries(uses).flatMap(([use, existing]) =>
      existing === undefined
        ? []
        : [{ key, path: `secrets.${key}.${use}`, use: use as Borrowed['use'], existing }],
    );
  });
}

/** Of an ARN that is known at synthesis; in a stack of somebody else's it may be known later. */
const partOf = (arn: string, index: number): string | undefined =>
  arn.startsWith('arn:') ? arn.split(':')[index] : undefined;

function regionProblems(
  { region }: RotationConfig,
  path: string,
  { secretArn, kmsKeyArn }: ExistingSecret,
): string[] {
  const ofSecret = partOf(secretArn, 3);
  const ofKey = partOf(kmsKeyArn, 3);
  return [
    ...(ofSecret !== undefined && ofSecret !== region
      ? [
          `${path}.secretArn: found a secret in "${ofSecret}"; expected one in "${region}": a replica is rotated where its primary stands`,
        ]
      : []),
    ...(ofKey !== undefined && ofKey !== region
      ? [
          `${path}.kmsKeyArn: found a key in "${ofKey}"; expected the one in "${region}" that this region's copy of the secret is encrypted with`,
        ]
      : []),
  ];
}

/** A function rotates secrets of its own account only (API_RotateSecret). */
function accountProblems(config: RotationConfig): string[] {
  const adopted = borrowed(config).filter(({ use }) => use === 'adopt');
  const accounts = adopted.map(({ existing }) => partOf(existing.secretArn, 4));
  const expected = config.account ?? accounts.find((account) => account !== undefined);
  return adopted.flatMap(({ path }, index) => {
    const found = accounts[index];
    return found === undefined || found === expected
      ? []
      : [
          `${path}.secretArn: found a secret of account ${found}; expected one of ${expected}: a stack rotates the secrets of its own account`,
        ];
  });
}

function adoptionProblems(config: RotationConfig): string[] {
  const owners = new Map<string, string>();
  return Object.entries(config.secrets).flatMap(([key, secret]) => {
    const adopt = secret.kind === 'userManaged' ? undefined : secret.adopt;
    const name = adopt === undefined ? secretName(config, key) : nameOf(adopt);
    const owner = owners.get(name);
    owners.set(name, key);
    if (hasInbox(secret)) owners.set(inboxName(config, key), key);
    return owner === undefined
      ? []
      : [
          `secrets.${key}${adopt === undefined ? '' : '.adopt.secretArn'}: found ${show(name)}, which secrets.${owner} is already; expected every secret once`,
        ];
  });
}

const nameOf = ({ secretArn, secretName: name }: ExistingSecret): string =>
  name ?? secretNameOfArn(secretArn);

function adminProblems(config: RotationConfig): string[] {
  const databases = Object.entries(config.secrets).flatMap(([key, secret]) =>
    secret.kind === 'database' ? [{ key, secret }] : [],
  );
  const admins = new Set(databases.map(({ secret }) => secret.admin));
  return [
    ...databases.flatMap(({ key, secret }) => ownAdmin(key, secret)),
    ...lockProblems(databases),
    ...config.consumers.flatMap(({ reads }, index) =>
      reads
        .filter((key) => admins.has(key) && config.secrets[key]?.kind === 'userManaged')
        .map(
          (key) =>
            `consumers.${index}.reads: found ${show(key)}, the credential that sets every role; expected a secret an application needs: rotation functions alone read an admin`,
        ),
    ),
  ];
}

/** Whoever sets a password must log in with another one: else a failed rotation locks itself out. */
function ownAdmin(key: string, { adopt, admin, bootstrap }: DatabaseConfig): string[] {
  const own = adopt?.secretArn;
  const problem = (field: string) =>
    `secrets.${key}.${field}.secretArn: found the secret that is adopted here; expected another one: a role cannot be the one that sets it`;
  return [
    ...(own !== undefined && typeof admin === 'object' && admin.secretArn === own
      ? [problem('admin')]
      : []),
    ...(own !== undefined && bootstrap?.secretArn === own ? [problem('bootstrap')] : []),
  ];
}

/** Advisory locks are per database: rotations of one cluster meet only if they lock in the same one. */
function lockProblems(databases: readonly { key: string; secret: DatabaseConfig }[]): string[] {
  const places = new Map<string, { key: string; database: string }>();
  return databases.flatMap(({ key, secret }) => {
    const cluster = `${secret.host.toLowerCase()}:${secret.port}`;
    const first = places.get(cluster);
    places.set(cluster, first ?? { key, database: secret.maintenanceDatabase });
    return first === undefined || first.database === secret.maintenanceDatabase
      ? []
      : [
          `secrets.${key}.maintenanceDatabase: found "${secret.maintenanceDatabase}"; expected "${first.database}" as in secrets.${first.key}: rotations of one cluster take their lock in one database`,
        ];
  });
}
