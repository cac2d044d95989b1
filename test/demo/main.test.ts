/** The demo as a newcomer runs it: a child process, piped, on this machine alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { secretsManagerWith } from '../../doors/explicit-access.ts';

const root = join(import.meta.dirname, '..', '..');
const minutes = 60_000;
let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'demo-test-'));
  // PostgreSQL's account has to pass through it when the tests run as root.
  await chmod(temporary, 0o755);
});

afterAll(async () => {
  await rm(temporary, { recursive: true, force: true });
});

describe('npm start, piped', () => {
  test(
    'reads every proof back, exits with 0, shows no value and leaves nothing behind',
    async () => {
      const run = start('demo');
      const code = await run.exit;

      expect(run.errors()).toBe('');
      expect(code).toBe(0);
      for (const proof of proofs) {
        expect(run.output()).toMatch(proof);
      }
      // Every value of every secret is an unbroken run of 32 characters or more; a kid has 16.
      expect(run.output().match(/[A-Za-z0-9+/_=.-]{24,}/g) ?? []).toEqual([]);
      expect(run.output()).not.toContain('\u001b');
      await expectNothingLeft(run.output());
    },
    4 * minutes,
  );

  test(
    'ends with 143 after SIGTERM in the middle of its work, and leaves nothing behind',
    async () => {
      const run = start('demo', 'jwt');
      await run.says(/the synthesized stack on/);
      run.child.kill('SIGTERM');

      expect(await run.exit).toBe(143);
      await expectNothingLeft(run.output());
    },
    2 * minutes,
  );

  test(
    'ends with 141 when nobody reads on, and leaves nothing behind',
    async () => {
      const run = start('demo', 'jwt');
      await run.says(/PostgreSQL on localhost/);
      run.child.stdout?.destroy();

      expect(await run.exit).toBe(141);
      await expectNothingLeft(run.output());
    },
    2 * minutes,
  );

  test('names the chapters there are when it does not know one', async () => {
    const run = start('demo', 'rot13');

    expect(await run.exit).toBe(1);
    expect(run.errors()).toContain(
      'There is no chapter "rot13"; expected one of first-values, jwt',
    );
    expect(run.output()).toBe('');
  });
});

describe('npm run sandbox', () => {
  test(
    'stays until Ctrl-C, and its operator key rotates but reads no value',
    async () => {
      const run = start('sandbox');
      await run.says(/until Ctrl-C[\s\S]*_sandbox\/requests/);
      const pasted = (name: string) => found(run.output(), new RegExp(`export ${name}=(\\S+)`));
      const operator = secretsManagerWith({
        endpoint: found(run.output(), /--endpoint-url (\S+)/),
        region: pasted('AWS_REGION'),
        credentials: {
          accessKeyId: pasted('AWS_ACCESS_KEY_ID'),
          secretAccessKey: pasted('AWS_SECRET_ACCESS_KEY'),
        },
      });
      const secretId = found(run.output(), /rotate-secret --secret-id (\S+)/);

      await expect(
        operator.rotate({ secretId, clientRequestToken: 'a-token-of-this-test-0123456789ab' }),
      ).resolves.toBe('started');
      await expect(operator.getCurrentValue(secretId)).rejects.toThrow('AccessDeniedException');
      const tokenFile = found(run.output(), /\$\(cat (\S+)\)/);
      expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);

      run.child.kill('SIGINT');
      expect(await run.exit).toBe(0);
      await expectNothingLeft(run.output());
    },
    2 * minutes,
  );
});

const proofs = [
  /✓ a token verifies, signed by key [0-9a-f]{16}/,
  /✓ 180 patients are sealed under key [0-9a-f]{16} and open again/,
  /✓ the mock data passes its checklist in the database: 11 checks/,
  /✓ the token signed by [0-9a-f]{16} before the rotation still verifies/,
  /✓ a login now gets a token signed by [0-9a-f]{16}, and it verifies/,
  /✓ the phone sealed under [0-9a-f]{16} before the rotation still opens/,
  /✓ a phone saved now carries kid [0-9a-f]{16}, and opens/,
  /✓ all 576 sealed fields of the database open/,
  /✓ the session of pharmacy_app_a went on working through the rotation/,
  /✓ pharmacy_app_b logs in with its new password and acts as pharmacy_app/,
  /✓ pharmacy_app owns the tables and cannot log in by itself any more/,
  /✓ pharmacy_legacy logs in with it and reads 180 patients/,
  /✓ the old password is refused \(28P01\)/,
  /✓ no secret is older than its limit on day 90/,
  /day 90, 2026-02-16/,
  /✓ no secret is older than its limit on day 180/,
  /day 180, 2026-05-17/,
  /✓ AWSCURRENT did not move/,
  /✓ pharmacy_app_[ab] logs in, AWSCURRENT names it/,
];

interface Run {
  child: ChildProcess;
  exit: Promise<number | null>;
  output(): string;
  errors(): string;
  /** Resolves when the output matches. @throws Error when the process ends without */
  says(pattern: RegExp): Promise<void>;
}

function start(...command: string[]): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bin/quarterturn.ts', ...command], {
    cwd: root,
    // The shell's AWS settings must lead nowhere: these would, if anything listened to them.
    env: {
      PATH: process.env.PATH,
      TMPDIR: temporary,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_PROFILE: 'production',
      AWS_SESSION_TOKEN: 'of-somebody-else',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    exit,
    output: () => output,
    errors: () => errors,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(output)) {
            child.stdout.off('data', look);
            resolve();
          }
        };
        child.stdout.on('data', look);
        look();
        void exit.then(() => reject(new Error(`ended without ${pattern}:\n${output}${errors}`)));
      }),
  };
}

async function expectNothingLeft(output: string): Promise<void> {
  const files = await readdir(temporary);
  expect(files.filter((name) => name.startsWith('quarterturn'))).toEqual([]);
  const ports = [...output.matchAll(/(?:localhost|127\.0\.0\.1):(\d+)/g)].map(([, port]) => port);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of new Set(ports)) {
    await expect(opens(Number(port))).resolves.toBe(false);
  }
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function found(text: string, pattern: RegExp): string {
  const match = pattern.exec(text)?.[1];
  if (match === undefined) {
    throw new Error(`The output does not match ${pattern}:\n${text}`);
  }
  return match;
}
