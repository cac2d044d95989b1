/**
 * The Python and the Go of docs/for-applications.md, as they stand there, beside the client: what one writes the
 * other reads, and what one refuses the other refuses.
 */
import { createHmac } from 'node:crypto';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  FieldCipher,
  fieldKeys,
  KeysetSigner,
  KeysetVerifier,
  SecretCache,
  tokenKeys,
} from '../../client/index.ts';
import { canonicalPart } from '../../domain/ciphertext/binding.ts';
import type { PrimaryKeyPart, Profile } from '../../domain/ciphertext/format.ts';
import { encryptionSettings, jwtSettings, keyNumber, Rotating } from '../client/keysets.ts';
import { InMemorySource, StandingSystem } from '../client/stand-ins.ts';
import { Bench } from '../sandbox/secrets-manager/bench.ts';
import { serve } from '../sandbox/serve.ts';
import {
  blocksOf,
  type CacheStep,
  type Call,
  type Language,
  outputOf,
  pythonWith,
  read,
  startGo,
  startPython,
} from './other-languages.ts';

const languages = [
  ['Python', startPython, 'python3 with PyJWT and cryptography'],
  ['Go', startGo, 'go'],
] as const;

const system = new StandingSystem();
const seconds = system.time / 1000;
const tokensOf = (secret: string) =>
  new SecretCache(new InMemorySource(secret), { parse: tokenKeys(), system });
const verifierOf = (secret: string) => new KeysetVerifier(tokensOf(secret), { system });
const signedBy = (secret: string) =>
  new KeysetSigner(tokensOf(secret), { lifetime: 900, system }).sign({ sub: 'ann' });

/** As a forger would: any header, any key. */
function forged(header: object, key = keyNumber(2), hash = 'sha512') {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const input = `${part(header)}.${part({ sub: 'eve', exp: seconds + 10_000 })}`;
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
}

interface Vector {
  name: string;
  binding: { profile: string; column?: string; row?: PrimaryKeyPart[] };
  ciphertext: string;
  plaintext?: string;
  error?: string;
}

