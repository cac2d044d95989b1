/** The Python of docs/for-applications.md runs, and refuses what it has to. */
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { KeysetSigner, SecretCache, tokenKeys } from '../../client/index.ts';
import { canonicalPart } from '../../domain/ciphertext/binding.ts';
import type { PrimaryKeyPart } from '../../domain/ciphertext/format.ts';
import { jwtSettings, keyNumber, Rotating } from '../client/keysets.ts';
import { InMemorySource, StandingSystem } from '../client/stand-ins.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const [, example = ''] = /```python\n(.*?)```/s.exec(read('docs/for-applications.md')) ?? [];

const found = spawnSync('python3', ['-c', 'import cryptography'], { timeout: 30_000 });
const hasPython = found.status === 0;
if (!hasPython) {
  process.stderr.write('SKIPPED: no python3 with cryptography; the Python example was not run\n');
}
const whereItRuns = hasPython ? test : test.skip;

/** What each call gives: its result, or the name of its refusal. */
function python(calls: readonly object[]): unknown[] {
  const driver = `
import sys
def told(call):
    now = datetime.fromtimestamp(call["now"], timezone.utc)
    try:
        if "token" in call:
            return verify(call["token"], read_keyset(call["secret"]), now)["sub"]
        return open_qt1(call["stored"], read_keyset(call["secret"]), call["column"], call["profile"], call["row"], now).decode()
    except Refused as refusal:
        return type(refusal).__name__
print(json.dumps([told(call) for call in json.load(sys.stdin)]))
`;
  const { stdout, stderr, status } = spawnSync('python3', ['-I', '-c', example + driver], {
    input: JSON.stringify(calls),
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return JSON.parse(stdout);
}

const system = new StandingSystem();
const seconds = system.time / 1000;

whereItRuns(
  'Python verifies tokens through a rotation, and refuses revoked keys and forgeries',
  async () => {
    const rotating = new Rotating(jwtSettings, system.now);
    const first = rotating.kid('primary');
    const signed = (text: string) => {
      const cache = new SecretCache(new InMemorySource(text), { parse: tokenKeys(), system });
      return new KeysetSigner(cache, { lifetime: 900, system }).sign({ sub: 'ann' });
    };
    const old = await signed(rotating.text);
    const published = rotating.publish().text;
    const activated = rotating.activate().text;
    const young = await signed(activated);
    const revoked = rotating.retire(first, 'revoked').text;
    const forged = (header: object, key = keyNumber(2), hash = 'sha512') => {
      const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
      const input = `${part(header)}.${part({ sub: 'eve', exp: seconds + 10_000 })}`;
      return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
    };
    const kid = rotating.kid('primary');
    const call = (token: string, secret: string, now = seconds) => ({ token, secret, now });
    const [head, body, signature] = young.split('.');
    expect(
      python([
        call(old, activated),
        call(young, published),
        call(young, activated),
        call(forged({ alg: 'HS512', kid }), activated),
        call(forged({ alg: 'HS512', kid: first }, keyNumber(1)), activated, seconds + 3_599),
        call(forged({ alg: 'HS512', kid: first }, keyNumber(1)), activated, seconds + 3_600),
        call(young, activated, seconds + 901),
        call(old, revoked),
        call(forged({ alg: 'HS512', kid: '0123456789abcdef' }), activated),
        call(forged({ alg: 'none', kid }), activated),
        call(forged({ alg: 'HS256', kid }, keyNumber(2), 'sha256'), activated),
        call(forged({ alg: 'HS512' }), activated),
        call(forged({ alg: 'HS512', kid, crit: ['b64'] }), activated),
        call(forged({ alg: 'HS512', kid }, keyNumber(1)), activated),
        call(`${head}.${body}.${signature}=`, activated),
        call(`${head}.${body}`, activated),
        call(`${Buffer.from('['.repeat(100_000)).toString('base64url')}.${body}.`, activated),
      ]),
    ).toEqual([
      ...['ann', 'ann', 'ann', 'eve', 'eve'],
      ...['Refused', 'Refused', 'Refused', 'UnknownKey'],
      ...Array.from({ length: 8 }, () => 'Refused'),
    ]);
  },
);

interface Vector {
  name: string;
  binding: { profile: string; column?: string; row?: PrimaryKeyPart[] };
  ciphertext: string;
  plaintext?: string;
  error?: string;
}

whereItRuns('Python opens the test vectors of qt1, and refuses those that are refused', () => {
  const formats = read('docs/ciphertext-formats.md');
  const section = formats.slice(formats.indexOf('## qt1, text form'));
  const [, json = ''] = /```json\n(.*?)```/s.exec(section) ?? [];
  const { key, kid, vectors, refused } = JSON.parse(json) as Record<'key' | 'kid', string> &
    Record<'vectors' | 'refused', Vector[]>;
  const secret = (state: string) =>
    JSON.stringify({
      keyset: { version: 1, alg: 'A256GCM', encoding: 'hex', keys: [{ kid, k: key, state }] },
    });
  const call = ({ binding, ciphertext }: Vector, state = 'primary') => ({
    stored: ciphertext,
    secret: secret(state),
    now: seconds,
    profile: binding.profile,
    column: binding.column ?? '',
    row: (binding.row ?? []).map(canonicalPart),
  });
  expect(vectors.length).toBeGreaterThan(3);
  expect(refused.length).toBeGreaterThan(3);
  const [any] = vectors as [Vector, ...Vector[]];
  const opened = python([
    ...vectors.map((vector) => call(vector)),
    ...refused.map((vector) => call(vector)),
    call(any, 'decryptOnly'),
    call(any, 'disabled'),
  ]);
  expect(opened).toEqual([
    ...vectors.map(({ plaintext }) => plaintext),
    ...refused.map(({ error }) =>
      error === 'ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN' ? 'UnknownKey' : 'Refused',
    ),
    any.plaintext,
    'Refused',
  ]);
});
