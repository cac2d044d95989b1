/** How long a token of a revoked key is accepted, by readers of every kind, against the bound each of them states. */

import { drawn } from './form.ts';
import { jwtProcess, jwtWorld } from './jwt-load.ts';
import { later } from './reader.ts';

export interface Bound {
  readonly what: string;
  /** Milliseconds, on the clock that is handed in. */
  readonly bound: number;
  readonly measured: number;
}

export interface RevokedToken {
  readonly bounds: readonly Bound[];
  /** Codes with which the old token was refused in the end. */
  readonly refusals: readonly string[];
  /** A token of the new key, at once, at whoever can read the secret. */
  readonly newToken: 'accepted' | 'refused';
  /** Of a process that learns by restart: what it states, whether it refuses once it was restarted. */
  readonly injected: { readonly bound: number; readonly refusesAfterRestart: boolean };
}

const step = 1_000;

export async function revokedToken(): Promise<RevokedToken> {
  const world = await jwtWorld();
  try {
    await world.rotate();
    await world.finishAfterRotation();
    await world.activate();
    // One after the other, so that their values are of different ages.
    const reading = [];
    for (const name of ['refreshes itself, 1', 'refreshes itself, 2', 'refreshes itself, 3']) {
      reading.push({ name, ...(await jwtProcess(world, 'by itself')) });
      await later(world, Math.floor(drawn.draw() * 40_000));
    }
    const stale = await jwtProcess(world, 'by itself');
    const injected = await jwtProcess(world, 'by restart');
    const cut = await jwtProcess(world, 'cut off');
    const token = await cut.signer.sign({ sub: 'ann' });
    const everybody = [...reading, { name: 'cut off as it was revoked', ...cut }];
    for (const { verifier } of everybody) await verifier.verify(token);

    await world.begin({ intent: 'emergency' });
    const revoked = world.clock.now().getTime();
    const since = () => world.clock.now().getTime() - revoked;
    const fresh = await jwtProcess(world, 'by itself');
    const next = await fresh.signer.sign({ sub: 'ann' });
    // It has read before the emergency; the kid it does not know makes it read again.
    const newToken = await stale.verifier.verify(next).then(
      () => 'accepted' as const,
      () => 'refused' as const,
    );

    const accepted = new Map<string, number>();
    const refusals = new Set<string>();
    for (let left = everybody.length; left > 0; await later(world, step)) {
      left = 0;
      for (const { name, verifier } of everybody) {
        try {
          await verifier.verify(token);
          accepted.set(name, since() + step);
          left += 1;
        } catch (error) {
          refusals.add((error as { code: string }).code);
        }
      }
      if (since() > 3_600_000) throw new Error('A revoked token is accepted for an hour.');
    }
    await injected.verifier.verify(token);
    const { revocationBound } = injected.verifier;
    await injected.instance.restart();
    const refused = await injected.verifier.verify(token).catch((error) => error.code);
    return {
      bounds: everybody.map(({ name, verifier }) => ({
        what: `jwt: revoked token refused, reader ${name}`,
        bound: verifier.revocationBound,
        measured: accepted.get(name) ?? 0,
      })),
      refusals: [...refusals].sort(),
      newToken,
      injected: {
        bound: revocationBound,
        refusesAfterRestart: refused === 'ERR_ROTATION_TOKEN_KEY_REVOKED',
      },
    };
  } finally {
    world.stop();
  }
}
