/** The secrets of a deployment as props: the words of `rotation.config.ts`, with constructs where it has ARNs. */
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { AcceptedFormat, WrittenFormat } from '../domain/config/format-schema.ts';

/** An existing secret by its ARNs, which may be known at deployment only. */
export interface ExistingSecretArns {
  /** Full ARN, with the six characters Secrets Manager appends. */
  readonly secretArn: string;

  /** ARN of the customer managed key it is encrypted with. */
  readonly kmsKeyArn: string;

  /**
   * Its name.
   *
   * @default - taken from `secretArn`, which must then be known at synthesis
   */
  readonly secretName?: string;
}

/** An existing secret as a construct, with the key its import does not know. */
export interface ExistingSecretConstruct {
  /** The secret, owned by the app or imported with its complete ARN. */
  readonly secret: ISecret;

  /**
   * The customer managed key it is encrypted with.
   *
   * @default - `secret.encryptionKey`
   */
  readonly encryptionKey?: IKey;

  /**
   * Its name.
   *
   * @default - taken from the construct that makes it, or from its ARN
   */
  readonly secretName?: string;
}

/** A secret that stands outside of the construct. */
export type ExistingSecret = ISecret | ExistingSecretConstruct | ExistingSecretArns;

/** What every secret that rotates may be told. */
export interface RotatedProps {
  /**
   * An existing secret, taken over where it stands.
   *
   * @default - a new secret is made
   */
  readonly adopt?: ExistingSecret;

  /**
   * Whether it is rotated on schedule.
   *
   * @default - true for a new secret, false for an adopted one
   */
  readonly armed?: boolean;

  /** Days from one rotation to the next, at most. */
  readonly cadenceDays: number;

  /**
   * Days before the limit at which it is rotated.
   *
   * @default 5
   */
  readonly leadDays?: number;
}

/** What a secret that holds a keyset may be told. */
export interface KeysetProps extends RotatedProps {
  /** Flat field of the value that holds the primary key, such as `JWT_SECRET`. */
  readonly field: string;

  /** How the key is written as text; no rotation changes it. */
  readonly encoding: 'base64' | 'base64url' | 'hex' | 'text';

  /** `keyset`: the client library or the whole JSON; `scalar`: one variable with one key. */
  readonly readers: 'keyset' | 'scalar';
}

/** The signing secret of an application's tokens. */
export interface JwtProps extends KeysetProps {
  /** The kind of secret. */
  readonly kind: 'jwt';

  /** Size of the key in bits: HS256, HS384 or HS512. */
  readonly bits: 256 | 384 | 512;

  /** The longest life of a token signed with this key, such as `30d`. */
  readonly longestToken: string;

  /**
   * How long a signer may go on using the key it has read.
   *
   * @default 5m
   */
  readonly signerCache?: string;

  /**
   * Scalar readers know one key: every rotation ends every session, and this says that it may.
   *
   * @default false
   */
  readonly logsEveryoneOut?: boolean;
}

/** A column with ciphertext. */
export interface ColumnProps {
  /** Logical name, authenticated with every value, such as `patients.ssn`. */
  readonly id: string;

  /** Table as `schema.table`. */
  readonly table: string;

  /** Column of that table. */
  readonly column: string;

  /** What is written: a format whose values name their key. */
  readonly format: WrittenFormat;

  /**
   * Older formats that are still there, with their settings: read, and rewritten in `format`.
   *
   * @default - none
   */
  readonly accepts?: readonly AcceptedFormat[];

  /** What a ciphertext is bound to: nothing, its column, or its column and row. */
  readonly profile: 'none' | 'column' | 'row';

  /**
   * Profile `row`: the columns of the primary key, in order.
   *
   * @default - none
   */
  readonly primaryKey?: readonly string[];

  /**
   * Of a `json` or `jsonb` column: the members that lead to the value, none of them the index of an array.
   *
   * @default - the column is the value
   */
  readonly path?: readonly string[];

  /**
   * A value of no known format: `quarantine` takes it for damage, `seal` for plaintext from before.
   *
   * @default quarantine
   */
  readonly plaintext?: 'quarantine' | 'seal';

  /**
   * How a re-encryption walks over the table: by primary key, or by the place of a row where keys say nothing of it.
   *
   * @default auto
   */
  readonly walk?: 'auto' | 'key' | 'ctid';
}

/** Somewhere else ciphertext of a key lies, where nobody can count it from here. */
export interface StoreProps {
  /** What `quarterturn reencrypt attest` calls it. */
  readonly name: string;

  /** How long its longest-lived copy keeps a row, such as `35d`, or `forever`: then no key is ever pruned. */
  readonly backupRetention: string;
}

/** How rows follow a new encryption key. */
export interface ReencryptionProps {
  /** Key of a database secret of the same database that no consumer reads: its role rewrites the rows. */
  readonly login: string;

  /**
   * `online`: rows are rewritten while applications read and write; `maintenance`: consumers are stopped,
   * rows are rewritten under the published key, which is then activated.
   *
   * @default online
   */
  readonly mode?: 'online' | 'maintenance';

  /**
   * Mode `maintenance`: an https URL that is asked to stop consumers before rows move, and to start them afterwards.
   *
   * @default a person stops and starts them
   */
  readonly consumersHook?: string;

  /**
   * Workers at once, one to two times the vCPUs of the database; 64 at most.
   *
   * @default 2
   */
  readonly workers?: number;

  /** How long the longest-lived copy of the database keeps a row, such as `35d`, or `forever`: then no key is ever pruned. */
  readonly backupRetention: string;

  /**
   * Where else ciphertext of this key lies: somebody vouches for each.
   *
   * @default []
   */
  readonly stores?: readonly StoreProps[];
}

