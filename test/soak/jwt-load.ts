/** Every signer signs, every verifier verifies what all of them signed, through rotations of one jwt secret. */
import { randomBytes } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { KeysetSigner } from '../../client/jwt/keyset-signer.ts';
import { KeysetVerifier } from '../../client/jwt/keyset-verifier.ts';
import { type TokenKeys, tokenKeys } from '../../client/jwt/token-keys.ts';
import { SecretCache } from '../../client/secret-cache.ts';
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import { drawn, type Form } from './form.ts';
import { type Instance, instanceOf, type Learns, type Reading } from './keyset-instance.ts';
import { keysetRounds, type Moment, Orders } from './keyset-rounds.ts';
import { adopted, later, readerCache, sourceOf, systemOf } from './reader.ts';
import { Tally } from './tally.ts';

const { sign, verify } = jsonwebtoken;

/** Seconds. */
const longestToken = 3_600;
const leeway = 30;
const format = { bits: 512, encoding: 'base64' } as const;
export const parse = tokenKeys({ plain: { alg: 'HS512', ...format } });

/** An adopted secret: one key, no keyset, tokens without kid; its first rotation makes the keyset. */
export async function jwtWorld(): Promise<RotationWorld<unknown>> {
  const world = await RotationWorld.start<unknown>({
    // As long as a rotation takes where requests are made: who reads meanwhile has the time it would have.
    throughSdk: true,
    initial: randomBytes(format.bits / 8).toString('base64'),
    control: inMemoryControlTable(),
    room: () => ({
      strategy: new JwtStrategy({
        field: 'JWT_SECRET',
        ...format,
        // As rotation.config.ts has it: signers' cache bound + longest token + leeway.
        acceptForSeconds: readerCache / 1000 + longestToken + leeway,
      }) as RotationStrategy<unknown>,
      companions: {},
    }),
  });
  await adopted(world);
  return world;
}

interface Process {
  readonly instance: Instance<TokenKeys>;
  signer: KeysetSigner;
  verifier: KeysetVerifier;
}

/** Signer and verifier of one process. */
export async function jwtProcess(world: RotationWorld<unknown>, learns: Learns): Promise<Process> {
  const system = systemOf(world);
  const made: Partial<Process> = {};
  const instance = await instanceOf(world, learns, parse, (cache) => {
    made.signer = new KeysetSigner(cache, { lifetime: longestToken, system });
    made.verifier = new KeysetVerifier(cache, { leeway, system });
  });
  return Object.assign(made, { instance }) as Process;
}

interface Token {
  readonly text: string;
  readonly by: Reading;
}

export interface JwtLoad {
  readonly rotations: number;
  readonly verifications: Tally;
  /** Of tokens that name no key. */
  readonly withoutKid: Tally;
  /** Of tokens in the last second of their life, signed at the last moment with a key that had been replaced. */
  readonly lastSecond: Tally;
  readonly naive: readonly Tally[];
  readonly missingOrders: readonly string[];
  readonly kids: number;
}

