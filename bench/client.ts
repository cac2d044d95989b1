/**
 * What the client costs over the bare library: the same tokens and fields, in turn, in one process. A ratio, not a
 * time: the machine is the same for both.
 *
 *     node --import tsx bench/client.ts
 */
import { createDecipheriv, createHmac, timingSafeEqual, webcrypto } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { jwtVerify as bareVerify } from 'jose';
import { FieldCipher, fieldKeys, KeysetVerifier, SecretCache, tokenKeys } from '../client/index.ts';
import { jwtVerify } from '../client/jwt/jose.ts';
import { KeysetSigner } from '../client/jwt/keyset-signer.ts';
import { authenticatedData, sealingKey } from '../domain/ciphertext/binding.ts';
import type { Binding } from '../domain/ciphertext/format.ts';
import { encryptionSettings, jwtSettings, keyNumber, Rotating } from '../test/client/keysets.ts';
import { InMemorySource } from '../test/client/stand-ins.ts';

export interface Overhead {
  readonly what: string;
  readonly against: string;
  /** Client / bare, of the least disturbed round of each; 1.05: a twentieth more. */
  readonly ratio: number;
  /** Microseconds a call, in the least disturbed round. */
  readonly client: number;
  readonly bare: number;
}

export interface ClientFigures {
  readonly overheads: readonly Overhead[];
  readonly calls: number;
  /** How often a secret was read in all rounds together, of two secrets. */
  readonly reads: number;
}

type Work = (index: number) => unknown;

/** @param calls of each side in each round */
export async function measureClient({ rounds = 100, calls = 400 } = {}): Promise<ClientFigures> {
  const now = () => new Date();
  const tokenSource = new InMemorySource(new Rotating(jwtSettings, now).text);
  const fieldSource = new InMemorySource(new Rotating(encryptionSettings, now).text);
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
  const pairs: { what: string; against: string; client: Work; bare: Work }[] = [
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
  const overheads: Overhead[] = [];
  for (const { what, against, client, bare } of pairs) {
    await Promise.all([timed(client, calls), timed(bare, calls)]);
    let [best, bareBest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < rounds; round += 1) {
      // Each goes first in every other round.
      for (const work of round % 2 === 0 ? [client, bare] : [bare, client]) {
        const each = await timed(work, calls);
        if (work === client) {
          best = Math.min(best, each);
        } else {
          bareBest = Math.min(bareBest, each);
        }
      }
    }
    overheads.push({ what, against, ratio: best / bareBest, client: best, bare: bareBest });
  }
  const reads = tokenSource.reads + fieldSource.reads;
  return { overheads, reads, calls: pairs.length * (rounds + 1) * calls };
}

/** The chapter of docs/benchmarks.md. */
export function clientChapter({ overheads, calls, reads }: ClientFigures): string {
  return [
    '## The client',
    '',
    'The same tokens (HS512) and fields, one call after the other, in one process, a hundred rounds of each in turn; of each side the least disturbed round counts.',
    '',
    '| what | against | client | bare | ratio |',
    '|---|---|---|---|---|',
    ...overheads.map(
      ({ what, against, client, bare, ratio }) =>
        `| ${what} | ${against} | ${client.toFixed(1)} µs | ${bare.toFixed(1)} µs | ${ratio.toFixed(2)} |`,
    ),
    '',
    `In ${calls.toLocaleString('en')} calls of the client each of the two secrets was read ${reads / 2 === 1 ? 'once' : `${reads / 2} times`}: a key that is known costs no call to AWS.`,
    '',
  ].join('\n');
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

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(clientChapter(await measureClient()));
}
