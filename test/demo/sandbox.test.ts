/** `npm run sandbox` as a newcomer uses it: what it prints is pasted, what docs/adopt.md says is typed. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { secretsManagerWith } from '../../doors/explicit-access.ts';
import { Machine, type Run, root } from './machine.ts';

// A dozen processes, on a machine that is busy with other tests.
jest.setTimeout(120_000);

const isFull = process.env.PROOF === 'full';
// Another synthesis, deployment and rotation: with `npm run proof`. In one process: test/integration/adoption.test.ts.
const fullTest = isFull ? test : test.skip;

let machine: Machine;
let run: Run;
let configuration: string;
let document: string;

beforeAll(async () => {
  machine = await Machine.make();
  document = await readFile(join(root, 'docs', 'adopt.md'), 'utf8');
  // The person edits rotation.config.ts; here it is a copy of it.
  configuration = join(machine.temporary, 'rotation.config.mts');
  const example = await readFile(join(root, 'rotation.config.ts'), 'utf8');
  const schema = pathToFileURL(join(root, 'domain/config/rotation-config.ts')).href;
  await writeFile(configuration, example.replace('./domain/config/rotation-config.ts', schema));
  run = machine.startWith({ QUARTERTURN_CONFIG: configuration }, 'sandbox');
  await run.says(/until Ctrl-C[\s\S]*_sandbox\/clock/);
});
afterAll(async () => {
  run?.child.kill('SIGINT');
  await run?.exit;
  await machine?.remove();
});

interface Said {
  code: number;
  said: string;
}

/**
 * In a shell into which the printed settings were pasted; ends at the first command that fails. npm's own `npx`
 * takes as long as the command it finds: with `npm run proof`.
 */
async function typed(commands: string): Promise<Said> {
  const settings = run
    .output()
    .split('\n')
    .filter((line) => /^ {2}(export|unset) /.test(line));
  const { TMPDIR } = process.env;
  const PATH = [...(isFull ? [] : [await direct()]), process.env.PATH].join(':');
  const env = { PATH, TMPDIR, HOME: machine.temporary, QUARTERTURN_CONFIG: configuration };
  const script = [...settings, commands].join('\n');
  const shell = promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    env: { ...env, npm_config_update_notifier: 'false' },
    cwd: root,
  });
  return shell.then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }),
  );
}

/** A folder with an `npx` that starts the command, as npm's does. */
async function direct(): Promise<string> {
  const folder = join(machine.temporary, 'bin');
  await mkdir(folder, { recursive: true });
  const script = `#!/bin/sh\n[ "$1" = quarterturn ] || exit 127\nshift\nexec '${process.execPath}' '${process.env.QUARTERTURN_TEST_COMMAND}' "$@"\n`;
  await writeFile(join(folder, 'npx'), script, { mode: 0o755 });
  return folder;
}

const edit = async (from: string | RegExp, to: string): Promise<void> => {
  const before = await readFile(configuration, 'utf8');
  await writeFile(configuration, before.replace(from, to));
};

/** The fenced blocks of "Try it on a laptop". */
function blocks(language: 'ts' | 'sh'): string[] {
  const section = /## Try it on a laptop\n([\s\S]*?)\n## /.exec(document)?.[1] ?? '';
  return [...section.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, block = '']) => block,
  );
}

describe('the key of on-call', () => {
  test('rotates but reads no value; the control token is readable by its owner alone', async () => {
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
    for (const file of ['control-token', 'sandbox.json']) {
      const { mode } = await stat(join(pasted('QUARTERTURN_SANDBOX'), file));
      expect(mode & 0o777).toBe(0o600);
    }
  });
});

describe('docs/adopt.md, "Try it on a laptop"', () => {
  test('has the lines the sandbox prints', () => {
    const unindented = (text: string) => text.replaceAll(/^ +/gm, '');
    const said = unindented(run.output());
    const printed = [...blocks('ts'), ...blocks('sh')];
    expect(printed.length).toBe(3);
    for (const block of printed) {
      expect(said).toContain(unindented(block));
    }
  });

  // In one process, with every kind: test/integration/adoption.test.ts.
  fullTest('takes the secret over, with the age it has', async () => {
    await edit('  secrets: {\n', `  secrets: {\n${blocks('ts')[0]}`);
    // Nobody is there to be asked.
    const adopt = blocks('sh')[0]?.replace(/adopt sessionKey$/m, '$& --yes');
    const { code, said } = await typed(
      `${adopt}npx quarterturn status sessionKey | grep -A1 ^SECRET`,
    );
    expect(said).toMatch(/created AWS::Lambda::Function \w*sessionKey/);
    expect(said).toContain('Rehearsed: a plain key of 512 bits in base64');
    expect(said).toContain('Would be adopted; nothing was changed.');
    expect(said).toContain('Adopted: old/session-key');
    expect(said).toContain('npm run sandbox:deploy  (');
    expect(said).toMatch(/^sessionKey +jwt +not armed +\S+ +120 d/m);
    expect(code).toBe(0);
  });

  fullTest('arms and rotates it, and status has nothing to complain of', async () => {
    await edit(/^ *adopt: \{/m, '  armed: true,\n$&');
    const { code, said } = await typed(blocks('sh')[1] ?? '');
    expect(said).toMatch(/created AWS::SecretsManager::RotationSchedule/);
    expect(said).toContain('AfterRotation finished');
    expect(said).toMatch(/^db +database +current +\S+ +0 d/m);
    expect(said).toMatch(/^sessionKey +jwt +current +\S+ +0 d +180 d/m);
    expect(said).toContain('Nothing needs a person.');
    expect(code).toBe(0);
  });
});

fullTest('a deployment that a service refuses is told in its words, and undone', async () => {
  const before = await readFile(configuration, 'utf8');
  const lost = (blocks('ts')[0] ?? '')
    .replace('sessionKey', 'lostKey')
    .replace('old/session-key', 'old/lost-key')
    .replace('adopt:', 'armed: true, adopt:');
  await edit('  secrets: {\n', `  secrets: {\n${lost}`);
  const { code, said } = await typed('npm run -s sandbox:deploy');
  expect(said).toContain("Secrets Manager can't find the specified secret.");
  expect(said).toContain('What it had changed is as it was before.');
  expect(code).toBe(1);
  await writeFile(configuration, before);
});

test('Ctrl-C ends it, and nothing of it is left', async () => {
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(0);
  await machine.expectNothingLeft(run.output());
});

function found(text: string, pattern: RegExp): string {
  const match = pattern.exec(text)?.[1];
  if (match === undefined) {
    throw new Error(`The output does not match ${pattern}:\n${text}`);
  }
  return match;
}
