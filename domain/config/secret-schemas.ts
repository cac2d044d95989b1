/** The four kinds of secret of `rotation.config.ts`. */
import * as z from 'zod';
import { columnSchema, identifier, table } from './column-schema.ts';
import { durationSchema } from './duration.ts';
import { inboxSchema } from './inbox-schema.ts';
import { secretNameOfArn } from './names.ts';
import { reencryptionSchema } from './reencryption-schema.ts';

const kmsKeyArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
    'the full ARN of a KMS key (arn:aws:kms:<region>:<account>:key/<id>)',
  );
const secretArn = z.string().refine(
  (arn) => {
    try {
      return secretNameOfArn(arn).length > 0;
    } catch {
      return false;
    }
  },
  {
    error:
      'the full ARN of a secret (arn:aws:secretsmanager:<region>:<account>:secret:<name>-<six characters>)',
    // What compares it with other fields would ask for its name again, and throw.
    abort: true,
  },
);

/** A secret that stands outside of this stack, and the customer managed key it is encrypted with. */
export const existingSecretSchema = z
  .strictObject({
    secretArn,
    kmsKeyArn,
    /** Its name; needed where the ARN is known at deployment only. */
    secretName: z.string().min(1).max(512).optional(),
  })
  .refine(
    ({ secretArn: arn, secretName }) =>
      secretName === undefined || secretName === secretNameOfArn(arn),
    { path: ['secretName'], message: 'the name in secretArn, or no secretName' },
  );
export type ExistingSecret = z.infer<typeof existingSecretSchema>;

const days = (limit: number) => z.int().min(7).max(limit);

const rotated = {
  /** An existing secret, taken over where it stands; absent: the stack makes a new one. */
  adopt: existingSecretSchema.optional(),
  /** May it be rotated on schedule? Default: yes for a new secret, no for an adopted one. */
  armed: z.boolean().optional(),
  /** Days before the limit at which cadence rotates. */
  leadDays: z.int().min(1).max(60).default(5),
};

const keyset = {
  /** The flat field of the value that holds the primary key. */
  field: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'the name of an environment variable')
    .refine((field) => field !== 'keyset', 'another name: "keyset" holds the keys'),
  encoding: z.enum(['base64', 'base64url', 'hex', 'text']),
  /** `keyset`: the client library or the whole JSON; `scalar`: one variable, one key. */
  readers: z.enum(['keyset', 'scalar']),
};

export const jwtSchema = z.strictObject({
  kind: z.literal('jwt'),
  ...rotated,
  ...keyset,
  /** Size of the key; HS256, HS384 or HS512 (RFC 7518, 3.2: a key of the hash's size or larger). */
  bits: z.literal([256, 384, 512]),
  cadenceDays: days(180),
  /** How long a signer may go on using the key it has read. */
  signerCache: durationSchema(1).default('5m'),
  /** The longest life of a token signed with this key, refresh tokens included if they are JWTs. */
  longestToken: durationSchema(400),
  /** Scalar readers know one key: every rotation ends every session. */
  logsEveryoneOut: z.boolean().default(false),
});

export const encryptionSchema = z.strictObject({
  kind: z.literal('encryption'),
  ...rotated,
  ...keyset,
  bits: z.literal(256),
  cadenceDays: days(90),
  /** How long a reader may go on using the keyset it has read. */
  readerCache: durationSchema(1).default('5m'),
  /** The database secret whose credential reads the declared columns. */
  database: z.string().optional(),
  columns: z.array(columnSchema).default([]),
  reencryption: reencryptionSchema.optional(),
});

export const databaseSchema = z.strictObject({
  kind: z.literal('database'),
  ...rotated,
  /** AWS's words: `multiUser` alternates two login roles, `singleUser` changes one in place. */
  scheme: z.enum(['multiUser', 'singleUser']),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535).default(5432),
  /** How consumers connect: to the server, or through poolers, which then accept a credential before it counts. */
  connection: z.enum(['direct', 'pgbouncer', 'rdsProxy']).default('direct'),
  /** The poolers; `host` and `port` stay the server's, where roles are changed. */
  endpoints: z
    .array(
      z.strictObject({
        host: z.string().min(1).max(253),
        port: z.int().min(1).max(65_535),
      }),
    )
    .min(1)
    .max(10)
    .optional(),
  dbname: z.string().regex(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/, 'a database name, 63 bytes at most'),
  /** Every rotation of a cluster takes its lock here. */
  maintenanceDatabase: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/, 'a database name, 63 bytes at most')
    .default('postgres'),
  roles: z.array(identifier).min(1).max(2),
  /** multiUser: the role whose rights the login roles use. */
  identity: identifier.optional(),
  /** The rotator role's secret: a userManaged secret of this configuration, or one outside of it. */
  admin: z.union([z.string(), existingSecretSchema]),
  /** The rotator role, which `adopt` makes and keeps in the admin secret. */
  rotator: identifier.default('quarterturn_rotator'),
  /**
   * The master user's secret, which the operator function reads to run the bootstrap SQL of `adopt`;
   * no rotation reads it. Absent: a person runs the SQL that `adopt` prints.
   */
  bootstrap: existingSecretSchema.optional(),
  /** Keep `DATABASE_URL` in the value in step with the credential. */
  databaseUrl: z.boolean().default(false),
  /** Tables whose row-level security the login roles must see as the identity does. */
  verifyTables: z.array(table).min(1).max(20).optional(),
  cadenceDays: days(180),
  /** How long a reader may go on using the credential it has read. */
  readerCache: durationSchema(1).default('5m'),
  /** Trusted authorities: those RDS publishes, a PEM file beside the configuration, or PEM text. */
  ca: z
    .union([
      z.literal('rds'),
      z.strictObject({ file: z.string().min(1) }),
      z.strictObject({ pem: z.string().min(1) }),
    ])
    .default('rds'),
  /** Key of the network its functions run in; absent: outside of every VPC. */
  network: z.string().optional(),
});

/** Held here, changed by its owners, as needed. */
export const userManagedSchema = z.strictObject({
  kind: z.literal('userManaged'),
  /** What it is for, as reminders and the report say it. */
  purpose: z.string().min(1).max(1024),
  /** Once its value is this old, its owners are reminded. */
  remindDays: z.int().min(1).max(3_650).default(90),
  /** Where its owners put the next value, which is tested before it is used; absent: they write the secret itself. */
  inbox: inboxSchema.optional(),
});

export const secretSchema = z.discriminatedUnion('kind', [
  jwtSchema,
  encryptionSchema,
  databaseSchema,
  userManagedSchema,
]);

export type JwtConfig = z.infer<typeof jwtSchema>;
export type EncryptionConfig = z.infer<typeof encryptionSchema>;
export type DatabaseConfig = z.infer<typeof databaseSchema>;
export type UserManagedConfig = z.infer<typeof userManagedSchema>;
export type SecretConfig = z.infer<typeof secretSchema>;
/** A secret that rotates when it reaches an age. */
export type RotatedConfig = Exclude<SecretConfig, UserManagedConfig>;
/** A secret that rotates when its owners have put another value into its inbox. */
export type InboxConfig = UserManagedConfig & {
  inbox: NonNullable<UserManagedConfig['inbox']>;
};

export const hasInbox = (secret: SecretConfig): secret is InboxConfig =>
  secret.kind === 'userManaged' && secret.inbox !== undefined;