describe.each(languages)('%s', (name, start, needs) => {
  const language: Language | undefined = start();
  afterAll(() => language?.stop());
  if (language === undefined) {
    process.stderr.write(
      `SKIPPED: no ${needs}; the ${name} of docs/for-applications.md was not run\n`,
    );
  }
  const whereItRuns = language === undefined ? test.skip : test;
  const run = (calls: readonly Call[]) => (language as Language).run(calls);

  whereItRuns(
    'verifies tokens through a rotation, and refuses what has to be refused',
    async () => {
      const rotating = new Rotating(jwtSettings, system.now);
      const first = rotating.kid('primary');
      const old = await signedBy(rotating.text);
      const published = rotating.publish().text;
      const activated = rotating.activate().text;
      const young = await signedBy(activated);
      const revoked = rotating.retire(first, 'revoked').text;
      const short = activated.replaceAll(
        keyNumber(2).toString('base64'),
        Buffer.of(7).toString('base64'),
      );
      const kid = rotating.kid('primary');
      const call = (token: string, secret: string, now = seconds) =>
        ({ op: 'verify', token, secret, now }) as const;
      const [head, body, signature] = young.split('.');
      const late = forged({ alg: 'HS512', kid: first }, keyNumber(1));
      expect(
        run([
          call(old, activated),
          call(young, published),
          call(young, activated),
          call(forged({ alg: 'HS512', kid }), activated),
          call(late, activated, seconds + 3_599),
          call(late, activated, seconds + 3_600),
          call(young, activated, seconds + 899),
          call(young, activated, seconds + 900),
          call(old, revoked),
          call(forged({ alg: 'HS512', kid: '0123456789abcdef' }), activated),
          call(forged({ alg: 'none', kid }), activated),
          call(`${forged({ alg: 'none', kid }).split('.').slice(0, 2).join('.')}.`, activated),
          call(forged({ alg: 'HS256', kid }, keyNumber(2), 'sha256'), activated),
          call(forged({ alg: 'HS256', kid }), activated),
          call(forged({ alg: 'HS512' }), activated),
          call(forged({ alg: 'HS512', KID: kid }), activated),
          call(forged({ alg: 'HS512', kid, crit: ['b64'] }), activated),
          call(forged({ alg: 'HS512', kid }, keyNumber(1)), activated),
          call(`${head}.${body}.${signature}=`, activated),
          call(`${head}.${body}.${signature}\n`, activated),
          call(`${head}.${body}`, activated),
          call(`${Buffer.from('['.repeat(100_000)).toString('base64url')}.${body}.`, activated),
          call(forged({ alg: 'HS512', kid }, Buffer.of(7)), short),
        ]),
      ).toEqual([
        ...['ann', 'ann', 'ann', 'eve', 'eve', 'Refused', 'ann', 'Refused'],
        ...['Refused', 'UnknownKey'],
        ...Array.from({ length: 12 }, () => 'Refused'),
        'ValueError',
      ]);
    },
  );

  whereItRuns('signs tokens that the client verifies, with the primary key', async () => {
    const rotating = new Rotating(jwtSettings, system.now).publish().activate();
    const call = { op: 'sign', claims: { sub: 'ann' }, lifetime: 60, now: seconds } as const;
    const [token] = run([{ ...call, secret: rotating.text }]) as [string];
    expect(await verifierOf(rotating.text).verify(token)).toEqual({
      sub: 'ann',
      iat: seconds,
      exp: seconds + 60,
    });
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toEqual({ alg: 'HS512', kid: rotating.kid('primary'), typ: 'JWT' });
  });

  whereItRuns('opens the test vectors of qt1, and refuses those that are refused', () => {
    const formats = read('docs/ciphertext-formats.md');
    const section = formats.slice(formats.indexOf('## qt1, text form'));
    const [, json = ''] = /```json\n(.*?)```/s.exec(section) ?? [];
    const { key, kid, vectors, refused } = JSON.parse(json) as Record<'key' | 'kid', string> &
      Record<'vectors' | 'refused', Vector[]>;
    const secret = (state: string) =>
      JSON.stringify({
        keyset: { version: 1, alg: 'A256GCM', encoding: 'hex', keys: [{ kid, k: key, state }] },
      });
    const call = ({ binding, ciphertext }: Vector, state = 'primary') =>
      ({
        op: 'open',
        stored: ciphertext,
        secret: secret(state),
        now: seconds,
        profile: binding.profile,
        column: binding.column ?? '',
        row: (binding.row ?? []).map(canonicalPart),
      }) as const;
    expect(vectors.length).toBeGreaterThan(3);
    expect(refused.length).toBeGreaterThan(3);
    const [any] = vectors as [Vector, ...Vector[]];
    expect(
      run([
        ...vectors.map((vector) => call(vector)),
        ...refused.map((vector) => call(vector)),
        call(any, 'decryptOnly'),
        call(any, 'disabled'),
        call(any, 'verifyOnly'),
      ]),
    ).toEqual([
      ...vectors.map(({ plaintext }) => plaintext),
      ...refused.map(({ error }) =>
        error === 'ERR_ROTATION_CIPHERTEXT_KEY_UNKNOWN' ? 'UnknownKey' : 'Refused',
      ),
      any.plaintext,
      'Refused',
      'Refused',
    ]);
  });

  whereItRuns(
    'reads fields of the client in all profiles, and writes fields the client reads',
    async () => {
      const rotating = new Rotating(encryptionSettings, system.now);
      const before = rotating.text;
      const after = rotating.publish().activate().text;
      const cipherOf = (secret: string) =>
        new FieldCipher(
          new SecretCache(new InMemorySource(secret), { parse: fieldKeys(), system }),
          Object.fromEntries(
            (['none', 'column', 'row'] as Profile[]).map((profile) => [
              `p.${profile}`,
              { profile },
            ]),
          ),
        );
      const plaintexts = ['', 'Ann Ærø 安 🗝', 'x'.repeat(100_000)];
      const row = [42n, { uuid: '00000000-0000-4000-8000-00000000000a' }, 'north'];
      const places = (['none', 'column', 'row'] as const).map((profile) => ({
        profile,
        column: `p.${profile}`,
        row: profile === 'row' ? row.map(canonicalPart) : [],
      }));
      const ours = cipherOf(before);
      const sealed = await Promise.all(
        places.flatMap(({ column, profile }) =>
          plaintexts.map((text) => ours.encrypt(column, text, profile === 'row' ? row : undefined)),
        ),
      );
      const each = places.flatMap((place) =>
        plaintexts.map((plaintext) => ({ ...place, plaintext })),
      );
      const opened = run(
        each.map(({ plaintext: _, ...place }, at) => ({
          ...place,
          op: 'open',
          stored: sealed[at] ?? '',
          secret: after,
          now: seconds,
        })),
      );
      expect(opened).toEqual(each.map(({ plaintext }) => plaintext));

      const theirs = run(each.map((call) => ({ ...call, op: 'seal', secret: after }))) as string[];
      expect(new Set(theirs).size).toBe(theirs.length);
      const reader = cipherOf(after);
      for (const [at, { column, profile, plaintext }] of each.entries()) {
        const stored = theirs[at] ?? '';
        expect(stored.startsWith(`qt1.${rotating.kid('primary')}.${profile}.`)).toBe(true);
        const place = profile === 'row' ? row : undefined;
        expect(await reader.decrypt(column, stored, place)).toBe(plaintext);
      }
    },
  );

  whereItRuns(
    'reads at most so often, looks once for a new key, and stops using what is too old',
    async () => {
      const rotating = new Rotating(jwtSettings, system.now);
      const [first, before] = [rotating.kid('primary'), rotating.text];
      const after = rotating.publish().activate().text;
      const second = rotating.kid('primary');
      const token = forged({ alg: 'HS512', kid: second });
      const madeUp = (kid: number) =>
        forged({ alg: 'HS512', kid: kid.toString(16).padStart(16, '0') });
      const down = null;
      const steps: [number, string | null, unknown, number, string?][] = [
        // At, what a read would bring, what is answered, reads so far.
        [0, down, 'Unavailable', 1],
        [0.5, down, 'Unavailable', 1], // A pause after a failure, whoever asks.
        [10, before, first, 2],
        [11, before, first, 2],
        [105, after, first, 2], // Before the earliest moment of a read.
        [106, after, 'eve', 3, token], // Unknown kid: read at once.
        [107, after, 'UnknownKey', 3, madeUp(1)],
        [115, after, 'UnknownKey', 3, madeUp(2)],
        [116, after, 'UnknownKey', 4, madeUp(3)], // One in ten seconds.
        [120, after, 'UnknownKey', 4, madeUp(4)],
        [236, down, second, 5], // Too old: a read, which fails.
        [236.5, down, second, 5],
        [415.9, down, second, 6],
        [419, down, 'Unavailable', 7], // 300 s after the last read that succeeded.
        [425, after, second, 8],
        [60, after, second, 9], // The clock went back.
      ];
      const calls: CacheStep[] = steps.map(([at, secret, , , sent]) => ({
        now: seconds + at,
        secret,
        ...(sent !== undefined && { token: sent }),
      }));
      expect(run([{ op: 'cache', steps: calls }])).toEqual([
        steps.map(([, , answer, reads]) => [answer, reads]),
      ]);
    },
  );

  if (name === 'Python') {
    whereItRuns(
      'PyJWT verifies tokens of the client and signs tokens for it, with the key that is named',
      async () => {
        const now = () => new Date();
        const rotating = new Rotating(jwtSettings, now);
        const cache = (secret: string) =>
          new SecretCache(new InMemorySource(secret), { parse: tokenKeys() });
        const signer = (secret: string, audience = 'api') =>
          new KeysetSigner(cache(secret), { lifetime: 900, audience });
        const first = rotating.kid('primary');
        const old = await signer(rotating.text).sign({ sub: 'ann' });
        const secret = rotating.publish().activate().text;
        const young = await signer(secret).sign({ sub: 'ann' });
        const elsewhere = await signer(secret, 'web').sign({ sub: 'ann' });
        const kid = rotating.kid('primary');
        const call = (token: string, text = secret) =>
          ({ op: 'verify with PyJWT', token, secret: text }) as const;
        const soon = Math.floor(Date.now() / 1000) + 600;
        const [signed, ...answers] = run([
          { op: 'sign with PyJWT', claims: { sub: 'bob', aud: 'api', exp: soon }, secret },
          call(old),
          call(young),
          call(elsewhere),
          call(old, rotating.retire(first, 'revoked').text),
          call(forged({ alg: 'none', kid })),
          call(forged({ alg: 'HS256', kid }, keyNumber(2), 'sha256')),
          call(forged({ alg: 'HS512', kid, crit: ['b64'] })),
          call(forged({ alg: 'HS512', kid: '0123456789abcdef' })),
          call(forged({ alg: 'HS512' })),
        ]);
        expect(answers).toEqual([
          ...['ann', 'ann'],
          ...['Refused', 'Refused', 'Refused', 'Refused', 'Refused', 'UnknownKey', 'UnknownKey'],
        ]);
        const verifier = new KeysetVerifier(cache(secret), { audience: 'api' });
        expect(await verifier.verify(signed as string)).toMatchObject({ sub: 'bob' });
      },
    );
  }
});

