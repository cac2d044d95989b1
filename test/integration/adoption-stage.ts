/**
 * An account as it stands before Quarterturn: secrets of every kind, some of which cannot be taken over, and a
 * PostgreSQL whose master user is no superuser. The stack that adopts them is deployed unarmed, then armed.
 */
import { execFile } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { OpenDeployment } from '../../cli/command.ts';
import { buildFunctions, synthesize } from '../../demo/assembly.ts';
import { manifestParameterName } from '../../domain/config/names.ts';
import { defineRotation, type RotationConfig } from '../../domain/config/rotation-config.ts';
import {
  controlTableWith,
  type ExplicitAccess,
  emergenciesWith,
  parametersWith,
  secretsManagerWith,
  triggersWith,
} from '../../doors/explicit-access.ts';
import { functions } from '../../doors/functions.ts';
import { manifestAt } from '../../doors/manifest.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { type Credentials, type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { type CommandOutcome, runCommand } from '../cli/run-command.ts';
import { Cluster, newPassword } from '../lambdas/operator/cluster.ts';
import { runScript } from '../synthesizer/run-script.ts';

const account = '000000000000';
const region = 'eu-west-1';
const suffix = 'AbCdEf';
const arn = (name: string) =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
const keyId = '11111111-2222-4333-8444-555555555555';
export const kmsKeyArn = `arn:aws:kms:${region}:${account}:key/${keyId}`;
const otherKeyId = '99999999-2222-4333-8444-555555555555';
const adopt = (name: string) => ({ secretArn: arn(name), kmsKeyArn });
export const masterSecret = 'rds!cluster-3bea3cf2-0b5f-436f-a6a1-97aad29da293';

/** The account's own keys let IAM decide, as the console makes them. */
const keyPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Enable IAM User Permissions',
      Effect: 'Allow' as const,
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};

/** Secrets that cannot be taken over as they are, by the refusal they meet. */
export const unadoptable = {
  owned: masterSecret,
  replica: 'old/replica',
  plainKey: 'old/default-key',
  otherKey: 'old/other-key',
  policied: 'old/policied',
  deleted: 'old/deleted',
  scheduled: 'old/scheduled',
  binary: 'old/binary',
} as const;

/** Each takes a function of its own: `npm run proof` has them all, `npm test` those that need a real service. */
export const playedRefusals: readonly (keyof typeof unadoptable)[] =
  process.env.PROOF === 'full'
    ? (Object.keys(unadoptable) as (keyof typeof unadoptable)[])
    : ['owned', 'policied', 'scheduled', 'binary'];

export class AdoptionStage {
  readonly cluster: Cluster;
  readonly sandbox: Sandbox;
  readonly jwtKey = randomBytes(64).toString('base64');
  readonly fieldKey = randomBytes(32);
  readonly passwords: { app: string; legacy: string };
  readonly onCall: Credentials;
  readonly #ownerKey: Credentials;
  readonly #directory: string;
  readonly #owner: SecretsManagerClient;
  readonly #operator: SecretsManagerClient;
  readonly #armed: string;
  readonly #scope = { name: 'pharmacy', environment: 'dev' };
  readonly #close: () => Promise<void>;

