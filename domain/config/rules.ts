/** Rules of a configuration that span fields and secrets. Each answers with path, finding and remedy. */
import { certificateProblems } from './certificate-rules.ts';
import { columnProblems, neighbourProblems } from './column-rules.ts';
import { connectionProblems } from './connection-rules.ts';
import { rolloutProblems } from './consumer-rules.ts';
import { contactProblems } from './contact-rules.ts';
import { duplicates } from './duplicates.ts';
import { emergencyProblems } from './emergency-rules.ts';
import { healthProblems } from './health-rules.ts';
import { hostProblem } from './host.ts';
import { inboxProblems } from './inbox-rules.ts';
import { networkProblems } from './network-rules.ts';
import { ownershipProblems } from './ownership-rules.ts';
import { reencryptionProblems } from './reencryption-rules.ts';
import type { RotationConfig } from './rotation-config.ts';
import { scheduleProblems } from './schedule-rules.ts';
import {
  type DatabaseConfig,
  type EncryptionConfig,
  hasInbox,
  type JwtConfig,
} from './secret-schemas.ts';
import { show } from './show.ts';
import { syncProblems } from './sync-rules.ts';
import { trailProblems } from './trail-rules.ts';
import { triggerProblems } from './trigger-rules.ts';

export function ruleProblems(config: RotationConfig): string[] {
  const problems = Object.entries(config.secrets).flatMap(([key, secret]) => {
    const path = `secrets.${key}`;
    switch (secret.kind) {
      case 'jwt':
        return [...rotatedProblems(secret, path), ...jwtProblems(secret, path)];
      case 'encryption':
        return [
          ...rotatedProblems(secret, path),
          ...encryptionProblems(secret, path, config),
          ...neighbourProblems(key, config),
        ];
      case 'database':
        return [...rotatedProblems(secret, path), ...databaseProblems(secret, path, config)];
      default:
        return [];
    }
  });
  return [
    ...problems,
    ...networkProblems(config),
    ...ownershipProblems(config),
    ...contactProblems(config),
    ...inboxProblems(config),
    ...roleProblems(config),
    ...nameProblems(config),
    ...consumerProblems(config),
    ...rolloutProblems(config),
    ...healthProblems(config),
    ...scheduleProblems(config),
    ...triggerProblems(config),
    ...certificateProblems(config),
    ...syncProblems(config),
    ...emergencyProblems(config),
    ...trailProblems(config),
  ];
}

function rotatedProblems(
  secret: JwtConfig | EncryptionConfig | DatabaseConfig,
  path: string,
): string[] {
  const problems: string[] = [];
  if (secret.leadDays >= secret.cadenceDays - 1) {
    problems.push(
      `${path}.leadDays: found ${secret.leadDays}; expected less than cadenceDays - 1 (${secret.cadenceDays - 1})`,
    );
  }
  return problems;
}

function jwtProblems(secret: JwtConfig, path: string): string[] {
  const problems: string[] = [];
  if (secret.readers === 'scalar' && !secret.logsEveryoneOut) {
    problems.push(
      `${path}.readers: found "scalar"; a reader that knows one key ends every session at every rotation. Expected "keyset", or logsEveryoneOut: true beside it`,
    );
  }
  if (secret.readers === 'keyset' && secret.logsEveryoneOut) {
    problems.push(
      `${path}.logsEveryoneOut: found true with readers "keyset"; keyset readers log nobody out. Remove it, or declare readers "scalar"`,
    );
  }
  return problems;
}

function encryptionProblems(
  secret: EncryptionConfig,
  path: string,
  config: RotationConfig,
): string[] {
  const problems: string[] = [];
  const database = secret.database === undefined ? undefined : config.secrets[secret.database];
  if (secret.database !== undefined && database?.kind !== 'database') {
    problems.push(
      `${path}.database: found ${show(secret.database)}; expected the key of a database secret (${keysOf(config, 'database')})`,
    );
  }
  if (secret.columns.length > 0 && secret.database === undefined) {
    problems.push(
      `${path}.database: found nothing; expected the key of the database secret that reads the declared columns (${keysOf(config, 'database')})`,
    );
  }
  if (secret.columns.length === 0 && secret.database !== undefined) {
    problems.push(
      `${path}.columns: found none; expected the columns of "${secret.database}" this key encrypts, or no database`,
    );
  }
  problems.push(...columnProblems(secret, path), ...reencryptionProblems(secret, path, config));
  return problems;
}

