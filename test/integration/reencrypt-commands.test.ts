/** `quarterturn reencrypt` as on-call runs it, against the deployed functions and the machine. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OpenDeployment } from '../../cli/command.ts';
import { buildFunctions, synthesize } from '../../demo/assembly.ts';
import { manifestParameterName } from '../../domain/config/names.ts';
import { defineRotation, type RotationConfig } from '../../domain/config/rotation-config.ts';
import {
  type BootstrapPlanAnswer,
  bootstrapPlanSchema,
} from '../../domain/events/operator-requests.ts';
import { reencryptionReportSchema } from '../../domain/reports/reencryption-report.ts';
import {
  controlTableWith,
  emergenciesWith,
  parametersWith,
  secretsManagerWith,
  triggersWith,
} from '../../doors/explicit-access.ts';
import { functions } from '../../doors/functions.ts';
import { manifestAt } from '../../doors/manifest.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { runCommand } from '../cli/run-command.ts';
import { Cluster } from '../lambdas/operator/cluster.ts';
import { startVendor, type Vendor } from '../lambdas/user-managed/vendor.ts';
import { runScript } from '../synthesizer/run-script.ts';
import { inbox, secretWithInbox } from './inbox.ts';

const account = '000000000000';
const region = 'eu-west-1';
const keyId = '11111111-2222-4333-8444-555555555555';
const kmsKeyArn = `arn:aws:kms:${region}:${account}:key/${keyId}`;
const masterSecret = 'rds!cluster-3bea3cf2-0b5f-436f-a6a1-97aad29da293';
const suffix = 'AbCdEf';
const name = (key: string) => `clinic/dev/${key}`;

let cluster: Cluster;
let vendor: Vendor;
let sandbox: Sandbox;
let deployment: OpenDeployment;
let rotator: SecretsManagerClient;
const directory = mkdtempSync(join(tmpdir(), 'quarterturn-rows-'));

beforeAll(async () => {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const { signal } = new AbortController();
  [cluster, vendor] = await Promise.all([
    Cluster.start({}),
    startVendor(),
    buildFunctions(signal, runScript),
  ]);
  const { password } = await cluster.application('clinic');
  const owner = { username: 'clinic', password };
  await cluster.sql(
    `create table visits (id bigint primary key, note text);
     insert into visits select i, 'note ' || i from generate_series(1, 300) i`,
    owner,
    'clinic',
  );
  await cluster.sql('create role clinic_reader nologin');
  await cluster.sql('grant select on visits to clinic_reader', owner, 'clinic');
  sandbox = await startSandbox({
    assembly: await synthesize(config(), cluster.server.ca, directory, signal, runScript),
    clock: { start: new Date('2026-01-05T03:00:10Z'), mode: 'manual' },
    existing: existing(),
  });
  await sandbox.clock.idle();
  const managedPolicies = [...sandbox.resources]
    .filter(([id, { type }]) => type === 'AWS::IAM::ManagedPolicy' && /^Operator/.test(id))
    .map(([id]) => id);
  const credentials = sandbox.createPrincipal('on-call', { managedPolicies });
  const access = { endpoint: sandbox.url, region, credentials };
  const scope = { name: 'clinic', environment: 'dev' };
  const manifest = await manifestAt(manifestParameterName(scope), parametersWith(access))();
  rotator = new SecretsManagerClient(access);
  deployment = {
    manifest,
    caller: {
      arn: `arn:aws:iam::${account}:user/on-call`,
      account,
      region,
      endpoint: sandbox.url,
    },
    secretsManager: secretsManagerWith(access),
    controlTable: controlTableWith(access, manifest.controlTable),
    rolloutRecords: rolloutRecords(manifest.controlTable, new DynamoDBClient(access)),
    ...emergenciesWith(access, manifest),
    functions: functions(new LambdaClient({ ...access, maxAttempts: 1 })),
    stepFunctions: stepFunctions(new SFNClient(access)),
    auditLog: { read: async () => ({ lines: [], complete: true }) },
    triggers: triggersWith(access, manifest.controlTable),
    clock: { now: () => sandbox.clock.now(), sleep: async () => undefined },
    newToken: async () => randomBytes(16).toString('hex'),
  };
}, 120_000);

afterAll(async () => {
  await sandbox?.stop();
  await cluster?.stop();
  await vendor?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function config(): RotationConfig {
  const database = {
    kind: 'database' as const,
    scheme: 'singleUser' as const,
    host: cluster.server.host,
    port: cluster.server.port,
    dbname: 'clinic',
    admin: 'dbAdmin',
    bootstrap: {
      secretArn: `arn:aws:secretsmanager:${region}:${account}:secret:${masterSecret}-${suffix}`,
      kmsKeyArn,
    },
    ca: { file: 'ca.pem' },
    cadenceDays: 180,
  };
  return defineRotation({
    name: 'clinic',
    environment: 'dev',
    region,
    secrets: {
      pii: {
        kind: 'encryption',
        field: 'ENCRYPTION_KEY',
        bits: 256,
        encoding: 'base64',
        readers: 'keyset',
        cadenceDays: 90,
        database: 'db',
        columns: [
          {
            id: 'visits.note',
            table: 'public.visits',
            column: 'note',
            format: 'qt1',
            profile: 'column',
            plaintext: 'seal',
          },
        ],
        reencryption: {
          login: 'rowsDb',
          backupRetention: '35d',
          stores: [{ name: 'archive', backupRetention: '90d' }],
        },
      },
      db: { ...database, roles: ['clinic_reader'] },
      rowsDb: { ...database, roles: ['clinic_rows'] },
      dbAdmin: { kind: 'userManaged', purpose: 'The rotator.' },
      anthropic: secretWithInbox(vendor),
    },
  });
}

/** The master user's secret, as RDS keeps it. */
function existing() {
  const policy = {
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
  return {
    keys: [{ keyId, policy }],
    secrets: [
      {
        name: masterSecret,
        suffix,
        kmsKeyId: kmsKeyArn,
        secretString: JSON.stringify(cluster.master),
        owningService: 'rds',
      },
    ],
  };
}

async function reencrypt(...argv: string[]) {
  const outcome = await runCommand(deployment, ['reencrypt', ...argv, '--json']);
  if (outcome.said === '') throw new Error(outcome.complained);
  return { ...outcome, report: reencryptionReportSchema.parse(JSON.parse(outcome.said)) };
}

async function rotate(key: string): Promise<void> {
  await rotator.send(
    new RotateSecretCommand({
      SecretId: name(key),
      ClientRequestToken: randomBytes(16).toString('hex'),
    }),
  );
  await sandbox.clock.settle();
}

test('prepare, first values, dry run, a job to its end: with the rights of on-call alone', async () => {
  // 1. Nothing is there yet, and the command says what to do.
  const before = await reencrypt('status', 'pii');
  expect([before.exitCode, before.report.problem?.code, before.report.next]).toEqual([
    3,
    'ERR_ROTATION_FUNCTION_FAILED',
    expect.stringContaining('reencrypt prepare pii'),
  ]);

  // 2. The login's role, the ledger, the grants.
  const prepared = await reencrypt('prepare', 'pii', '--yes');
  expect(prepared.report).toMatchObject({ outcome: 'changed', executed: { outcome: 'executed' } });
  expect((await reencrypt('prepare', 'pii')).report.outcome).toBe('nothingToDo');

  // 3. First values: the reader is prepared as any database secret.
  const operator = 'quarterturn-clinic-dev-operator';
  const ask = (request: object) => deployment.functions.invoke(operator, request);
  const plan: BootstrapPlanAnswer = bootstrapPlanSchema.parse(
    await ask({ operation: 'planBootstrap', secret: name('db') }),
  );
  await ask({ operation: 'executeBootstrap', secret: name('db'), digest: plan.digest });
  for (const key of ['rowsDb', 'db', 'pii']) await rotate(key);

  // 4. What a job would do, and nothing was changed by asking.
  const dry = await reencrypt('dry-run', 'pii');
  expect(dry.report.dryRun).toMatchObject({ leaves: [{ leaf: '"public"."visits"' }] });
  expect(dry.exitCode).toBe(0);

  // 5. A job, its end held up by a store nobody vouched for, then by nothing.
  const started = await reencrypt('verify', 'pii');
  expect(started.report.outcome).toBe('started');
  await sandbox.clock.settle();
  const open = await reencrypt('status', 'pii');
  expect(open.report).toMatchObject({ state: 'unproven', job: { storesOpen: ['archive'] } });
  expect(open.report.next).toContain('reencrypt attest pii --store archive');
  const attest = ['attest', 'pii', '--store', 'archive', '--evidence', 'SEC-1', '--yes'];
  expect((await reencrypt(...attest)).report.outcome).toBe('changed');
  await reencrypt('verify', 'pii');
  await sandbox.clock.settle();
  const done = await reencrypt('status', 'pii');
  expect([done.exitCode, done.report.state]).toEqual([0, 'verified']);
  const [row] = await cluster.sql(
    `select count(*)::int as rows from visits where note like 'qt1.${done.report.record?.targetKid}.%'`,
    cluster.server.superuser,
    'clinic',
  );
  expect(row).toEqual({ rows: 300 });
  expect((await reencrypt('quarantine', 'pii')).report.quarantined).toEqual([]);
  expect((await reencrypt('pause', 'pii')).report.outcome).toBe('nothingToDo');
}, 120_000);

inbox(() => ({ sandbox, deployment, vendor, secret: name('anthropic') }));
