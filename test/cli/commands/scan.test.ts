import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OpenDeployment } from '../../../cli/command.ts';
import { main } from '../../../cli/main.ts';
import type { ScanReport } from '../../../domain/reports/scan-report.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';
import { planted, scannedDeployment } from '../scan/managed-values.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quarterturn-scan-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
const scan = async (...argv: string[]) => {
  const outcome = await runCommand(scannedDeployment(), ['scan', folder, ...argv, '--json']);
  return { ...outcome, report: JSON.parse(outcome.said || 'null') as ScanReport };
};
const fallbacks = async (...argv: string[]) =>
  (await scan(...argv)).report.findings
    .filter(({ kind }) => kind === 'fallback')
    .map(({ secret, place }) => [
      secret,
      place.in === 'file' ? `${place.path.slice(folder.length + 1)}:${place.line}` : '',
    ]);

describe('quarterturn scan', () => {
  test('says where a value lies, whose it is, and what to do, and not the value', async () => {
    write({ 'app/config.env': `A=1\nPASSWORD=${planted.db.text}\n` });
    const { exitCode, said } = await runCommand(scannedDeployment(), ['scan', folder]);
    expect(exitCode).toBe(3);
    expect(said).toContain(`LIVE  shop/prod/db  password  (AWSCURRENT ${'1'.repeat(32)})`);
    expect(said).toContain(`${join(folder, 'app/config.env')}:2`);
    expect(said).toContain('npx quarterturn emergency db --deployment shop/prod --reason');
    expect(said).not.toContain(planted.db.text.slice(0, 8));
  });

  test('of a key that a newer one replaced it says what it still is', async () => {
    write({ 'old.env': `JWT_SECRET=${planted.previousJwt.text}\n` });
    const { report } = await scan();
    expect(report.findings[0]).toMatchObject({
      state: 'live',
      versions: [
        { state: 'verifyOnly', labels: ['AWSCURRENT'] },
        { state: 'primary', labels: ['AWSPREVIOUS'] },
      ],
    });
  });

  test('ends with 0 when nothing is found, and reads no history that is not there', async () => {
    write({ 'README.md': '# Nothing\n' });
    const { exitCode, report } = await scan();
    expect([exitCode, report.paths[0]?.files]).toEqual([0, 1]);
  });

  test('asks for fingerprints of the secrets it is told, ten at a time, with a key of its own', async () => {
    const deployment = scannedDeployment();
    await runCommand(deployment, ['scan', folder, '--secret', 'db', '--secret', 'shop/prod/jwt']);
    expect(deployment.invocations).toEqual([
      {
        functionName: 'quarterturn-pharmacy-prod-take-fingerprints',
        request: expect.objectContaining({
          operation: 'fingerprints',
          secrets: ['db', 'jwt'],
          scanKey: expect.stringMatching(/^[0-9a-f]{64}$/),
        }),
      },
    ]);
  });

  test('names what it did not look for', async () => {
    const deployment = scannedDeployment({
      values: { console: 'short', vendor: '{"apiKey":"correct horse battery staple"}' },
    });
    const { said, exitCode } = await runCommand(deployment, ['scan', folder]);
    expect(exitCode).toBe(0);
    expect(said).toMatch(
      /shop\/prod\/console, the value: it has \d+ bits at most, 128 are expected/,
    );
    expect(said).toContain('shop/prod/vendor, member "apiKey": no part of it looks random');
  });

  test('proves nothing when no value can be looked for', async () => {
    const deployment = scannedDeployment({ values: { console: 'short' } });
    const { said, exitCode } = await runCommand(deployment, [
      'scan',
      folder,
      '--secret',
      'console',
    ]);
    expect([exitCode, said]).toEqual([1, expect.stringContaining('this proves nothing')]);
  });

  test('says so when the deployment was made by a release without the function', async () => {
    const { manifest, ...deployment } = scannedDeployment();
    const { emergency: _, ...older } = manifest;
    const { exitCode, complained } = await runCommand(
      { ...deployment, manifest: older } as OpenDeployment,
      ['scan', folder],
    );
    expect([exitCode, complained]).toEqual([1, expect.stringContaining('takes no fingerprints')]);
  });

  test('refuses an answer about another deployment', async () => {
    const deployment = scannedDeployment();
    const other = scannedDeployment({ name: 'staging' });
    const { exitCode, complained } = await runCommand(
      { ...deployment, functions: other.functions },
      ['scan', folder],
    );
    expect([exitCode, complained]).toEqual([1, expect.stringContaining('one release')]);
  });

  test('stops at Ctrl-C and says that not everything was looked at', async () => {
    for (let index = 0; index < 20; index += 1) write({ [`f${index}`]: 'x' });
    const terminal = recordedTerminal();
    const deployment = scannedDeployment();
    const working = terminal.untilInterrupted;
    const eager = {
      ...terminal,
      untilInterrupted: <R>(work: (interrupted: AbortSignal) => Promise<R>) =>
        working((signal) => {
          terminal.interrupt();
          return work(signal);
        }),
    };
    const exitCode = await main(
      ['scan', folder],
      {},
      { terminal: eager, open: async () => deployment },
    );
    expect([exitCode, terminal.complained]).toEqual([
      130,
      ['Interrupted: not everything was looked at.'],
    ]);
  });
});

