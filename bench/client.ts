/**
 * What the client costs over the bare library: the same tokens and fields, in turn, in one process. A ratio, not a
 * time: the machine is the same for both.
 */
import { createDecipheriv, createHmac, timingSafeEqual, webcrypto } from 'node:crypto';
import { loadavg } from 'node:os';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { jwtVerify as bareVerify } from 'jose';
import { FieldCipher, fieldKeys, KeysetVerifier, SecretCache, tokenKeys } from '../client/index.ts';
import { jwtVerify } from '../client/jwt/jose.ts';
import { KeysetSigner } from '../client/jwt/keyset-signer.ts';
import { secretsManagerSecret } from '../client/sources/secrets-manager.ts';
import { authenticatedData, sealingKey } from '../domain/ciphertext/binding.ts';
import type { Binding } from '../domain/ciphertext/format.ts';
import { encryptionSettings, jwtSettings, keyNumber, Rotating } from '../test/client/keysets.ts';
import { type Machine, machine } from './measure.ts';

export interface Overhead {
  readonly what: string;
  readonly against: string;
  /** Client / bare, of the least disturbed round of each, one of each repetition; 1.05: a twentieth more. */
  readonly ratios: readonly number[];
  /** Microseconds a call, in the least disturbed round of all. */
  readonly client: number;
  readonly bare: number;
  /** Of the client, all repetitions together. */
  readonly calls: number;
  /** Requests to Secrets Manager in these calls. */
  readonly requests: number;
}

export interface ClientFigures {
  readonly machine: Machine;
  readonly load: readonly [before: number, after: number];
  readonly overheads: readonly Overhead[];
  /** Requests before the first call: one a secret. */
  readonly first: number;
}

export interface ClientPlan {
  readonly repetitions: number;
  readonly rounds: number;
  /** Of each side in each round. */
  readonly calls: number;
}

export const clientPlans = {
  quick: { repetitions: 1, rounds: 3, calls: 50 },
  // A round is over within a millisecond, so that most are not interrupted even where others are at work.
  usual: { repetitions: 7, rounds: 400, calls: 40 },
} as const satisfies Record<string, ClientPlan>;

type Work = (index: number) => unknown;

interface Pair {
  readonly what: string;
  readonly against: string;
  readonly client: Work;
  readonly bare: Work;
}

export async function measureClient(plan: ClientPlan): Promise<ClientFigures> {
  const load = () => loadavg()[0] ?? Number.NaN;
  const before = load();
  let requests = 0;
  const secret = (secretId: string, text: string) =>
    secretsManagerSecret({
      secretId,
      client: {
        send: async () => {
          requests += 1;
          return { SecretString: text, VersionId: 'one' };
        },
      } as unknown as SecretsManagerClient,
    });
  const pairs = await pairsOf(secret);
  const first = requests;
  for (const { client, bare } of pairs) {
    await timed(client, plan.calls);
    await timed(bare, plan.calls);
  }
  const ratios = new Map<Pair, number[]>(pairs.map((pair) => [pair, []]));
  const best = new Map<Work, number>();
  const asked = new Map<Pair, number>();
  for (let repetition = 0; repetition < plan.repetitions; repetition += 1) {
    for (const pair of pairs) {
      const earlier = requests;
      const least = await leastOf([pair.client, pair.bare], plan);
      asked.set(pair, (asked.get(pair) ?? 0) + requests - earlier);
      ratios.get(pair)?.push((least.get(pair.client) ?? Number.NaN) / (least.get(pair.bare) ?? 1));
      for (const [work, each] of least) {
        best.set(work, Math.min(each, best.get(work) ?? each));
      }
    }
  }
  const overheads = pairs.map((pair) => ({
    what: pair.what,
    against: pair.against,
    ratios: ratios.get(pair) ?? [],
    client: best.get(pair.client) ?? Number.NaN,
    bare: best.get(pair.bare) ?? Number.NaN,
    calls: plan.repetitions * plan.rounds * plan.calls,
    requests: asked.get(pair) ?? Number.NaN,
  }));
  return { machine: machine(new Date()), load: [before, load()], overheads, first };
}

/** Microseconds a call in the least disturbed round of each; each goes first in every other round. */
async function leastOf(works: readonly Work[], { rounds, calls }: ClientPlan) {
  const least = new Map<Work, number>();
  for (let round = 0; round < rounds; round += 1) {
    for (const work of round % 2 === 0 ? works : works.toReversed()) {
      const each = await timed(work, calls);
      least.set(work, Math.min(each, least.get(work) ?? each));
    }
  }
  return least;
}

