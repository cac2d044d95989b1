/** docs/uninstall.md, block by block, as a person would type it. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { localConfig, synthesize } from '../../demo/assembly.ts';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';
import type { ExplicitAccess } from '../../doors/explicit-access.ts';
import example from '../../rotation.config.ts';
import type { StackOperationError } from '../../sandbox/start.ts';
import { runScript } from '../synthesizer/run-script.ts';
import { type SecretKey, World } from './world.ts';

// Some twenty processes, on a machine that is busy with other tests.
jest.setTimeout(120_000);

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const isFull = process.env.PROOF === 'full';
const keys: readonly SecretKey[] = ['jwt', 'pii', 'db', 'legacyDb'];
const hasAws = await run('aws', ['--version']).then(
  () => true,
  () => false,
);
if (!hasAws) {
  process.stderr.write('No `aws` command on this machine: docs/uninstall.md is not run.\n');
}

const blocks = [
  ...readFileSync(join(root, 'docs', 'uninstall.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g),
].map(([, commands = '']) => commands);

test('has the blocks that are run here', () => {
  expect(blocks.map((block) => block.split('\n')[0]?.split(' ').slice(0, 3).join(' '))).toEqual([
    'npx quarterturn eject',
    'aws cloudformation describe-stack-resources',
    'aws cloudformation update-termination-protection',
    'for secret in',
    'for key in',
  ]);
});

/**
 * The whole walk is in `npm run proof`. In `npm test` each of its stations is passed by itself: eject in
 * test/lambdas/rotation and test/cli, what outlives a stack in test/lib/survival and test/sandbox/template.
 */
