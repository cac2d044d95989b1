/** What the process is told by its environment. None of it is secret: secrets are named here, and read while it runs. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';

const number = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const environmentSchema = z.object({
  /** Also read by the AWS SDK itself, with the credentials of the task. */
  AWS_REGION: z.string().min(1),
  JWT_SECRET_ID: z.string().min(1),
  ENCRYPTION_SECRET_ID: z.string().min(1),
  DATABASE_SECRET_ID: z.string().min(1),
  /** Whoever brings its value may see versions and keys: `health.bearer` of rotation.config.ts. */
  HEALTH_SECRET_ID: z.string().min(1).optional(),
  /** Where to connect is the deployment's word, not the secret's. */
  DATABASE_HOST: z.string().min(1),
  DATABASE_PORT: number(1, 65_535).default(5432),
  DATABASE_NAME: z.string().min(1),
  /** A file of authorities, as PEM; those of Node.js without it. RDS: global-bundle.pem. */
  DATABASE_CA_FILE: z.string().min(1).optional(),
  DATABASE_CONNECTIONS: number(1, 200).default(10),
  /** How long a connection is used: a session keeps the credential it began with. */
  DATABASE_CONNECTION_SECONDS: number(1, 86_400).default(600),
  /** `readerCache` and `signerCache` of the secrets in rotation.config.ts: a rotation waits so long. */
  READER_CACHE_SECONDS: number(3, 3_600).default(300),
  /** Not longer than `longestToken` of the jwt secret in rotation.config.ts. */
  TOKEN_SECONDS: number(1, 31_536_000).default(3_600),
  /** log2 of scrypt's N for passwords that are set from now on. */
  PASSWORD_COST: number(14, 20).default(17),
  /** In a container: 0.0.0.0. */
  HOST: z.string().min(1).default('127.0.0.1'),
  /** 0: a free one, told in the log. */
  PORT: number(0, 65_535).default(3000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export interface Configuration {
  readonly secretIds: {
    readonly tokens: string;
    readonly fields: string;
    readonly database: string;
    readonly health?: string;
  };
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    readonly ca?: string;
    readonly connections: number;
    readonly connectionSeconds: number;
  };
  readonly readerCacheSeconds: number;
  readonly tokenSeconds: number;
  readonly passwordCost: number;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
}

/** The names of the variables that are missing or wrong, not what they hold. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  constructor(issues: readonly z.core.$ZodIssue[]) {
    const lines = issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
    super(`The environment is not what it should be:\n${lines.join('\n')}`);
  }
}

/** @throws ConfigurationError; what the file system says of DATABASE_CA_FILE */
export function configurationOf(
  environment: Readonly<Record<string, string | undefined>>,
): Configuration {
  const read = environmentSchema.safeParse(environment);
  if (!read.success) {
    throw new ConfigurationError(read.error.issues);
  }
  const told = read.data;
  return {
    secretIds: {
      tokens: told.JWT_SECRET_ID,
      fields: told.ENCRYPTION_SECRET_ID,
      database: told.DATABASE_SECRET_ID,
      ...(told.HEALTH_SECRET_ID !== undefined && { health: told.HEALTH_SECRET_ID }),
    },
    database: {
      host: told.DATABASE_HOST,
      port: told.DATABASE_PORT,
      name: told.DATABASE_NAME,
      ...(told.DATABASE_CA_FILE !== undefined && {
        ca: readFileSync(told.DATABASE_CA_FILE, 'utf8'),
      }),
      connections: told.DATABASE_CONNECTIONS,
      connectionSeconds: told.DATABASE_CONNECTION_SECONDS,
    },
    readerCacheSeconds: told.READER_CACHE_SECONDS,
    tokenSeconds: told.TOKEN_SECONDS,
    passwordCost: told.PASSWORD_COST,
    host: told.HOST,
    port: told.PORT,
    logLevel: told.LOG_LEVEL,
  };
}