function databaseProblems(secret: DatabaseConfig, path: string, config: RotationConfig): string[] {
  const problems: string[] = [];
  const expected = secret.scheme === 'multiUser' ? 2 : 1;
  if (secret.roles.length !== expected) {
    problems.push(
      `${path}.roles: found ${secret.roles.length}; scheme "${secret.scheme}" expects exactly ${expected}`,
    );
  }
  if (secret.scheme === 'multiUser' && secret.identity === undefined) {
    problems.push(
      `${path}.identity: found nothing; scheme "multiUser" expects the application's role, whose rights the two login roles use`,
    );
  }
  if (secret.scheme === 'singleUser' && secret.identity !== undefined) {
    problems.push(
      `${path}.identity: found "${secret.identity}"; scheme "singleUser" has none, its one role is the application's`,
    );
  }
  if (secret.scheme === 'singleUser' && secret.verifyTables !== undefined) {
    problems.push(
      `${path}.verifyTables: found a list of ${secret.verifyTables.length}; scheme "singleUser" has no identity to compare with, expected scheme "multiUser" or no verifyTables`,
    );
  }
  problems.push(
    ...duplicates(secret.verifyTables ?? [], (name) => name, `${path}.verifyTables`, 'table'),
  );
  const host = hostProblem(secret.host, config.environment);
  if (host !== undefined) {
    problems.push(`${path}.host: found a host that is refused; expected ${host}`);
  }
  problems.push(...connectionProblems(secret, path, config.environment));
  const admin = typeof secret.admin === 'string' ? config.secrets[secret.admin] : undefined;
  if (admin !== undefined && hasInbox(admin)) {
    problems.push(
      `${path}.admin: found ${show(secret.admin)}, which has an inbox; expected one without: a request to a vendor does not test a role`,
    );
  }
  if (typeof secret.admin === 'string' && admin?.kind !== 'userManaged') {
    problems.push(
      `${path}.admin: found ${show(secret.admin)}; expected the key of a userManaged secret (${keysOf(config, 'userManaged')}) or { secretArn, kmsKeyArn }`,
    );
  }
  if (
    isReserved(secret.rotator) ||
    [...secret.roles, secret.identity].some((role) => role === secret.rotator)
  ) {
    problems.push(
      `${path}.rotator: found "${secret.rotator}"; expected a role of its own: neither reserved nor one of this secret's`,
    );
  }
  for (const role of [
    ...secret.roles,
    ...(secret.identity === undefined ? [] : [secret.identity]),
  ]) {
    if (isReserved(role)) {
      problems.push(
        `${path}.roles: found "${role}"; expected a role of the application: reserved and superuser roles are never rotated`,
      );
    }
  }
  return problems;
}

/** Reserved by PostgreSQL (role names starting with pg_, and the keywords), by RDS, or its first superuser. */
const reserved = new Set([
  'postgres',
  'public',
  'none',
  'current_role',
  'current_user',
  'session_user',
  'rdsadmin',
  'rdsproxyadmin',
  'rdsrepladmin',
  'rdstopmgr',
]);
const isReserved = (role: string) => reserved.has(role) || /^(pg|rds)_/.test(role);

/** A role is of a cluster, not of a database: two secrets that set one would lock each other out. */
function roleProblems(config: RotationConfig): string[] {
  const owners = new Map<string, string>();
  const problems: string[] = [];
  const databases = Object.entries(config.secrets).flatMap(([key, secret]) =>
    secret.kind === 'database' ? [{ key, secret }] : [],
  );
  for (const { key, secret } of databases) {
    for (const role of secret.roles) {
      const cluster = `${secret.host.toLowerCase()}:${secret.port}`;
      const owner = owners.get(`${cluster} ${role}`);
      if (owner !== undefined) {
        problems.push(
          `secrets.${key}.roles: found "${role}", which secrets.${owner} sets on the same cluster; expected a role of its own`,
        );
      }
      owners.set(`${cluster} ${role}`, key);
    }
  }
  for (const { key, secret } of databases) {
    const cluster = `${secret.host.toLowerCase()}:${secret.port}`;
    const owner = owners.get(`${cluster} ${secret.identity}`);
    if (owner !== undefined) {
      problems.push(
        `secrets.${key}.identity: found "${secret.identity}", whose password secrets.${owner} sets; expected a role that no secret rotates`,
      );
    }
  }
  return problems;
}

/** Keys become names of functions: two that differ only in case would meet in tools that ignore it. */
function nameProblems(config: RotationConfig): string[] {
  const rooms = new Set(['cadence', 'starter', 'operator']);
  return [
    ...Object.keys(config.secrets)
      .filter((key) => rooms.has(key.toLowerCase()))
      .map(
        (key) => `secrets.${key}: found the name of a function of Quarterturn; expected another`,
      ),
    ...duplicates(
      Object.keys(config.secrets),
      (key) => key.toLowerCase(),
      'secrets',
      'name (ignoring case)',
    ),
  ];
}

function consumerProblems(config: RotationConfig): string[] {
  return [
    ...duplicates(config.consumers, ({ name }) => name, 'consumers', 'name'),
    ...config.consumers.flatMap((consumer, index) => [
      ...consumer.reads
        .filter((key) => config.secrets[key] === undefined)
        .map(
          (key) =>
            `consumers.${index}.reads: found ${show(key)}; expected a secret of this configuration (${Object.keys(config.secrets).join(', ')})`,
        ),
      ...duplicates(consumer.reads, (key) => key, `consumers.${index}.reads`, 'secret'),
    ]),
  ];
}

function keysOf(config: RotationConfig, kind: string): string {
  const keys = Object.keys(config.secrets).filter((key) => config.secrets[key]?.kind === kind);
  return keys.length === 0 ? 'there is none' : keys.join(', ');
}