(hasAws && isFull ? describe : describe.skip)('docs/uninstall.md', () => {
  let world: World;
  let administrator: ExplicitAccess;
  let shell: (commands: string) => Promise<string>;
  const before = new Map<string, { versionId: string | undefined; text: string | undefined }>();

  beforeAll(async () => {
    world = await World.withValues(['db', 'legacyDb', 'rowsDb', 'jwt', 'pii']);
    await world.rotate('jwt');
    const { sandbox, directory } = world.stage;
    administrator = world.accessOf(
      sandbox.createPrincipal('administrator', {
        policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
      }),
    );
    shell = shellIn(join(directory, 'shell'));
    for (const key of keys) {
      before.set(key, await current(key));
    }
  }, 90_000);
  afterAll(() => world?.stop());

  /** `npx quarterturn` is this checkout's; `npx cdk destroy` what the sandbox does for it. */
  function shellIn(folder: string): (commands: string) => Promise<string> {
    const { sandbox } = world.stage;
    mkdirSync(join(folder, 'bin'), { recursive: true });
    const npx = join(folder, 'bin', 'npx');
    writeFileSync(
      npx,
      `#!/bin/sh
case "$1 $2" in
  "cdk destroy") exec "${process.execPath}" -e 'fetch(process.env.AWS_ENDPOINT_URL + "/_sandbox/destroy", { method: "POST", headers: { authorization: "Bearer " + process.env.CONTROL } }).then(async (answer) => { console.log(await answer.text()); process.exitCode = answer.ok ? 0 : 1; })' ;;
  quarterturn*) shift; exec "${process.execPath}" "${process.env.QUARTERTURN_TEST_COMMAND ?? join(root, 'bin/quarterturn.mjs')}" "$@" ;;
esac
echo "no such command: npx $*" >&2; exit 1
`,
    );
    chmodSync(npx, 0o755);
    const env = {
      PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}`,
      HOME: folder,
      PYENV_VERSION: process.env.PYENV_VERSION ?? '',
      CONTROL: sandbox.controlToken,
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_REGION: sandbox.region,
      AWS_DEFAULT_REGION: sandbox.region,
      AWS_ACCESS_KEY_ID: administrator.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: administrator.credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
    };
    return async (commands) => {
      // The document speaks of prod; what runs on a machine of one's own is dev.
      const text = commands.replaceAll(/pharmacy([/-])prod/g, 'pharmacy$1dev');
      const { stdout } = await run('bash', ['--norc', '-euo', 'pipefail', '-c', text], {
        env,
        cwd: folder,
      });
      return stdout;
    };
  }

  const client = () => new SecretsManagerClient({ ...administrator, maxAttempts: 1 });
  const describeSecret = (key: string) =>
    client().send(new DescribeSecretCommand({ SecretId: `pharmacy/dev/${key}` }));
  async function current(key: string) {
    const { VersionId, SecretString } = await client().send(
      new GetSecretValueCommand({ SecretId: `pharmacy/dev/${key}` }),
    );
    return { versionId: VersionId, text: SecretString };
  }
  async function expectSameValue(key: string): Promise<void> {
    const now = await current(key);
    expect(now.versionId).toBe(before.get(key)?.versionId);
    expect(now.text === before.get(key)?.text).toBe(true);
  }
  async function expectEjected(key: string): Promise<void> {
    const { RotationEnabled, Tags, VersionIdsToStages } = await describeSecret(key);
    expect(RotationEnabled ?? false).toBe(false);
    expect((Tags ?? []).filter((tag) => tag.Key?.startsWith('quarterturn:'))).toEqual([]);
    const labels = Object.values(VersionIdsToStages ?? {}).flat();
    expect(labels.filter((label) => !/^AWS(CURRENT|PREVIOUS)$/.test(label))).toEqual([]);
    await expectSameValue(key);
  }

  test('takes one secret out of rotation', async () => {
    const said = await shell(blocks[0] ?? '');
    expect(said).toContain('Ejected: pharmacy/dev/jwt.');
    await expectEjected('jwt');
  });

  test('takes out the others, and notes the keys', async () => {
    await shell(blocks[1] ?? '');
    for (const key of keys) {
      await expectEjected(key);
    }
    const noted = readFileSync(join(world.stage.directory, 'shell', 'keys.txt'), 'utf8');
    expect(noted.split(/\s+/).filter(Boolean).length).toBeGreaterThanOrEqual(2);
  });

  test('destroys the stack and leaves every value; logins go on', async () => {
    const { sandbox } = world.stage;
    await shell(blocks[2] ?? '');
    expect(sandbox.resources.size).toBe(0);
    for (const key of keys) {
      await expectSameValue(key);
      const { ResourcePolicy } = await client().send(
        new GetResourcePolicyCommand({ SecretId: `pharmacy/dev/${key}` }),
      );
      expect(ResourcePolicy).toBeUndefined();
    }
    for (const key of keys.filter((it) => it !== 'jwt' && it !== 'pii')) {
      const { username, password } = JSON.parse(before.get(key)?.text ?? '{}');
      await world.stage.application.withDatabase({ username, password }, (session) =>
        session.query('SELECT 1'),
      );
    }
  });

  test('finds the names taken, and comes back under another by adoption', async () => {
    const { sandbox, server, directory } = world.stage;
    const signal = new AbortController().signal;
    const error = await sandbox.deploy(join(directory, 'cdk.out')).then(
      () => Promise.reject(new Error('it was deployed')),
      (reason: StackOperationError) => reason,
    );
    expect(error.status).toBe('ROLLBACK_COMPLETE');
    expect(error.reason).toMatch(/already exist/i);
    await expectSameValue('jwt');

    const { ARN = '', KmsKeyId = '' } = await describeSecret('jwt');
    const { jwt } = localConfig(example, server).secrets;
    const back = (armed: boolean) =>
      parseRotationConfig({
        name: 'pharma',
        environment: 'dev',
        region: sandbox.region,
        secrets: { jwt: { ...jwt, adopt: { secretArn: ARN, kmsKeyArn: KmsKeyId }, armed } },
      });
    const deploy = async (armed: boolean) => {
      const place = join(directory, `back-${armed}`);
      mkdirSync(place);
      await sandbox.deploy(await synthesize(back(armed), server.ca, place, signal, runScript));
      await sandbox.clock.idle();
    };
    await deploy(false);
    const said = await shell('npx quarterturn adopt jwt --yes');
    expect(said).toContain('pharmacy/dev/jwt');
    await deploy(true);
    await shell('npx quarterturn rotate jwt --no-wait');
    await sandbox.clock.settle();
    const { keyset } = JSON.parse((await current('jwt')).text ?? '{}');
    const kids = keyset.keys.map(({ kid }: { kid: string }) => kid);
    const held: { kid: string }[] = JSON.parse(before.get('jwt')?.text ?? '{}').keyset.keys;
    expect(held.filter(({ kid }) => !kids.includes(kid))).toEqual([]);
    expect(kids.length).toBe(held.length + 1);
    await shell('npx quarterturn eject jwt --yes && npx cdk destroy --force');
  });

  test('deletes what was left, for good', async () => {
    const { sandbox } = world.stage;
    await shell(blocks[3] ?? '');
    for (const key of [...keys, 'dbAdmin']) {
      expect((await describeSecret(key)).DeletedDate).toBeDefined();
    }
    await expect(
      new DynamoDBClient({ ...administrator, maxAttempts: 1 }).send(
        new DescribeTableCommand({ TableName: 'quarterturn-pharmacy-dev' }),
      ),
    ).rejects.toThrow(/not found|non-existent/);
    await shell(blocks[4] ?? '');
    const noted = readFileSync(join(world.stage.directory, 'shell', 'keys.txt'), 'utf8');
    const kms = new KMSClient({ ...administrator, maxAttempts: 1 });
    for (const KeyId of noted.split(/\s+/).filter(Boolean)) {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata?.KeyState).toBe('PendingDeletion');
    }
    await sandbox.clock.advanceTo(new Date(sandbox.clock.now().getTime() + 31 * 86_400_000));
    await expect(describeSecret('db')).rejects.toThrow();
  });
});