async function pairsOf(
  secret: (secretId: string, text: string) => ReturnType<typeof secretsManagerSecret>,
): Promise<Pair[]> {
  const now = () => new Date();
  const tokenSource = secret('tokens', new Rotating(jwtSettings, now).text);
  const fieldSource = secret('fields', new Rotating(encryptionSettings, now).text);
  const tokens = new SecretCache(tokenSource, { parse: tokenKeys(), maxAge: 3_600_000 });
  const fields = new SecretCache(fieldSource, { parse: fieldKeys(), maxAge: 3_600_000 });
  const verifier = new KeysetVerifier(tokens);
  const signer = new KeysetSigner(tokens, { lifetime: 3_600 });
  const signed = await Promise.all(
    Array.from({ length: 100 }, (_, user) => signer.sign({ sub: `user ${user}`, role: 'reader' })),
  );
  const token = (index: number) => signed[index % signed.length] ?? '';

  const cipher = new FieldCipher(fields, { 'patients.ssn': { profile: 'column' } });
  const column = cipher.column('patients.ssn');
  const sealed = await column.encryptMany(
    Array.from({ length: 100 }, (_, row) => ({ plaintext: `123-45-${row}`.padEnd(64, '.') })),
  );
  const stored = (index: number) => sealed[index % sealed.length] ?? '';

  const cryptoKey = await webcrypto.subtle.importKey(
    'raw',
    keyNumber(1),
    { name: 'HMAC', hash: 'SHA-512' },
    false,
    ['verify'],
  );
  const bareToken = bareTokens();
  const bareField = bareFields((await fields.get()).value.ring.all[0] as never);
  const options = { algorithms: ['HS512'] };
  return [
    {
      what: 'verify, through jose',
      against: 'jose, its key imported once',
      client: (index) => jwtVerify(token(index), verifier),
      bare: (index) => bareVerify(token(index), cryptoKey, options),
    },
    {
      what: 'verify',
      against: 'node:crypto: HMAC, compare, claims',
      client: (index) => verifier.verify(token(index)),
      bare: async (index) => bareToken(token(index)),
    },
    {
      what: 'decrypt, 64 bytes',
      against: 'node:crypto: one fixed key, nothing checked but the tag',
      client: (index) => column.decrypt(stored(index)),
      bare: async (index) => bareField.unchecked(stored(index)),
    },
    {
      what: 'decrypt, 64 bytes',
      against: 'node:crypto: key by kid, base64url checked to be canonical',
      client: (index) => column.decrypt(stored(index)),
      bare: async (index) => bareField.checked(stored(index)),
    },
    {
      what: 'decrypt without waiting, 64 bytes',
      against: 'the same',
      client: (index) => column.decryptNow(stored(index)),
      bare: (index) => bareField.checked(stored(index)),
    },
  ];
}

/** Microseconds a call. One after the other: that is how a request waits for it. */
async function timed(work: Work, calls: number): Promise<number> {
  const begun = performance.now();
  for (let index = 0; index < calls; index += 1) {
    const result = work(index);
    if (result instanceof Promise) {
      await result;
    }
  }
  return ((performance.now() - begun) * 1000) / calls;
}

/** What an application with one fixed key would write. */
function bareTokens(): (token: string) => object {
  const key = keyNumber(1);
  return (token) => {
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const expected = createHmac('sha512', key).update(`${header}.${payload}`).digest();
    if (alg !== 'HS512' || !timingSafeEqual(expected, Buffer.from(signature, 'base64url'))) {
      throw new Error('refused');
    }
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (claims.exp <= Date.now() / 1000) {
      throw new Error('expired');
    }
    return claims;
  };
}

/** As above, for a qt1 value of a known column: keys and authenticated data are made once. */
function bareFields(key: Parameters<typeof sealingKey>[0]) {
  const binding: Binding = { profile: 'column', column: 'patients.ssn' };
  const made = { derived: sealingKey(key, binding), data: authenticatedData(key, binding) };
  const byKid = new Map([[key.kid, made]]);
  const opened = (body: Buffer, { derived, data }: typeof made) => {
    const decipher = createDecipheriv('aes-256-gcm', derived, body.subarray(0, 12), {
      authTagLength: 16,
    });
    decipher.setAAD(data);
    decipher.setAuthTag(body.subarray(-16));
    const plaintext = decipher.update(body.subarray(12, -16));
    return Buffer.concat([plaintext, decipher.final()]).toString('utf8');
  };
  return {
    unchecked: (stored: string) =>
      opened(Buffer.from(stored.slice(stored.lastIndexOf('.') + 1), 'base64url'), made),
    checked(stored: string) {
      const [mark, kid = '', profile, text = ''] = stored.split('.');
      const found = byKid.get(kid);
      const body = Buffer.from(text, 'base64url');
      if (mark !== 'qt1' || profile !== 'column' || !found || body.toString('base64url') !== text) {
        throw new Error('refused');
      }
      return opened(body, found);
    },
  };
}