const withAnSdk = pythonWith('boto3') ?? pythonWith('botocore');
if (withAnSdk === undefined) {
  process.stderr.write(
    'SKIPPED: no python3 with boto3 or botocore; its read of a secret was not run\n',
  );
}

(withAnSdk === undefined ? test.skip : test)(
  'Python fetches from Secrets Manager, once in the life of a value, and again when it is asked',
  async () => {
    const rotating = new Rotating(jwtSettings, system.now);
    const first = rotating.kid('primary');
    const bench = new Bench();
    await bench.call('CreateSecret', {
      Name: 'shop/prod/jwt',
      SecretString: rotating.text,
      ClientRequestToken: '00000000-0000-4000-8000-000000000001',
    });
    // What a reader's policy (lib/read-access.ts) lets through: IAM sees the label of the request, never its default.
    const stages: unknown[] = [];
    const { client, stop } = await serve(bench.service, {
      authorize: (_caller, { action, context }) => {
        if (action === 'secretsmanager:GetSecretValue') {
          stages.push(context?.['secretsmanager:VersionStage']);
        }
      },
    });
    const [keys = '', fetching = ''] = blocksOf('python');
    // A client of boto3 is one of botocore.
    const driver = `
import sys
try:
    import boto3
except ImportError:
    import types, botocore.session
    boto3 = sys.modules["boto3"] = types.ModuleType("boto3")
    boto3.client = botocore.session.get_session().create_client
reads = []
fetch = secrets_manager("shop/prod/jwt")
cache = SecretCache(lambda: reads.append(1) or fetch(), read_keyset)
kids = [primary_of(cache.get())["kid"] for _ in range(3)]
boto3.client("secretsmanager").put_secret_value(SecretId="shop/prod/jwt", SecretString=os.environ["NEXT"])
kids += [primary_of(cache.get())["kid"], primary_of(cache.refresh_now())["kid"]]
print(json.dumps([kids, len(reads)]))
`;
    try {
      const { out, err, code } = await outputOf(
        withAnSdk ?? '',
        ['-I', '-c', keys + fetching + driver],
        {
          AWS_ENDPOINT_URL: client.endpoint,
          AWS_REGION: client.region,
          AWS_DEFAULT_REGION: client.region,
          AWS_ACCESS_KEY_ID: client.credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: client.credentials.secretAccessKey,
          AWS_SESSION_TOKEN: client.credentials.sessionToken ?? '',
          NEXT: rotating.publish().activate().text,
        },
      );
      expect({ err, code }).toEqual({ err: '', code: 0 });
      const second = rotating.kid('primary');
      expect(JSON.parse(out)).toEqual([[first, first, first, first, second], 2]);
      expect(stages.map(String)).toEqual(['AWSCURRENT', 'AWSCURRENT']);
    } finally {
      await stop();
    }
  },
);
