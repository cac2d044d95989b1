/** The deployed functions inside a VPC: what they reach, and what they say when a way is missing. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Stage, setStage } from '../../demo/stage.ts';
import { ValueGuard } from '../../demo/terminal/value-guard.ts';
import { operatorPolicyName } from '../../domain/config/names.ts';
import { defineRotation, type RotationConfig } from '../../domain/config/rotation-config.ts';
import pharmacy from '../../rotation.config.ts';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { runScript } from '../synthesizer/run-script.ts';
import { restingRows } from './resting-rows.ts';

const config = inNetwork(restingRows(pharmacy));
const functionName = 'quarterturn-pharmacy-dev-db';
const clock = { start: new Date('2026-01-05T03:00:10Z'), mode: 'manual' } as const;
const closing: (() => Promise<void>)[] = [];
let stage: Stage;

beforeAll(async () => {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  stage = await setStage(
    {
      config,
      clock,
      guard: new ValueGuard(),
      runScript,
      onClose: (close) => void closing.unshift(close),
      postgres: { settings: { authentication_timeout: '1s' } },
    },
    { doing() {}, progress() {}, changed() {}, proof() {} },
  );
}, 60_000);
afterAll(async () => {
  for (const close of closing) {
    await close();
  }
});

function inNetwork(example: RotationConfig): RotationConfig {
  const { db, legacyDb } = example.secrets;
  return defineRotation({
    ...example,
    networks: { main: { cidr: '10.42.0.0/24' } },
    secrets: {
      ...example.secrets,
      db: { ...db, network: 'main' } as never,
      legacyDb: { ...legacyDb, network: 'main' } as never,
    },
  });
}

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON
type Resources = Record<string, any>;

/** The same stack in another sandbox, its template changed; what "db" then says of its first rotation. */
async function failureAfter(change: (resources: Resources) => void, name: string) {
  const assembly = join(stage.directory, name);
  cpSync(join(stage.directory, 'cdk.out'), assembly, { recursive: true });
  const file = join(
    assembly,
    readdirSync(assembly).find((found) => found.endsWith('.template.json')) ?? '',
  );
  const template = JSON.parse(readFileSync(file, 'utf8'));
  change(template.Resources);
  writeFileSync(file, JSON.stringify(template));
  const sandbox = await startSandbox({ assembly, clock });
  closing.unshift(() => sandbox.stop());
  await sandbox.clock.idle();
  const onCall = sandbox.createPrincipal('on-call', {
    managedPolicies: [operatorPolicyName(stage.operator.manifest)],
  });
  const { url: endpoint, region } = sandbox;
  const secrets = new SecretsManagerClient({ endpoint, region, credentials: onCall });
  await secrets.send(
    new RotateSecretCommand({ SecretId: sandbox.outputs.SecretArndb, ClientRequestToken: token }),
  );
  await sandbox.clock.idle();
  return { sandbox, failure: lastFailure(sandbox) };
}
const token = 'a'.repeat(32);

function lastFailure(sandbox: Sandbox): { code: string; reason: string } {
  const lines = sandbox.logs(functionName).filter((line) => line.includes('"failed"'));
  return JSON.parse(lines.at(-1) ?? '{}');
}

/** Takes a resource away, and what waits for it no longer does. */
function remove(resources: Resources, pattern: RegExp): void {
  for (const id of Object.keys(resources).filter((one) => pattern.test(one))) {
    delete resources[id];
    for (const resource of Object.values(resources)) {
      if (Array.isArray(resource.DependsOn)) {
        resource.DependsOn = resource.DependsOn.filter((other: string) => other !== id);
      }
    }
  }
}

const network = /main \(vpc-[0-9a-f]{17}, sg-[0-9a-f]{17}\)/;

test('a database secret and the keyset whose columns it holds are rotated from inside', async () => {
  const { sandbox, operator } = stage;
  for (const key of ['db', 'pii']) {
    const { current } = await operator.rotate(key);
    expect(current).toMatch(/^[0-9a-f]{32}$/);
  }
  const calls = sandbox
    .requests()
    .filter(({ principal }) => principal?.includes(`/${functionName}`))
    .map(({ service }) => service);
  expect([...new Set(calls)].sort()).toEqual(['dynamodb', 'kms', 'secretsmanager']);
  expect(sandbox.requests().filter(({ status }) => status === 0)).toEqual([]);
  expect(sandbox.notSimulated).toContainEqual(
    expect.stringMatching(/^SecretdbRotationFunction\w+ \(AWS::Lambda::Function\): .*databases/),
  );
});

test('without the endpoint of KMS it fails within seconds, naming service, host and security group', async () => {
  const { sandbox, failure } = await failureAfter(
    (resources) => remove(resources, /^NetworksmainEndpointkms/),
    'without-kms',
  );
  expect(failure.code).toBe('ERR_ROTATION_AWS_UNANSWERED');
  expect(failure.reason).toContain(
    `GenerateRandom failed with ECONNRESET: kms at ${new URL(sandbox.url).host} did not answer. `,
  );
  expect(failure.reason).toMatch(network);
  const recorded = sandbox.requests().filter(({ service, status }) => service === 'kms' && !status);
  expect(recorded[0]).toMatchObject({
    operation: 'GenerateRandom',
    errorCode: 'NoVpcEndpoint',
    principal: expect.stringContaining(`/${functionName}`),
  });
}, 20_000);

test('an endpoint that does not admit the functions is one that does not answer', async () => {
  const { sandbox, failure } = await failureAfter(
    (resources) => remove(resources, /^NetworksmainEndpointIngress/),
    'without-ingress',
  );
  expect(failure.code).toBe('ERR_ROTATION_AWS_UNANSWERED');
  expect(failure.reason).toMatch(/^DescribeSecret failed with ECONNRESET: secretsmanager at /);
  expect(failure.reason).toMatch(network);
  expect(sandbox.requests().map(({ errorCode }) => errorCode)).toContain('BlockedBySecurityGroup');
}, 20_000);

test('an endpoint whose policy names other roles refuses, in the words of AWS', async () => {
  const { failure } = await failureAfter((resources) => {
    for (const [id, { Properties }] of Object.entries(resources)) {
      if (id.startsWith('NetworksmainEndpointkms')) {
        const [statement] = Properties.PolicyDocument.Statement;
        statement.Condition.StringEquals['aws:PrincipalArn'] = [
          'arn:aws:iam::000000000000:role/another',
        ];
      }
    }
  }, 'other-roles');
  expect(failure).toMatchObject({ code: 'ERR_ROTATION_AWS_CALL' });
  expect(failure.reason).toMatch(
    /AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role\/\S+\/quarterturn-pharmacy-dev-db is not authorized to perform: kms:GenerateRandom on resource: \* because no VPC endpoint policy allows the kms:GenerateRandom action/,
  );
}, 20_000);