  private constructor(parts: {
    cluster: Cluster;
    passwords: { app: string; legacy: string };
    sandbox: Sandbox;
    directory: string;
    armed: string;
    close: () => Promise<void>;
  }) {
    this.cluster = parts.cluster;
    this.passwords = parts.passwords;
    this.sandbox = parts.sandbox;
    this.#armed = parts.armed;
    this.#directory = parts.directory;
    this.#close = parts.close;
    const { sandbox } = parts;
    // One policy, or several when it is long.
    const managedPolicies = [...sandbox.resources]
      .filter(([id, { type }]) => type === 'AWS::IAM::ManagedPolicy' && /^Operator/.test(id))
      .map(([id]) => id);
    this.onCall = sandbox.createPrincipal('on-call', { managedPolicies });
    const all = { Effect: 'Allow' as const, Action: ['secretsmanager:*', 'kms:*'], Resource: '*' };
    this.#ownerKey = sandbox.createPrincipal('owner', {
      policies: [{ Version: '2012-10-17', Statement: [all] }],
    });
    this.#owner = new SecretsManagerClient(this.access(this.#ownerKey));
    this.#operator = new SecretsManagerClient(this.access(this.onCall));
  }

  static async start(version?: { bin: string } | 'embedded'): Promise<AdoptionStage> {
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const directory = mkdtempSync(join(tmpdir(), 'quarterturn-adoption-'));
    const { signal } = new AbortController();
    const closing = [async () => rmSync(directory, { recursive: true, force: true })];
    const close = async () => {
      for (const end of closing.splice(0).reverse()) {
        await end();
      }
    };
    try {
      const [cluster] = await Promise.all([
        Cluster.start(version === undefined ? {} : { version }),
        buildFunctions(signal, runScript),
      ]);
      closing.push(() => cluster.stop());
      const passwords = await application(cluster);
      const made = (armed: boolean, name: string) =>
        synthesize(
          configOf(cluster, armed),
          cluster.server.ca,
          join(directory, name),
          signal,
          runScript,
        );
      const [unarmed, armed] = await Promise.all([made(false, 'unarmed'), made(true, 'armed')]);
      const keys = { jwt: randomBytes(64).toString('base64'), field: randomBytes(32) };
      const sandbox = await startSandbox({
        assembly: unarmed,
        clock: { start: new Date('2026-01-05T03:00:10Z'), mode: 'manual' },
        existing: existing(cluster, passwords, keys),
      });
      closing.push(() => sandbox.stop());
      await sandbox.clock.idle();
      const stage = new AdoptionStage({ cluster, passwords, sandbox, directory, armed, close });
      Object.assign(stage, { jwtKey: keys.jwt, fieldKey: keys.field });
      return stage;
    } catch (error) {
      await close();
      throw error;
    }
  }

  stop = () => this.#close();

  access(credentials: Credentials): ExplicitAccess {
    return { endpoint: this.sandbox.url, region, credentials };
  }

  /** Deploys the same configuration with `armed: true` everywhere it may be. */
  async arm(): Promise<void> {
    await this.sandbox.deploy(this.#armed);
    await this.sandbox.clock.idle();
  }

  async deployment(): Promise<OpenDeployment> {
    const access = this.access(this.onCall);
    const manifest = await manifestAt(manifestParameterName(this.#scope), parametersWith(access))();
    return {
      manifest,
      caller: {
        arn: `arn:aws:iam::${account}:user/on-call`,
        account,
        region,
        endpoint: this.sandbox.url,
      },
      secretsManager: secretsManagerWith(access),
      controlTable: controlTableWith(access, manifest.controlTable),
      rolloutRecords: rolloutRecords(manifest.controlTable, new DynamoDBClient(access)),
      ...emergenciesWith(access, manifest),
      functions: functions(new LambdaClient({ ...access, maxAttempts: 1 })),
      stepFunctions: { isRunning: async () => false, startExecution: async () => 'started' },
      auditLog: { read: async () => ({ lines: [], complete: true }) },
      triggers: triggersWith(access, manifest.controlTable),
      clock: {
        now: () => this.sandbox.clock.now(),
        sleep: async () => undefined,
      },
      newToken: async () => randomBytes(16).toString('hex'),
    };
  }

  async adopt(key: string, ...more: string[]): Promise<CommandOutcome> {
    return runCommand(await this.deployment(), ['adopt', key, '--yes', ...more]);
  }

  /** A printed command as its reader runs it: in a shell, as the owner, with the real `aws`. */
  async shell(command: string): Promise<void> {
    const { accessKeyId, secretAccessKey } = this.#ownerKey;
    await promisify(execFile)('sh', ['-c', command], {
      cwd: this.#directory,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: this.#directory,
        PYENV_VERSION: process.env.PYENV_VERSION ?? '',
        AWS_ENDPOINT_URL: this.sandbox.url,
        AWS_DEFAULT_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
  }

  /** As the owner of the account. */
  async value(name: string): Promise<string> {
    const answer = await this.#owner.send(new GetSecretValueCommand({ SecretId: name }));
    return answer.SecretString ?? '';
  }

  async credential(name: string): Promise<Credential> {
    const { username, password } = JSON.parse(await this.value(name));
    return { username, password };
  }

  /** RotateSecret as on-call, to the end: AfterRotation and retries. */
  async rotate(name: string): Promise<string> {
    const { clock } = this.sandbox;
    await clock.advanceTo(new Date(clock.now().getTime() + 60_000));
    const token = randomBytes(16).toString('hex');
    await this.#operator.send(
      new RotateSecretCommand({ SecretId: name, ClientRequestToken: token }),
    );
    await clock.settle();
    return token;
  }

  /** Calls that changed something since a point in the list of requests, by operation. */
  changesSince(count: number): string[] {
    return this.sandbox
      .requests()
      .slice(count)
      .map(({ operation }) => operation)
      .filter((operation) => /^(Put|Tag|Update|Delete|Rotate|Cancel)/.test(operation));
  }
}

async function application(cluster: Cluster) {
  const { password: app } = await cluster.application('pharmacy');
  const legacy = newPassword();
  await cluster.sql(`create role pharmacy_legacy login password '${legacy}'`);
  const owner = { username: 'pharmacy', password: app };
  await cluster.sql('alter table patients add column ssn text', owner, 'pharmacy');
  await cluster.sql('grant select on patients to pharmacy_legacy', owner, 'pharmacy');
  await cluster.sql('create table cards (id int primary key, number text)', owner, 'pharmacy');
  return { app, legacy };
}

/** iv:tag:ciphertext in hex, as many applications write it. */
export function sealedByApplication(key: Buffer, plaintext: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return [iv, cipher.getAuthTag(), sealed].map((part) => part.toString('hex')).join(':');
}

function configOf(cluster: Cluster, armed: boolean): RotationConfig {
  const keyset = { encoding: 'base64' as const, readers: 'keyset' as const, armed };
  const database = {
    kind: 'database' as const,
    host: cluster.server.host,
    port: cluster.server.port,
    dbname: 'pharmacy',
    admin: 'dbAdmin',
    bootstrap: { secretArn: arn(masterSecret), kmsKeyArn },
    ca: { file: 'ca.pem' },
    cadenceDays: 180,
    armed,
  };
  const jwt = { kind: 'jwt' as const, field: 'JWT_SECRET', bits: 512 as const, cadenceDays: 180 };
  const never = Object.fromEntries(
    playedRefusals.map((key) => [
      key,
      { ...jwt, ...keyset, armed: false, longestToken: '1d', adopt: adopt(unadoptable[key]) },
    ]),
  );
  return defineRotation({
    name: 'pharmacy',
    environment: 'dev',
    region,
    secrets: {
      jwt: { ...jwt, ...keyset, longestToken: '30d', adopt: adopt('old/jwt') },
      pii: {
        ...keyset,
        kind: 'encryption',
        field: 'ENCRYPTION_KEY',
        bits: 256,
        cadenceDays: 90,
        database: 'db',
        columns: [
          {
            id: 'cards.number',
            table: 'public.cards',
            column: 'number',
            format: 'qt1',
            profile: 'none',
          },
        ],
        adopt: adopt('old/pii'),
      },
      db: {
        ...database,
        scheme: 'multiUser',
        identity: 'pharmacy',
        roles: ['pharmacy_a', 'pharmacy_b'],
        verifyTables: ['public.patients'],
        adopt: adopt('old/db'),
      },
      legacyDb: {
        ...database,
        scheme: 'singleUser',
        roles: ['pharmacy_legacy'],
        adopt: adopt('old/legacy-db'),
      },
      dbAdmin: { kind: 'userManaged', purpose: 'The rotator.' },
      ...never,
    },
  });
}

function existing(
  cluster: Cluster,
  passwords: { app: string; legacy: string },
  keys: { jwt: string; field: Buffer },
) {
  const rds = (username: string, password: string) => ({
    engine: 'postgres',
    host: cluster.server.host,
    port: cluster.server.port,
    dbname: 'pharmacy',
    username,
    password,
    dbInstanceIdentifier: 'pharmacy',
  });
  const secret = (name: string, secretString = keys.jwt) => ({
    name,
    suffix,
    secretString,
    kmsKeyId: kmsKeyArn,
  });
  const { secretString: _, ...withoutText } = secret(unadoptable.binary);
  const { kmsKeyId: __, ...withoutKey } = secret(unadoptable.plainKey);
  const partner = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Partner',
        Effect: 'Allow' as const,
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: 'secretsmanager:DescribeSecret',
        Resource: '*',
      },
    ],
  };
  return {
    keys: [
      { keyId, policy: keyPolicy },
      { keyId: otherKeyId, policy: keyPolicy },
    ],
    secrets: [
      secret('old/jwt'),
      secret(
        'old/pii',
        JSON.stringify({ ENCRYPTION_KEY: keys.field.toString('base64'), other: 1 }),
      ),
      secret('old/db', JSON.stringify(rds('pharmacy', passwords.app))),
      secret('old/legacy-db', JSON.stringify(rds('pharmacy_legacy', passwords.legacy))),
      { ...secret(masterSecret, JSON.stringify(cluster.master)), owningService: 'rds' },
      { ...secret(unadoptable.replica), primaryRegion: 'us-east-1' },
      withoutKey,
      {
        ...secret(unadoptable.otherKey),
        kmsKeyId: `arn:aws:kms:${region}:${account}:key/${otherKeyId}`,
      },
      { ...secret(unadoptable.policied), policy: partner },
      secret(unadoptable.deleted),
      secret(unadoptable.scheduled),
      { ...withoutText, secretBinary: randomBytes(64).toString('base64') },
    ],
  };
}