describe('quarterturn scan --across', () => {
  const across = async (staging: Parameters<typeof scannedDeployment>[0]) => {
    const deployments = {
      prod: scannedDeployment(),
      staging: scannedDeployment({ name: 'staging', ...staging }),
    };
    const asked: unknown[] = [];
    const terminal = recordedTerminal();
    const exitCode = await main(
      ['scan', '--across', '-d', 'shop/staging', '-d', 'shop/prod@production', '--json'],
      {},
      {
        terminal,
        open: async (options) => {
          asked.push(options);
          return deployments[options.deployment === 'shop/prod' ? 'prod' : 'staging'];
        },
      },
    );
    return { exitCode, asked, report: JSON.parse(terminal.said.join('\n')) as ScanReport };
  };

  test('finds a value that two deployments share, each with its own credentials', async () => {
    const { exitCode, asked, report } = await across({
      values: {
        jwt: '{"quarterturn":"uninitialised"}',
        fields: '{"quarterturn":"uninitialised"}',
        cookies: '{"quarterturn":"uninitialised"}',
        legacy: '{"quarterturn":"uninitialised"}',
        vendor: '{"quarterturn":"uninitialised"}',
        console: '{"quarterturn":"uninitialised"}',
      },
    });
    expect(asked).toEqual([
      { deployment: 'shop/staging' },
      { deployment: 'shop/prod', profile: 'production' },
    ]);
    expect(report.shared).toEqual([
      {
        holders: [
          expect.objectContaining({
            deployment: 'shop/staging',
            secret: 'shop/staging/db',
            what: 'password',
          }),
          expect.objectContaining({
            deployment: 'shop/prod',
            secret: 'shop/prod/db',
            what: 'password',
          }),
        ],
      },
    ]);
    expect([exitCode, report.paths]).toEqual([3, []]);
  });

  test('ends with 0 when they share none', async () => {
    const own = `${planted.console.text.slice(20)}${planted.db.text}`;
    const keys = ['jwt', 'fields', 'cookies', 'legacy', 'vendor', 'db'];
    const values = Object.fromEntries(keys.map((key) => [key, '{"quarterturn":"uninitialised"}']));
    const { exitCode, report } = await across({
      values: { ...values, console: own.split('').reverse().join('') },
    });
    expect([exitCode, report.shared]).toEqual([0, []]);
  });

  test('needs two of them', async () => {
    const { exitCode, complained } = await runCommand(scannedDeployment(), [
      'scan',
      '--across',
      '-d',
      'shop/prod',
    ]);
    expect([exitCode, complained]).toEqual([2, expect.stringContaining('two or more')]);
  });
});

describe('a development fallback is a finding in configuration of production', () => {
  const fallback = 'JWT_SECRET=dev-secret-do-not-use\n';

  test.each([
    ['.env.production', fallback],
    ['config/prod/app.env', fallback],
    ['config/production.json', '{\n  "jwtSecret": "change-me-please"\n}\n'],
    ['deploy/values-prod.yaml', 'db:\n  password: postgres-default\n'],
    ['terraform/prod.tfvars', 'db_password = "example-password"\n'],
    ['live.properties', 'DATABASE_URL=postgresql://app:test-password@db/app\n'],
    [
      'task.json',
      '{"containerDefinitions": [{"environment": [{"name": "API_TOKEN", "value": "dummy-token"}]}]}',
    ],
    [
      'k8s/app.yaml',
      'apiVersion: v1\nkind: Secret\ndata:\n  JWT_SECRET: ZGV2LXNlY3JldC1kby1ub3QtdXNl\n',
    ],
    [
      'k8s/deploy.yaml',
      'apiVersion: apps/v1\nkind: Deployment\nspec:\n  env:\n    - name: JWT_SECRET\n      value: local-secret\n',
    ],
  ])('%s', async (path, content) => {
    write({ [path]: content });
    const found = await fallbacks();
    expect(found).toHaveLength(1);
    expect((await scan()).exitCode).toBe(3);
  });

  test.each([
    ['.env', fallback],
    ['.env.development', fallback],
    ['test/fixtures/prod.env', fallback],
    ['docs/production.yaml', 'password: example\n'],
    ['src/prod.ts', `const password = 'example';\n`],
    ['k8s/dev/app.yaml', 'apiVersion: v1\nkind: Secret\nstringData:\n  password: example\n'],
    [
      'prod.yaml',
      'password: $(DB_PASSWORD)\nsecret: {{ .Values.secret }}\ntoken: arn:aws:secretsmanager:eu-west-1:1:secret:test\nJWT_SECRET_NAME: test/jwt\n',
    ],
    ['prod.env', `DB_PASSWORD=${planted.legacy.text.split('').reverse().join('')}\n`],
  ])('and none in %s', async (path, content) => {
    write({ [path]: content });
    expect(await fallbacks()).toEqual([]);
  });

  test('where --production says so', async () => {
    write({ 'ops/eu/app.env': fallback, 'ops/dev/app.env': fallback, '.env.production': fallback });
    expect(await fallbacks('--production', 'ops/eu/**', '--production', 'x?.env')).toEqual([
      ['JWT_SECRET', 'ops/eu/app.env:1'],
    ]);
  });
});
