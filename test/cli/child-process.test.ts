/** The command as on-call types it: a process of its own, its environment alone, against the deployed stack. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Stage, setStage } from '../../demo/stage.ts';
import { ValueGuard } from '../../demo/terminal/value-guard.ts';
import { rotationReportSchema } from '../../domain/reports/rotation-report.ts';
import { statusReportSchema } from '../../domain/reports/status-report.ts';
import config from '../../rotation.config.ts';
import { runScript } from '../synthesizer/run-script.ts';

const root = join(import.meta.dirname, '..', '..');
const silent = { doing() {}, progress() {}, changed() {}, proof() {} };
const hour = 3_600_000;
/** Bundles, synthesis and each command are seconds of work, on a machine that may be busy. */
const minutes = 120_000;

const inFull = process.env.PROOF === 'full' ? test : test.skip;
let stage: Stage;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  // The command has this machine's clock: whatever the sandbox's waits leap over stays behind it.
  const start = new Date(Date.now() - 4 * hour);
  stage = await setStage(
    {
      config,
      clock: { start, mode: 'manual' },
      guard: new ValueGuard(),
      runScript,
      onClose: (close) => void closing.unshift(close),
    },
    silent,
  );
}, minutes);
afterAll(async () => {
  for (const close of closing) await close();
});

interface Outcome {
  exitCode: number;
  said: string;
  complained: string;
}

const ofTheCheckout = 'bin/quarterturn.mjs';
/** With `npm run proof` that of the checkout, too. */
const bundled = process.env.QUARTERTURN_TEST_COMMAND ?? ofTheCheckout;

/** While it runs, the sandbox's clock leaps from one wait to the next. */
async function quarterturn(
  argv: string[],
  more: Record<string, string> = {},
  command = bundled,
): Promise<Outcome> {
  const { sandbox, operatorKey, directory } = stage;
  const child = spawn(process.execPath, [command, ...argv], {
    cwd: root,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: directory,
      // What tsx has compiled lies there, as on the second day at the latest.
      TMPDIR: tmpdir(),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_REGION: sandbox.region,
      AWS_ACCESS_KEY_ID: operatorKey.accessKeyId,
      AWS_SECRET_ACCESS_KEY: operatorKey.secretAccessKey,
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = [child.stdout, child.stderr].map(async (stream) => {
    let text = '';
    for await (const chunk of stream) text += chunk;
    return text;
  });
  let running = true;
  const closed = once(child, 'close').finally(() => {
    running = false;
  });
  while (running) {
    await sandbox.clock.settle(hour / 4);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  const [exitCode] = await closed;
  const [said = '', complained = ''] = await Promise.all(texts);
  return { exitCode, said, complained };
}

const statusOf = async (key: string) => {
  const { exitCode, said, complained } = await quarterturn(['status', key, '--json']);
  expect(complained).toBe('');
  const report = statusReportSchema.parse(JSON.parse(said));
  return { exitCode, versions: report.versions, ...report.secrets[0] };
};

describe('npx quarterturn, in a process of its own', () => {
  test(
    'status before, rotate, status after',
    async () => {
      const before = await quarterturn(['status'], {}, ofTheCheckout);
      expect(before.complained).toBe('');
      expect(before.said).toMatch(/^jwt +jwt +no value yet/m);
      expect(before.said).toMatch(/^dbAdmin +user-managed$/m);
      expect(before.exitCode).toBe(0);

      const rotated = await quarterturn(['rotate', 'jwt', '--reason', 'the first value']);
      expect(rotated.complained).toBe('');
      expect(rotated.said).toMatch(/^createSecret +created +\d/m);
      expect(rotated.said).toMatch(/^finishSecret +finished +\d/m);
      expect(rotated.said).toContain('AfterRotation finished');
      expect(rotated.exitCode).toBe(0);

      const after = await statusOf('jwt');
      expect(after).toMatchObject({ state: 'current', ageDays: 0, exitCode: 0 });
      expect(after.versions?.[0]).toMatchObject({
        labels: expect.arrayContaining(['AWSCURRENT']),
        rotation: {
          intent: 'planned',
          requestedBy: 'arn:aws:iam::000000000000:user/on-call',
          reason: 'the first value',
          afterRotation: 'finished',
        },
      });
    },
    minutes,
  );

  // In one process, and deployed: test/cli/commands, test/integration/keyset-intents.ts.
  inFull(
    'a second rotation publishes a key and activates it',
    async () => {
      const { exitCode, said } = await quarterturn(['rotate', 'jwt', '--json']);
      const report = rotationReportSchema.parse(JSON.parse(said));
      expect(report).toMatchObject({ outcome: 'finished', promoted: true });
      expect(exitCode).toBe(0);
      const { versions } = await statusOf('jwt');
      const labelled = (label: string) => versions?.find(({ labels }) => labels.includes(label));
      expect(labelled('AWSPREVIOUS')?.versionId).toBe(report.versionId);
      expect(labelled('AWSPREVIOUS')?.rotation?.intent).toBe('planned');
      expect(labelled('AWSCURRENT')?.rotation).toMatchObject({
        intent: 'activate',
        basedOn: report.versionId,
      });
    },
    minutes,
  );

  test(
    'a step that fails tells its own error, without a look into the function’s log',
    async () => {
      const fault = stage.sandbox.injectFault({
        service: 'secretsmanager',
        operation: 'PutSecretValue',
        when: 'before',
        times: 20,
      });
      const { exitCode, said } = await quarterturn(['rotate', 'legacyDb', '--json']);
      fault.remove();
      const report = rotationReportSchema.parse(JSON.parse(said));
      expect(exitCode).toBe(1);
      expect(report).toMatchObject({
        outcome: 'failed',
        promoted: false,
        failure: { step: 'createSecret', code: 'ERR_ROTATION_AWS_UNANSWERED' },
      });
      await stage.sandbox.clock.settle(4 * hour);
    },
    minutes,
  );

  test(
    'a key that may nothing: what was denied, and to whom',
    async () => {
      const nobody = stage.sandbox.createPrincipal('nobody', { policies: [] });
      const { exitCode, complained } = await quarterturn(['status', '-d', 'pharmacy/prod'], {
        AWS_ACCESS_KEY_ID: nobody.accessKeyId,
        AWS_SECRET_ACCESS_KEY: nobody.secretAccessKey,
      });
      expect(exitCode).toBe(1);
      expect(complained).toContain('user/nobody');
      expect(complained).toContain('ssm:GetParameter');
      expect(complained).not.toContain('    at ');
    },
    minutes,
  );

  // No region, no credentials, an endpoint nobody listens on: test/doors/deployments.test.ts.
  test(
    'a shell that leads one service past the sandbox is refused',
    async () => {
      const { exitCode, said, complained } = await quarterturn(['status'], {
        AWS_ENDPOINT_URL_DYNAMODB: 'https://dynamodb.eu-west-1.amazonaws.com',
      });
      expect([exitCode, said]).toEqual([1, '']);
      expect(complained).toContain('dynamodb https://dynamodb.eu-west-1.amazonaws.com');
    },
    minutes,
  );
});
