/** What each intent does to a keyset that is deployed, and what the application still can do then. */
import { describe, expect, test } from '@jest/globals';
import { type Keyset, primaryOf, publishedOf } from '../../domain/secrets/keyset.ts';
import { eyes } from './eyes.ts';
import type { World } from './world.ts';

/**
 * The keysets share the core: in `npm test` one of them has such a case, with PROOF=full both; every intent of both in
 * test/matrix, in one process.
 */
const inOne = (isThis: boolean) => (isThis || process.env.PROOF === 'full' ? test : test.skip);
const readable = { jwt: 'verifyOnly', pii: 'decryptOnly' } as const;

/** Begins and ends with a keyset whose AfterRotation has finished. */
export function keysetIntents(key: 'jwt' | 'pii', world: () => World): void {
  const read = () => world().stage.application.keyset(key);
  const primary = async () => primaryOf(await read()).kid;

  describe('the intents', () => {
    inOne(key === 'jwt')(
      'planned publishes a key, and its AfterRotation activates it',
      async () => {
        const w = world();
        const look = await eyes[key](w);
        const old = await primary();
        const date = await w.dateLabel(key);
        const token = await w.rotate(key, 'planned');

        const published = await w.stage.application.keyset(key, token);
        expect(primaryOf(published).kid).toBe(old);
        const next = publishedOf(published)?.kid;
        expect(await primary()).toBe(next);
        expect(stateOf(await read(), old)).toBe(readable[key]);
        expect((await read()).rotation).toMatchObject({ intent: 'activate' });
        expect(published.rotation).toMatchObject({ intent: 'planned', requestedBy: 'on-call' });
        // The older date stays on the last version of its generation.
        expect(await w.holder(key, date)).toBe(token);
        await look();
      },
    );

    inOne(key === 'jwt')(
      'activate is tried again by the service while its AfterRotation waits',
      async () => {
        const w = world();
        const look = await eyes[key](w);
        const publishing = await w.begin(key);
        // Published; its AfterRotation waits for the readers.
        const next = publishedOf(await read())?.kid;
        const fault = w.fault(key, 'setSecret', 'after');
        await w.settle();
        expect(fault.fired()).toBe(1);
        expect(await primary()).toBe(next);
        expect(await w.holder(key, 'AWSPREVIOUS')).toBe(publishing);
        expect(await w.afterRotation(key, publishing)).toBe('finished');
        expect(await w.afterRotation(key)).toBe('finished');
        await look();
      },
    );

    inOne(key === 'jwt')(
      'rollback makes the earlier key primary again, with its date',
      async () => {
        const w = world();
        const old = await primary();
        const date = await w.dateLabel(key);
        await w.rotate(key);
        const young = await primary();
        const look = await eyes[key](w);

        const token = await w.preemptAndRotate(key, 'rollback');
        expect(await w.holder(key, 'AWSCURRENT')).toBe(token);
        expect(await primary()).toBe(old);
        expect(stateOf(await read(), young)).toBe(readable[key]);
        expect(await w.dateLabel(key)).toBe(date);
        await look();
        expect(await w.afterRotation(key)).toBe('finished');
      },
    );

    inOne(key === 'pii')(
      'rollback before the activation withdraws the published key for good',
      async () => {
        const w = world();
        const look = await eyes[key](w);
        const old = await primary();
        const date = await w.dateLabel(key);
        w.stage.sandbox.dropNextEvent('Secret Label Updated', { labelUpdated: 'AWSCURRENT' });
        const publishing = await w.rotate(key);
        const withdrawn = publishedOf(await read())?.kid ?? '';
        expect(await w.dateLabel(key)).toBe(date);

        const token = await w.preemptAndRotate(key, 'rollback');
        expect(await w.afterRotation(key, publishing)).toBe('stopped');
        expect(await w.holder(key, 'AWSCURRENT')).toBe(token);
        expect(await primary()).toBe(old);
        expect(stateOf(await read(), withdrawn)).toBe(readable[key]);
        expect((await read()).keys.find(({ kid }) => kid === withdrawn)?.neverPrimary).toBe(true);
        expect(await w.dateLabel(key)).toBe(date);
        await look();

        await w.rotate(key);
        expect([old, withdrawn]).not.toContain(await primary());
        await look();
      },
    );

    test('emergency makes a new key primary at once and lets none of the old ones return', async () => {
      const w = world();
      const sealed = await sealedField(w);
      const token = await w.stage.application.issueToken('usr-0003').catch(() => '');
      const before = await read();
      const asked = await w.preemptAndRotate(key, 'emergency');
      expect(await w.holder(key, 'AWSCURRENT')).toBe(asked);
      const after = await read();
      const kid = primaryOf(after).kid;
      expect(before.keys.map((entry) => entry.kid)).not.toContain(kid);
      const old = after.keys.filter((entry) => entry.kid !== kid);
      expect(old).toHaveLength(before.keys.length);
      if (key === 'jwt') {
        expect(old.map(({ state, key }) => ({ state, key }))).toEqual(
          old.map(() => ({ state: 'revoked', key: undefined })),
        );
        await expect(w.stage.application.verifyToken(token)).rejects.toThrow('is revoked');
      } else {
        expect(old.every(({ state }) => state === 'decryptOnly')).toBe(true);
        expect(old.every(({ neverPrimary }) => neverPrimary)).toBe(true);
        const cipher = await w.stage.application.cipher();
        expect(cipher.open('patients.phone', 1, sealed)).toBe('+1 555 0100');
      }
      await (await eyes[key](w))();
      expect(await w.afterRotation(key)).toBe('finished');

      const back = await w.preemptAndRotate(key, 'rollback');
      expect(await w.holder(key, 'AWSCURRENT')).toBe(asked);
      expect(await w.holder(key, 'AWSPENDING')).not.toBe(back);
      expect(primaryOf(await read()).kid).toBe(kid);
    });
  });

  async function sealedField({ stage: { application } }: World): Promise<string> {
    if (key === 'jwt') {
      return '';
    }
    return (await application.cipher()).seal('patients.phone', 1, '+1 555 0100');
  }
}

const stateOf = (keyset: Keyset, wanted: string): string | undefined =>
  keyset.keys.find(({ kid }) => kid === wanted)?.state;
