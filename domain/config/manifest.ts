/**
 * The manifest: what the stack tells cadence, operator and CLI about itself, through SSM. They read it
 * instead of `rotation.config.ts`, so that on-call needs no checkout. Names and numbers, never a value.
 */
import * as z from 'zod';
import { manifestCertificateSchema, manifestCertificates } from './certificate-manifest.ts';
import { columnSchema } from './column-schema.ts';
import { manifestContacts, manifestContactsSchema } from './contacts-schema.ts';
import { durationSeconds } from './duration.ts';
import {
  afterRotationMachineName,
  controlTableName,
  drillFunctionName,
  functionName,
  operatorFunctionName,
  operatorPolicyName,
  readerPolicyName,
  reencryptionFunctionName,
  reencryptionMachineName,
  secretName,
  secretNameOfArn,
} from './names.ts';
import { isArmed, type RotationConfig } from './rotation-config.ts';
import { scheduleSchema } from './schedule-schema.ts';
import type { ExistingSecret, RotatedConfig, SecretConfig } from './secret-schemas.ts';

const everySecret = {
  /** Its key in the configuration. */
  key: z.string(),
  /** Its name in Secrets Manager, which is also the key of its records in the control table. */
  name: z.string(),
};
const rotated = {
  ...everySecret,
  function: z.string(),
  origin: z.enum(['new', 'adopted']),
  armed: z.boolean(),
  cadenceDays: z.int(),
  leadDays: z.int(),
  /** How long a reader may go on using what it has read, in seconds. */
  readerCacheSeconds: z.int(),
};

export const manifestSecretSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('jwt'),
    ...rotated,
    readers: z.enum(['keyset', 'scalar']),
    /** Signers' cache bound, longest token and leeway, in seconds. */
    acceptForSeconds: z.int(),
    logsEveryoneOut: z.boolean(),
  }),
  z.object({
    kind: z.literal('encryption'),
    ...rotated,
    readers: z.enum(['keyset', 'scalar']),
    database: z.string().optional(),
    columns: z.array(columnSchema),
    /** The function that restores a row from escrow alone; absent without declared columns. */
    drill: z.string().optional(),
    /** Absent: rows stay under the keys they were written with. */
    reencryption: z
      .object({
        /** The function that plans, rewrites, verifies and answers for the job. */
        function: z.string(),
        /** Key of the database secret whose role rewrites the rows. */
        login: z.string(),
        mode: z.enum(['online', 'maintenance']),
        workers: z.int(),
        /** Stops and starts consumers; absent: a person does. */
        consumersHook: z.string().optional(),
        /** Stores that somebody vouches for, by name. */
        stores: z.array(z.string()),
      })
      .optional(),
  }),
  z.object({
    kind: z.literal('database'),
    ...rotated,
    scheme: z.enum(['multiUser', 'singleUser']),
    host: z.string(),
    port: z.int(),
    /** How its consumers connect. Manifests of 0.1 lack it. */
    connection: z.enum(['direct', 'pgbouncer', 'rdsProxy']).optional(),
    dbname: z.string(),
    roles: z.array(z.string()),
    identity: z.string().optional(),
    /** Name of the admin's secret. */
    admin: z.string(),
    /** The operator function of its network. Manifests of 0.1 name none. */
    operator: z.string().optional(),
    /** Can the operator run the bootstrap SQL, or does a person? */
    bootstrap: z.boolean().optional(),
  }),
  z.object({ kind: z.literal('userManaged'), ...everySecret, purpose: z.string() }),
]);
export type ManifestSecret = z.infer<typeof manifestSecretSchema>;
/** A secret that rotates: every kind but userManaged. */
export type RotatedManifestSecret = Exclude<ManifestSecret, { kind: 'userManaged' }>;

