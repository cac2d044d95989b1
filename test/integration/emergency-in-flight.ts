/** Something else is under way when it happens: a rotation that is stuck, another emergency, rows that move. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { countRows } from '../../demo/database-proof.ts';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import type { EmergencyStage } from './emergency-stage.ts';
import { credentialIn } from './eyes.ts';
import { steps } from './world.ts';

export function inFlight(stageOf: () => EmergencyStage): void {
  describe('an emergency', () => {
    let stage: EmergencyStage;
    beforeAll(() => {
      stage = stageOf();
    });

    test.each(steps)(
      'clears away a rotation that is stuck at %s; its function comes late and changes nothing; a second emergency is refused by name',
      async (step) => {
        const { world } = stage;
        const { application } = world.stage;
        const leaked = await application.credential('legacyDb');
        const stuck = await world.newToken();
        const fault = world.fault('legacyDb', step, 'before', {
          match: { ClientRequestToken: stuck },
          times: 6,
        });
        await world.begin('legacyDb', 'planned', { token: stuck });
        expect(await world.holder('legacyDb', 'AWSPENDING')).toBe(stuck);

        await world.later();
        const since = world.stage.sandbox.requests().length;
        const first = await stage.begin({ secrets: ['legacyDb'] });
        await world.stage.sandbox.clock.idle();
        const second = await stage.begin({ secrets: ['legacyDb', 'jwt'] });
        await world.settle();
        const done = await stage.left(first);
        expect(done.secrets.legacyDb).toMatchObject({
          state: 'proven',
          attempts: 1,
          preempted: stuck,
        });
        expect(done.status).toBe('SUCCEEDED');
        expect(await stage.statusOf(second)).toBe('FAILED');
        expect(await stage.shown([second])).toMatch(
          new RegExp(`SecretsTakenError.*${done.head.id} is running and changes legacyDb`),
        );
        expect(stage.rotationsOf('jwt', since)).toEqual([]);
        expect(stage.rotationsOf('legacyDb', since)).toHaveLength(1);
        fault.remove();

        // The function of the one before was never gone: it goes on with its step now.
        const current = await world.valueOf('legacyDb', done.secrets.legacyDb?.versionId ?? '');
        const late = { Step: step, SecretId: world.name('legacyDb'), ClientRequestToken: stuck };
        await expect(world.invoke('legacyDb', late)).rejects.toThrow(/ERR_ROTATION|Error/);
        expect(await world.holder('legacyDb', 'AWSCURRENT')).toBe(done.secrets.legacyDb?.versionId);
        expect(await application.isRefused(credentialIn(current))).toBe(false);
        expect(await application.isRefused(leaked)).toBe(true);
      },
      300_000,
    );

    test('comes straight after a planned rotation that was refused', async () => {
      const { world } = stage;
      await world.rotate('jwt', 'planned');
      // Its rows are not under way, its AfterRotation is not over: another one is refused.
      await world.begin('jwt', 'planned');
      const refused = await world.stage.operator.askFirst('jwt');
      expect(refused.outcome).toBe('refused');
      const done = await stage.run({ secrets: ['jwt'] });
      expect(done.status).toBe('SUCCEEDED');
      expect(done.secrets.jwt?.state).toBe('proven');
    }, 300_000);

    test('takes the rows from a re-encryption that runs: nothing is written under the key that leaked any more', async () => {
      const { world } = stage;
      const { application, asSuperuser, operator, sandbox, sealedPlaces } = world.stage;
      const kid = async () => primaryOf(await application.keyset('pii')).kid;
      const old = await kid();
      await world.begin('pii', 'planned');
      let leaked = old;
      for (let looks = 0; looks < 300; looks += 1) {
        await world.later(1_000);
        leaked = await kid();
        if (leaked !== old && (await operator.reencryption('pii'))?.state === 'active') break;
      }
      expect(leaked).not.toBe(old);
      const before = await operator.reencryption('pii');
      expect(before).toMatchObject({ state: 'active', targetKid: leaked });

      // Rows under the key that leaked, each time the clock moves: from its promotion on they only become fewer.
      const seen: { current: string; rows: number }[] = [];
      const stopLooking = sandbox.clock.onMove(async () => {
        const current = await kid();
        const counted = await asSuperuser((session) => countRows(session, sealedPlaces, leaked));
        const rows = counted.flatMap(({ rows: all, others }) =>
          others.map((other) => all - other.rows),
        );
        seen.push({ current, rows: rows.reduce((sum, more) => sum + more, 0) });
      });
      const done = await stage.run({ secrets: ['pii'] });
      stopLooking();
      expect(done.status).toBe('SUCCEEDED');
      const next = await kid();
      const after = seen.filter(({ current }) => current === next).map(({ rows }) => rows);
      expect(after.length).toBeGreaterThan(3);
      expect(after).toEqual(after.toSorted((a, b) => b - a));
      expect(after.at(-1)).toBe(0);
      const job = await operator.reencryption('pii');
      expect(job).toMatchObject({ state: 'verified', targetKid: next });
      expect(job?.jobId).not.toBe(before?.jobId);
    }, 300_000);
  });
}