/** The key an application encrypts fields with. */
export interface EncryptionProps extends KeysetProps {
  /** The kind of secret. */
  readonly kind: 'encryption';

  /** Size of the key in bits. */
  readonly bits: 256;

  /**
   * How long a reader may go on using the keyset it has read.
   *
   * @default 5m
   */
  readonly readerCache?: string;

  /**
   * Key of the database secret whose credential reads the declared columns.
   *
   * @default - no columns are declared
   */
  readonly database?: string;

  /**
   * The columns it encrypts.
   *
   * @default []
   */
  readonly columns?: readonly ColumnProps[];

  /**
   * How the rows of these columns follow a new key.
   *
   * @default - they stay under the keys they were written with, which stay in the keyset
   */
  readonly reencryption?: ReencryptionProps;
}

/** A PostgreSQL login. */
export interface DatabaseProps extends RotatedProps {
  /** The kind of secret. */
  readonly kind: 'database';

  /** `multiUser` alternates two login roles, `singleUser` changes one in place. */
  readonly scheme: 'multiUser' | 'singleUser';

  /** Host name of the server; may be known at deployment only. */
  readonly host: string;

  /**
   * Port of the server; may be known at deployment only.
   *
   * @default 5432
   */
  readonly port?: number;

  /**
   * How consumers connect: to the server, or through PgBouncer or RDS Proxy, which then have to accept a
   * credential before it counts. RDS Proxy needs scheme `singleUser`.
   *
   * @default direct
   */
  readonly connection?: 'direct' | 'pgbouncer' | 'rdsProxy';

  /**
   * Host and port of every pooler the consumers connect to; both may be known at deployment only.
   *
   * @default - none, as `direct` expects
   */
  readonly endpoints?: readonly { readonly host: string; readonly port: number }[];

  /** Database the application logs in to. */
  readonly dbname: string;

  /**
   * Database in which every rotation of the cluster takes its lock.
   *
   * @default postgres
   */
  readonly maintenanceDatabase?: string;

  /** Login roles that are rotated: two for `multiUser`, one for `singleUser`. */
  readonly roles: readonly string[];

  /**
   * `multiUser`: the role whose rights the login roles use.
   *
   * @default - none, as `singleUser` expects
   */
  readonly identity?: string;

  /** The rotator role's secret: the key of a `userManaged` secret, or an existing secret. */
  readonly admin: string | ExistingSecret;

  /**
   * The rotator role, which `quarterturn adopt` makes and keeps in the admin's secret.
   *
   * @default quarterturn_rotator
   */
  readonly rotator?: string;

  /**
   * The master user's secret, with which `quarterturn adopt` makes the roles.
   *
   * @default - a person runs the SQL that `adopt` prints
   */
  readonly bootstrap?: ExistingSecret;

  /**
   * Keep `DATABASE_URL` in the value in step with the credential.
   *
   * @default false
   */
  readonly databaseUrl?: boolean;

  /**
   * Tables (`schema.table`) whose row-level security the login roles must see as the identity does.
   *
   * @default - none
   */
  readonly verifyTables?: readonly string[];

  /**
   * How long a reader may go on using the credential it has read.
   *
   * @default 5m
   */
  readonly readerCache?: string;

  /**
   * Trusted authorities: those RDS publishes, a PEM file, or PEM text.
   *
   * @default rds
   */
  readonly ca?: 'rds' | { readonly file: string } | { readonly pem: string };

  /**
   * Key of the network its functions run in.
   *
   * @default - outside of every VPC
   */
  readonly network?: string;
}

/** The request whose status says whether a value works. Its answer is not read, redirects are not followed. */
export interface ProbeProps {
  /**
   * Method of the request.
   *
   * @default GET
   */
  readonly method?: 'GET' | 'HEAD' | 'POST';

  /** An https URL of a public host, without the value in it; in an environment `dev` private hosts, too. */
  readonly url: string;

  /** Headers by name; exactly one of them holds `{{value}}`, once. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Sent as JSON, with method POST.
   *
   * @default - no body
   */
  readonly body?: Readonly<Record<string, unknown>>;

  /**
   * Statuses that say that the value works, of 200 to 299.
   *
   * @default 200
   */
  readonly expect?: readonly number[];

  /**
   * Seconds to wait for an answer, of 1 to 10; it is asked for three times.
   *
   * @default 5
   */
  readonly timeoutSeconds?: number;

  /**
   * Trusted authorities: a PEM file, or PEM text.
   *
   * @default - those Node.js ships
   */
  readonly ca?: { readonly file: string } | { readonly pem: string };
}

/** Where the owners of a user-managed secret put its next value. */
export interface InboxProps {
  /** ARNs of the roles or users that may put a value, and read none. */
  readonly owners: readonly string[];

  /**
   * The value is a JSON object, and this member of it is what is tested.
   *
   * @default - the value is one line of text
   */
  readonly field?: string;

  /** How a value is tested before it is used. */
  readonly probe: ProbeProps;

  /**
   * How long a reader may go on using the value it has read.
   *
   * @default 5m
   */
  readonly readerCache?: string;
}

/** A secret whose owners change its value, as needed. */
export interface UserManagedProps {
  /** The kind of secret. */
  readonly kind: 'userManaged';

  /** What it is for, as reminders and the report say it. */
  readonly purpose: string;

  /**
   * Once its value is this many days old, somebody is reminded, once a day.
   *
   * @default 90
   */
  readonly remindDays?: number;

  /**
   * Where its owners put the next value, which is tested before it is used.
   *
   * @default - its owners write the secret itself, and nothing tests it
   */
  readonly inbox?: InboxProps;
}

/** A secret of a deployment. */
export type SecretProps = JwtProps | EncryptionProps | DatabaseProps | UserManagedProps;