export const manifestSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  environment: z.string(),
  region: z.string(),
  controlTable: z.string(),
  afterRotationMachine: z.string(),
  /** Absent: no secret of this deployment re-encrypts rows. */
  reencryptionMachine: z.string().optional(),
  operatorPolicy: z.string(),
  /** Manifests of 0.1 lack it: rotations at any time, announced two hours before. */
  schedule: scheduleSchema.optional(),
  /** Manifests of 0.1 lack it. */
  contacts: manifestContactsSchema.optional(),
  secrets: z.array(manifestSecretSchema),
  consumers: z.array(
    z.object({ name: z.string(), reads: z.array(z.string()), policy: z.string() }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Clocks of signers and verifiers may differ by this much, in seconds. */
const clockLeeway = 60;

/** How long tokens of a replaced signing key are accepted: signers' cache, longest token, leeway. */
export const acceptForSeconds = (secret: { signerCache: string; longestToken: string }): number =>
  durationSeconds(secret.signerCache) + durationSeconds(secret.longestToken) + clockLeeway;

export function manifestOf(config: RotationConfig): Manifest {
  return {
    version: 1,
    name: config.name,
    environment: config.environment,
    region: config.region,
    controlTable: controlTableName(config),
    afterRotationMachine: afterRotationMachineName(config),
    ...(Object.values(config.secrets).some(isReencrypted) && {
      reencryptionMachine: reencryptionMachineName(config),
    }),
    operatorPolicy: operatorPolicyName(config),
    schedule: config.schedule,
    contacts: manifestContacts(config.contacts),
    secrets: Object.keys(config.secrets).map((key) => secretOf(config, key)),
    consumers: config.consumers.map(({ name, reads }) => ({
      name,
      reads: [...reads],
      policy: readerPolicyName(config, name),
    })),
  };
}

/** Do the rows of this secret follow a new key? */
export const isReencrypted = (secret: SecretConfig): boolean =>
  secret.kind === 'encryption' && secret.reencryption !== undefined;

function secretOf(config: RotationConfig, key: string): ManifestSecret {
  const secret = config.secrets[key];
  if (secret === undefined) {
    throw new RangeError(`no secret "${key}" in the configuration`);
  }
  switch (secret.kind) {
    case 'jwt':
      return {
        kind: 'jwt',
        ...rotatedOf(config, key, secret, secret.signerCache),
        readers: secret.readers,
  /** Absent: none is watched. */
  certificates: z.array(manifestCertificateSchema).optional(),
        acceptForSeconds: acceptForSeconds(secret),
        logsEveryoneOut: secret.logsEveryoneOut,
      };
    case 'encryption':
      return {
        kind: 'encryption',
        ...rotatedOf(config, key, secret, secret.readerCache),
        readers: secret.readers,
        ...(secret.database === undefined ? {} : { database: secret.database }),
        columns: secret.columns,
        ...(secret.columns.length > 0 && { drill: drillFunctionName(config, key) }),
        ...(secret.reencryption !== undefined && {
          reencryption: {
            function: reencryptionFunctionName(config, key),
            login: secret.reencryption.login,
            mode: secret.reencryption.mode,
            workers: secret.reencryption.workers,
            ...(secret.reencryption.consumersHook !== undefined && {
              consumersHook: secret.reencryption.consumersHook,
            }),
            stores: secret.reencryption.stores.map(({ name }) => name),
          },
        }),
      };
    case 'database':
      return {
        kind: 'database',
        ...rotatedOf(config, key, secret, secret.readerCache),
    ...(config.certificates?.length && {
      certificates: manifestCertificates(config, config.certificates),
    }),
        scheme: secret.scheme,
        host: secret.host,
        port: secret.port,
        connection: secret.connection,
        dbname: secret.dbname,
        roles: secret.roles,
        ...(secret.identity === undefined ? {} : { identity: secret.identity }),
        admin:
          typeof secret.admin === 'string'
            ? secretName(config, secret.admin)
            : existingName(secret.admin),
        operator: operatorFunctionName(config, secret.network),
        bootstrap:
          secret.bootstrap !== undefined ||
          (typeof secret.admin !== 'string' && isManagedByRds(secret.admin)),
      };
    case 'userManaged':
      return { kind: 'userManaged', key, name: secretName(config, key), purpose: secret.purpose };
  }
}

function rotatedOf(config: RotationConfig, key: string, secret: RotatedConfig, cache: string) {
  return {
    key,
    name: nameOf(config, key),
    function: functionName(config, key),
    origin: secret.adopt === undefined ? ('new' as const) : ('adopted' as const),
    armed: isArmed(secret),
    cadenceDays: secret.cadenceDays,
    leadDays: secret.leadDays,
    readerCacheSeconds: durationSeconds(cache),
  };
}

/** A new secret is named by the configuration, an adopted one keeps the name it has. */
export function nameOf(config: RotationConfig, key: string): string {
  const secret = config.secrets[key];
  return secret !== undefined && secret.kind !== 'userManaged' && secret.adopt !== undefined
    ? existingName(secret.adopt)
    : secretName(config, key);
}

/** Of a secret that stands outside of the stack. */
/** Master secrets that RDS keeps are named `rds!…`; RDS alone changes them, and whoever reads one is master. */
export const isManagedByRds = (secret: ExistingSecret): boolean =>
  existingName(secret).startsWith('rds!');

export const existingName = (secret: ExistingSecret): string =>
  secret.secretName ?? secretNameOfArn(secret.secretArn);
