/**
 * The manifest: what the stack tells cadence, operator and CLI about itself, through SSM. They read it
 * instead of `rotation.config.ts`, so that on-call needs no checkout. Names and numbers, never a value.
 */
import * as z from 'zod';
import { manifestCertificateSchema, manifestCertificates } from './certificate-manifest.ts';
import { columnSchema } from './column-schema.ts';
import { manifestConsumer, manifestRollout, manifestSync } from './consumer-manifest.ts';
import { isRolledOut } from './consumer-schema.ts';
import { manifestContacts, manifestContactsSchema } from './contacts-schema.ts';
import { durationSeconds } from './duration.ts';
import { manifestEmergency, manifestEmergencySchema } from './emergency-manifest.ts';
import { lateSignersSeconds } from './late-signers.ts';
import {
  afterRotationMachineName,
  controlTableName,
  drillFunctionName,
  functionName,
  inboxName,
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
import {
  type ExistingSecret,
  hasInbox,
  type RotatedConfig,
  type SecretConfig,
  type UserManagedConfig,
} from './secret-schemas.ts';

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
  z
    .object({
      kind: z.literal('userManaged'),
      ...everySecret,
      purpose: z.string(),
      /** Manifests of 0.1 lack it: nobody is reminded. */
      remindDays: z.int().optional(),
      /** Absent: its owners write the secret itself, and nothing rotates it. */
      inbox: z.object({ name: z.string() }).optional(),
      function: rotated.function.optional(),
      origin: rotated.origin.optional(),
      armed: rotated.armed.optional(),
      readerCacheSeconds: rotated.readerCacheSeconds.optional(),
    })
    .refine(
      ({ inbox, function: room, origin, armed, readerCacheSeconds }) =>
        inbox === undefined ||
        [room, origin, armed, readerCacheSeconds].every((member) => member !== undefined),
      { path: ['inbox'], message: 'what every secret that rotates has, beside an inbox' },
    ),
]);
export type ManifestSecret = z.infer<typeof manifestSecretSchema>;
export type UserManagedManifestSecret = Extract<ManifestSecret, { kind: 'userManaged' }>;
/** A user-managed secret that rotates: when its owners have put another value into its inbox, at no age. */
export interface InboxManifestSecret extends UserManagedManifestSecret {
  inbox: { name: string };
  function: string;
  origin: 'new' | 'adopted';
  armed: boolean;
  readerCacheSeconds: number;
  cadenceDays?: undefined;
  leadDays?: undefined;
}
/** A secret that rotates when it reaches an age. */
export type RotatedByAge = Exclude<ManifestSecret, UserManagedManifestSecret>;
/** A secret that rotates, through the four steps of a function of its own. */
export type RotatedManifestSecret = RotatedByAge | InboxManifestSecret;

export const isRotated = (secret: ManifestSecret): secret is RotatedManifestSecret =>
  secret.kind !== 'userManaged' || secret.inbox !== undefined;

/** Names of every secret the deployment has, inboxes included. */
export const secretNames = ({ secrets }: Pick<Manifest, 'secrets'>): ReadonlySet<string> =>
  new Set(
    secrets.flatMap((secret) =>
      secret.kind === 'userManaged' && secret.inbox !== undefined
        ? [secret.name, secret.inbox.name]
        : [secret.name],
    ),
  );

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
  /** Absent: none is watched. */
  certificates: z.array(manifestCertificateSchema).optional(),
  secrets: z.array(manifestSecretSchema),
  consumers: z.array(
    z.object({
      name: z.string(),
      reads: z.array(z.string()),
      policy: z.string(),
      /** How it is restarted, in short (`ecs cluster/service`); absent: nothing restarts it. */
      restart: z.string().optional(),
      learns: z.enum(['refresh', 'restart']).optional(),
      /** The function that asks whether it is well; absent: nobody asks. */
      health: z.string().optional(),
    }),
  ),
  /** Absent: nothing restarts a consumer of this deployment or asks whether it is well. */
  rollout: z
    .object({
      machine: z.string(),
      function: z.string(),
      /** Names of consumers, in the order in which they get a new value; what is in one list is dealt with at once. */
      waves: z.array(z.object({ consumers: z.array(z.string()), pauseSeconds: z.int() })),
      onFailure: z.enum(['rollBack', 'stop']),
      holdSeconds: z.int(),
      /** Is the previous release redeployed after a rollback? */
      redeploy: z.boolean(),
    })
    .optional(),
  /** Places that are given copies; absent: none. */
  sync: z
    .object({
      function: z.string(),
      targets: z.array(
        z.object({
          secret: z.string(),
          target: z.string(),
          /** Key of the secret that lets us write there, where one does. */
          credential: z.string().optional(),
        }),
      ),
    })
    .optional(),
  /** Manifests of 0.1 lack it: what was deployed with them knows no emergency but a rotation with that intent. */
  emergency: manifestEmergencySchema.optional(),
  /** What a person could read, as `triggers.offboarding.people` says; absent: nobody is named. */
  people: z.record(z.string(), z.array(z.string())).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Clocks of signers and verifiers may differ by this much, in seconds. */
const clockLeeway = 60;

/**
 * How long tokens of a replaced signing key are accepted: signers' cache, or until the last signer that learns by a
 * start is started (`lateSignersSeconds`), whichever is later; longest token, leeway.
 */
export const acceptForSeconds = (
  secret: { signerCache: string; longestToken: string },
  lateSeconds: number,
): number =>
  Math.max(durationSeconds(secret.signerCache), lateSeconds) +
  durationSeconds(secret.longestToken) +
  clockLeeway;

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
    ...(config.certificates?.length && {
      certificates: manifestCertificates(config, config.certificates),
    }),
    secrets: Object.keys(config.secrets).map((key) => secretOf(config, key)),
    consumers: config.consumers.map((consumer) => ({
      name: consumer.name,
      reads: [...consumer.reads],
      policy: readerPolicyName(config, consumer.name),
      ...manifestConsumer(config, consumer),
    })),
    ...(config.consumers.some(isRolledOut) && { rollout: manifestRollout(config) }),
    ...(config.sync.length > 0 && { sync: manifestSync(config) }),
    emergency: manifestEmergency(config),
    ...(config.triggers?.offboarding && { people: config.triggers.offboarding.people }),
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
        acceptForSeconds: acceptForSeconds(secret, lateSignersSeconds(config, key)),
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
      return userManagedOf(config, key, secret);
  }
}

function userManagedOf(
  config: RotationConfig,
  key: string,
  secret: UserManagedConfig,
): UserManagedManifestSecret {
  const { purpose, remindDays } = secret;
  return {
    kind: 'userManaged',
    key,
    name: secretName(config, key),
    purpose,
    remindDays,
    ...(hasInbox(secret) && {
      inbox: { name: inboxName(config, key) },
      function: functionName(config, key),
      origin: 'new',
      armed: true,
      readerCacheSeconds: durationSeconds(secret.inbox.readerCache),
    }),
  };
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
