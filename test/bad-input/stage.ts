/** A rotation function of each kind with a secret in memory: the real handler and the real strategies. */
import { randomBytes } from 'node:crypto';
import type { RotationRecord } from '../../domain/events/control-records.ts';
import type { PostgresDoor } from '../../doors/postgres/door.ts';
import { PostgresUnreachableError } from '../../doors/postgres/errors.ts';
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import { retireRole } from '../../lambdas/database/retire-role.ts';
import type { DatabaseSettings } from '../../lambdas/database/settings.ts';
import { EncryptionStrategy } from '../../lambdas/encryption/encryption-strategy.ts';
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import { type RotationFunction, rotationHandler } from '../../lambdas/rotation/handler.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { recordedLog, settableClock } from '../doors/recorded.ts';
import { rotation } from '../lambdas/rotation-in-memory.ts';
import { type InMemorySecret, inMemorySecret, type Stored } from './in-memory-secret.ts';
import type { Attempt } from './row.ts';

export const kinds = ['jwt', 'encryption', 'database', 'singleUser'] as const;
export type Kind = (typeof kinds)[number];

const region = 'eu-west-1:000000000000';
export const secretArn = `arn:aws:secretsmanager:${region}:secret:pharmacy/prod/secret-AbCdEf`;
export const adminArn = `arn:aws:secretsmanager:${region}:secret:pharmacy/prod/admin-AbCdEf`;
export const functionArn = `arn:aws:lambda:${region}:function:rotation`;
export const secretName = 'pharmacy/prod/secret';
export const currentId = '11111111-1111-4111-8111-111111111111';
export const previousId = '00000000-0000-4000-8000-000000000000';
export const token = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';

export const settings: DatabaseSettings = {
  SCHEME: 'multiUser',
  HOST: 'db.example.com',
  PORT: 5432,
  DBNAME: 'pharmacy',
  MAINTENANCE_DATABASE: 'postgres',
  ROLES: ['app_a', 'app_b'],
  IDENTITY: 'app',
  ADMIN_SECRET_ARN: adminArn,
  DATABASE_URL: 'false',
  VERIFY_TABLES: undefined,
};
const singleUser: DatabaseSettings = {
  ...settings,
  SCHEME: 'singleUser',
  ROLES: ['app_a'],
  IDENTITY: undefined,
};

/** Whatever is refused must be refused before anything is dialled. */
const dialled: string[] = [];
const door: PostgresDoor = {
  async withSession({ host }) {
    dialled.push('postgres.withSession');
    throw new PostgresUnreachableError(host, 'nothing is dialled here');
  },
};
const tools = (of: DatabaseSettings) => ({
  settings: of,
  door,
  ca: '',
  sleep: async () => undefined,
});

// biome-ignore lint/suspicious/noExplicitAny: strategies of different values side by side
type AnyRoom = Omit<RotationFunction<any>, 'environment' | 'doors'>;