export async function jwtLoad({ jwtRotations, tokensPerLook }: Form): Promise<JwtLoad> {
  const world = await jwtWorld();
  const system = systemOf(world);
  const seconds = () => Math.floor(world.clock.now().getTime() / 1000);
  const processes = await Promise.all(
    (['by itself', 'by itself', 'by restart', 'starts now', 'cut off'] as const).map((learns) =>
      jwtProcess(world, learns),
    ),
  );
  const verifications = new Tally('verifications');
  const withoutKid = new Tally('tokens without kid');
  const lastSecond = new Tally('last second of the old key');
  const cacheOfDays = new Tally('cache of two days, unknown kid refused');
  const currentAlone = new Tally('verifies with the current key alone');
  const atOnce = new Tally('signs with the new key at once');
  const orders = new Orders();
  const kids = new Set<string>();
  let lastOfOldKey: string[] = [];

  /** A reader of one variable: no keyset, no kid. */
  const flat = await instanceOf(world, 'by itself', (text) => flatKey(text));
  const twoDays = 2 * 86_400_000;
  const stale = new SecretCache(sourceOf(world).source, {
    parse,
    system,
    maxAge: 86_400_000,
    staleFor: 0,
  });
  let staleKeys = (await stale.get()).value;
  let staleSince = world.clock.now().getTime();

  const options = () => ({ algorithms: ['HS512' as const], clockTimestamp: seconds() });
  const claims = () => ({ sub: `user ${Math.floor(drawn.draw() * 1e6)}` });

  async function look(moment: Moment): Promise<void> {
    const tokens: Token[] = [];
    for (const { instance, signer } of processes) {
      for (let made = 0; made < tokensPerLook; made += 1) {
        tokens.push({ text: await signer.sign(claims()), by: instance });
      }
      kids.add((await signer.key()).kid ?? 'none');
    }
    const { value: key } = await flat.cache.get();
    const legacy = Array.from({ length: tokensPerLook }, () =>
      sign({ ...claims(), iat: seconds() }, key, { algorithm: 'HS512', expiresIn: longestToken }),
    );
    for (const { instance, verifier } of processes) {
      for (const { text, by } of tokens) {
        orders.saw(moment, by, instance);
        await verifications.count(() => verifier.verify(text));
      }
      for (const text of legacy) {
        await withoutKid.count(() => verifier.verify(text));
      }
    }
    await naively(tokens);
    if (moment.phase === 'activated' && moment.when === 'at the bound') {
      lastOfOldKey = tokens.filter(({ by }) => by.learns === 'cut off').map(({ text }) => text);
    }
    if (moment.phase === 'activated' && moment.when === 'afterwards') {
      await lookAtTheEndOfTokens();
      // To the next day, in which the next rotation is.
      await later(world, 86_400_000 * (0.9 + drawn.draw() / 5));
    }
  }

  async function lookAtTheEndOfTokens(): Promise<void> {
    const { exp = 0 } = jsonwebtoken.decode(lastOfOldKey[0] ?? '', { json: true }) ?? {};
    await later(world, exp * 1000 - 1 - world.clock.now().getTime());
    for (const { instance, verifier } of processes) {
      if (instance.learns === 'cut off') continue;
      for (const text of lastOfOldKey) {
        await lastSecond.count(() => verifier.verify(text));
      }
    }
  }

  async function naively(tokens: readonly Token[]): Promise<void> {
    if (world.clock.now().getTime() - staleSince >= twoDays) {
      staleKeys = parse((await world.text()) ?? '');
      staleSince = world.clock.now().getTime();
    }
    const { value: key } = await flat.cache.get();
    for (const { text } of tokens) {
      await cacheOfDays.count(() => {
        const kid = jsonwebtoken.decode(text, { complete: true })?.header.kid;
        const found = kid === undefined ? staleKeys.primary : staleKeys.byKid.get(kid);
        if (found === undefined || found === 'revoked') throw new Error('unknown kid');
        return verify(text, found.key, options());
      });
      await currentAlone.count(() => verify(text, key, options()));
    }
    const hasty = await newestKey(world);
    const text = sign({ ...claims(), iat: seconds() }, hasty.key, {
      algorithm: 'HS512',
      expiresIn: longestToken,
      ...(hasty.kid !== undefined && { keyid: hasty.kid }),
    });
    for (const { verifier } of processes) {
      await atOnce.count(() => verifier.verify(text));
    }
  }

  try {
    const instances = [...processes.map(({ instance }) => instance), flat];
    await keysetRounds(world, jwtRotations, instances, look);
    return {
      rotations: jwtRotations,
      verifications,
      withoutKid,
      lastSecond,
      naive: [cacheOfDays, currentAlone, atOnce],
      missingOrders: orders.missing(),
      kids: kids.size,
    };
  } finally {
    world.stop();
  }
}

function flatKey(text: string): Buffer {
  const plain = text.startsWith('{') ? JSON.parse(text).JWT_SECRET : text;
  return Buffer.from(plain, 'base64');
}

async function newestKey(world: RotationWorld<unknown>) {
  const { primary, byKid, states } = parse((await world.text()) ?? '');
  const published = states.find(({ state }) => state === 'published')?.kid;
  const found = published === undefined ? undefined : byKid.get(published);
  return found === undefined || found === 'revoked' ? primary : found;
}