const rooms: Record<Kind, () => AnyRoom> = {
  jwt: () => ({
    strategy: new JwtStrategy({
      field: 'JWT_SECRET',
      bits: 512,
      encoding: 'base64',
      acceptForSeconds: 3_600,
    }),
    companions: {},
  }),
  encryption: () => ({
    strategy: new EncryptionStrategy(
      { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' },
      {
        columns: [],
        door,
        endpoint: { host: settings.HOST, port: settings.PORT, dbname: settings.DBNAME, ca: '' },
      },
    ),
    companions: { database: adminArn },
  }),
  database: () => ({
    strategy: new DatabaseStrategy(tools(settings)),
    companions: { admin: adminArn },
    operations: { retireRole: (input, given) => retireRole(input, given, tools(settings)) },
  }),
  singleUser: () => ({
    strategy: new DatabaseStrategy(tools(singleUser)),
    companions: { admin: adminArn },
  }),
};

export const databaseValue = (change: Record<string, unknown> = {}): string =>
  JSON.stringify({
    engine: 'postgres',
    host: settings.HOST,
    port: settings.PORT,
    dbname: settings.DBNAME,
    username: 'app_a',
    password: randomBytes(24).toString('base64url'),
    ...change,
  });

/** A value as the first rotation of this kind stores it. */
export async function goodValue(kind: Kind, username = 'app_a'): Promise<string> {
  if (kind === 'database' || kind === 'singleUser') {
    return databaseValue({ username });
  }
  const { strategy } = rooms.jwt();
  const made = kind === 'jwt' ? strategy : new EncryptionStrategy(encryptionSettings);
  return made.serialize(await made.createSecret({}, rotation('planned')));
}
const encryptionSettings = { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' } as const;

export interface Scene {
  current?: Stored;
  previous?: Stored;
  pending?: Stored;
  companion?: Stored;
  /** Steps this rotation has behind it. @default none: no record either */
  after?: readonly string[];
  stages?: Record<string, string[]>;
  rotationEnabled?: boolean;
  rotationFunction?: string;
  /** Instead of the room of this kind: the same with another target. */
  room?: AnyRoom;
}

/** The attempt: one call of the function over this secret. */
export async function onStage(kind: Kind, scene: Scene, event: unknown): Promise<Attempt> {
  const values = new Map<string, Stored>();
  for (const [versionId, value] of [
    [currentId, scene.current ?? (await goodValue(kind))],
    [previousId, scene.previous],
    [token, scene.pending],
  ] as const) {
    if (value !== undefined) values.set(versionId, value);
  }
  const secret: InMemorySecret = {
    arn: secretArn,
    name: secretName,
    rotationFunction: scene.rotationFunction ?? functionArn,
    rotationEnabled: scene.rotationEnabled ?? true,
    values,
    stages: scene.stages ?? {
      [currentId]: ['AWSCURRENT'],
      ...(scene.previous !== undefined && { [previousId]: ['AWSPREVIOUS'] }),
      [token]: ['AWSPENDING'],
    },
    companions: scene.companion === undefined ? {} : { [adminArn]: scene.companion },
  };
  const controlTable = inMemoryControlTable();
  if (scene.after !== undefined) {
    await controlTable.fixRotation(secretName, recordAfter(scene.after));
  }
  const log = recordedLog();
  const writes: string[] = [];
  const handler = rotationHandler({
    environment: { SECRET_ARN: secretArn, SECRET_NAME: secretName, ARMED: 'true' },
    doors: {
      secretsManager: counted('secretsManager', inMemorySecret(secret), writes),
      controlTable: counted('controlTable', controlTable, writes, notes),
      kmsRandom: { bytes: async (count) => randomBytes(count) },
      localRandom: { bytes: async (count) => randomBytes(count) },
      clock: settableClock('2026-05-17T17:00:02Z'),
      log,
    },
    ...(scene.room ?? rooms[kind]()),
  });
  const dials = dialled.length;
  return {
    work: () => handler(event, { invokedFunctionArn: functionArn }),
    writes: () => [...writes, ...dialled.slice(dials)],
    state: () => ({
      values: [...secret.values].filter(([, value]) => value !== undefined),
      labels: Object.entries(secret.stages).filter(([id]) => id !== token || values.has(token)),
    }),
    told: async () => [log.lines, await controlTable.getRotation(secretName, token)],
  };
}

export const step = (name: unknown, change: Record<string, unknown> = {}): object => ({
  Step: name,
  SecretId: secretArn,
  ClientRequestToken: token,
  ...change,
});

function recordAfter(steps: readonly string[]): RotationRecord {
  const at = '2026-05-17T17:00:00.000Z';
  return {
    token,
    intent: 'planned',
    basedOn: currentId,
    provenance: { intent: 'planned', token, attributed: false },
    at,
    steps: Object.fromEntries(steps.map((name) => [name, { at, milliseconds: 1, outcome: name }])),
    evidence: [],
  };
}

const reads = /^(describe|get|list|everPromoted|bytes|isRunning)/;

/** Into the record this rotation has: how long a step took, or why it failed. Told, and searched. */
const notes = /^updateRotation$/;

/** The door, with every method that is no read put down in `writes`. */
export function counted<Door extends object>(
  name: string,
  door: Door,
  writes: string[],
  uncounted = reads,
): Door {
  return new Proxy(door, {
    get(target, property, receiver) {
      const method = Reflect.get(target, property, receiver);
      if (
        typeof method !== 'function' ||
        [reads, uncounted].some((free) => free.test(String(property)))
      ) {
        return method;
      }
      return (...args: unknown[]) => {
        writes.push(`${name}.${String(property)}`);
        return method.apply(target, args);
      };
    },
  });
}
