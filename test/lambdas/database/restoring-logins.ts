/** `restoreLogin`, beside setSecret of the same role, against a real server. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RotationRecord } from '../../../domain/events/control-records.ts';
import type { VersionIdsToStages } from '../../../domain/policy/labels.ts';
import { PostgresUnreachableError } from '../../../doors/postgres/errors.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { credentialMaterial } from '../../../lambdas/database/material.ts';
import { type RestoreLoginTools, restoreLogin } from '../../../lambdas/database/restore-login.ts';
import type { DatabaseValue } from '../../../lambdas/database/value.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { type Pharmacy, rotationOf } from './pharmacy.ts';

const secretName = 'pharmacy/prod/legacy';
const v1 = '11111111-1111-4111-8111-111111111111';
const v2 = '22222222-2222-4222-8222-222222222222';
const at = '2026-05-17T17:00:00.000Z';
const role = 'pharmacy_legacy';
const asked = { operation: 'restoreLogin' };

export function restoringLogins(thePharmacy: () => Pharmacy): void {
  let single: DatabaseStrategy;
  let control: ReturnType<typeof inMemoryControlTable>;
  let stages: Record<string, string[]>;
  let values: Map<string, DatabaseValue>;
  let current: DatabaseValue;
  let pending: DatabaseValue;

  const planned = () => rotationOf('planned', thePharmacy().admin);
  const setPending = (rotation = planned()) => single.setSecret({ current, pending }, rotation);
  const accepted = async (value: DatabaseValue) =>
    thePharmacy()
      .sql('select 1', value)
      .then(
        () => true,
        () => false,
      );
  const as = (text: string) => thePharmacy().sql(text);
  const given = (more: Partial<RestoreLoginTools> = {}): RestoreLoginTools => ({
    companion: async () => thePharmacy().admin,
    readVersion: async (versionId) => {
      const value = values.get(versionId);
      return value && JSON.stringify(value.fields);
    },
    stages: async (): Promise<VersionIdsToStages> => stages,
    secretName,
    records: control,
    now: new Date(at),
    ...more,
  });
  const restored = (more?: Partial<RestoreLoginTools>, tools = thePharmacy().singleUser) =>
    restoreLogin(asked, given(more), tools);
  const recorded = (more: Partial<RotationRecord> = {}) =>
    control.fixRotation(secretName, {
      token: v2,
      intent: 'planned',
      basedOn: v1,
      provenance: { intent: 'planned', token: v2, attributed: true },
      at,
      steps: {},
      evidence: [],
      ...more,
    });

  beforeEach(async () => {
    const pharmacy = thePharmacy();
    single = new DatabaseStrategy(pharmacy.singleUser);
    control = inMemoryControlTable();
    const fields = { engine: 'postgres', host: 'localhost', username: role };
    current = single.parse(JSON.stringify({ ...fields, password: pharmacy.legacyPassword }));
    pending = await single.createSecret({ current }, planned());
    values = new Map([
      [v1, current],
      [v2, pending],
    ]);
    stages = { [v1]: ['AWSCURRENT'], [v2]: ['AWSPENDING'] };
    await as(`alter role ${role} login password '${scramVerifier(current.password)}'`);
    await control.putAfterRotation(secretName, {
      versionId: v1,
      state: 'finished',
      intent: 'planned',
      basedOn: null,
      at,
    });
  });

  describe('a rotation of one role that ended before AWSCURRENT moved', () => {
    test('is left alone while AWSCURRENT logs in', async () => {
      await recorded();
      expect(await restored()).toEqual({ outcome: 'works', role });
      expect(await accepted(current)).toBe(true);
    });

    test('is left alone while its pending value logs in: the service tries it again', async () => {
      await recorded();
      await setPending();
      expect(await restored()).toEqual({ outcome: 'pendingWorks', role });
      expect(await accepted(pending)).toBe(true);
    });

    test('and lost its label leaves AWSCURRENT locked out, which is set again', async () => {
      await setPending();
      stages = { [v1]: ['AWSCURRENT'] };
      expect(await accepted(current)).toBe(false);
      expect(await restored()).toEqual({ outcome: 'restored', role });
      expect(await accepted(current)).toBe(true);
      expect(await accepted(pending)).toBe(false);
    });

    test('and whose successor never came to setSecret, likewise', async () => {
      await setPending();
      values.set(v2, await single.createSecret({ current }, planned()));
      await recorded();
      expect(await restored()).toEqual({ outcome: 'restored', role });
      expect(await accepted(current)).toBe(true);
    });

    test('is nobody’s while another rotation holds the secret', async () => {
      await setPending();
      stages = { [v1]: ['AWSCURRENT'] };
      const lease = { token: 'e'.repeat(36), owner: 'emergency', at };
      await control.putLease(secretName, { ...lease, expiresAt: '2026-05-17T18:00:00.000Z' });
      expect(await restored()).toEqual({ outcome: 'busy', role });
      expect(await accepted(current)).toBe(false);
      await control.putLease(secretName, { ...lease, expiresAt: at });
      expect(await restored()).toMatchObject({ outcome: 'restored' });
    });
  });

  describe('a compromised AWSCURRENT', () => {
    const leaked = () =>
      control.putCompromised(secretName, {
        material: credentialMaterial(current),
        at,
        recordedBy: 'security',
      });

    test('is never set again: the role is shut out and gets the pending value', async () => {
      await leaked();
      await recorded({ intent: 'emergency' });
      await as(`alter role ${role} nologin`);
      expect(await restored()).toEqual({ outcome: 'pendingRestored', role });
      expect(await accepted(current)).toBe(false);
      // The rotation goes on where it was, whenever the service tries it again.
      const again = planned();
      await setPending(again);
      expect(again.facts[0]?.fact).toBe('verifierAlreadySet');
    });

    test('is one that an emergency was to replace, also when another rotation came after it', async () => {
      const token = '33333333-3333-4333-8333-333333333333';
      await recorded();
      await recorded({ token, intent: 'emergency' });
      await as(`alter role ${role} password '${scramVerifier('somebody-changed-it')}'`);
      expect(await restored()).toMatchObject({ outcome: 'pendingRestored' });
      expect(await accepted(current)).toBe(false);
    });

    test('is one that an emergency is asked for, before its createSecret has recorded anything', async () => {
      await control.putIntent(secretName, {
        intent: 'emergency',
        token: v2,
        requestedBy: 'on-call',
        at,
      });
      await as(`alter role ${role} password '${scramVerifier('somebody-changed-it')}'`);
      expect(await restored()).toMatchObject({ outcome: 'lockedOut' });
      expect(await accepted(current)).toBe(false);
    });

    test.each(['nothing', 'a compromised value', 'a value without a record'])(
      'with %s pending stays shut out, and a person is told',
      async (what) => {
        await leaked();
        if (what === 'nothing') stages = { [v1]: ['AWSCURRENT'] };
        if (what === 'a compromised value') {
          await recorded();
          const material = credentialMaterial(pending);
          await control.putCompromised(secretName, { material, at, recordedBy: 'security' });
        }
        await as(`alter role ${role} nologin`);
        expect(await restored()).toMatchObject({
          outcome: 'lockedOut',
          reason: expect.stringContaining('compromised'),
        });
        await as(`alter role ${role} login`);
        expect(await accepted(pending)).toBe(false);
      },
    );
  });

  describe('what it does not do', () => {
    test('it opens no role that somebody closed', async () => {
      await recorded();
      await as(`alter role ${role} nologin`);
      const answer = await restored();
      expect(answer).toMatchObject({ outcome: 'lockedOut', role });
      expect(answer.reason).toMatch(/NOLOGIN: no planned rotation does that/);
      expect(await accepted(current)).toBe(false);
    });

    test('it sets no value that no rotation made', async () => {
      stages = { [v2]: ['AWSCURRENT'] };
      expect(await restored()).toMatchObject({
        outcome: 'lockedOut',
        reason: expect.stringContaining('no rotation made AWSCURRENT'),
      });
      expect(await accepted(pending)).toBe(false);
    });

    test('it touches no role beside those of the deployment, and no other server', async () => {
      for (const change of [{ username: 'rotator' }, { host: 'elsewhere' }]) {
        const readVersion = async () => JSON.stringify({ ...current.fields, ...change });
        expect(await failureOf(restored({ readVersion }))).toMatchObject({
          code: 'ERR_ROTATION_DATABASE_VALUE',
        });
      }
    });

    test('of two roles it sets the one that AWSCURRENT names, and not the pending one', async () => {
      const pharmacy = thePharmacy();
      const multi = new DatabaseStrategy(pharmacy.multiUser);
      const value = await multi.createSecret({}, planned());
      const other = await multi.createSecret({ current: value }, planned());
      values = new Map([
        [v1, value],
        [v2, other],
      ]);
      await recorded();
      await as('alter role pharmacy_app_a nologin');
      expect(await restored({}, pharmacy.multiUser)).toEqual({
        outcome: 'lockedOut',
        role: 'pharmacy_app_a',
        reason: expect.stringContaining('NOLOGIN'),
      });
      // The other role lets the pending value in already: who reads AWSCURRENT is locked out all the same.
      await as(`alter role pharmacy_app_b login password '${scramVerifier(other.password)}'`);
      await as('alter role pharmacy_app_a login');
      expect(await restored({}, pharmacy.multiUser)).toMatchObject({ outcome: 'restored' });
      expect([await accepted(value), await accepted(other)]).toEqual([true, true]);
    });

    test('it says nothing of a login when the server does not answer', async () => {
      await recorded();
      const { singleUser } = thePharmacy();
      const answer = await restored(
        {},
        { ...singleUser, settings: { ...singleUser.settings, PORT: 1 } },
      );
      expect(answer).toMatchObject({ outcome: 'unknown', role });
      expect(answer.reason).toContain(new PostgresUnreachableError('', '').code);
    });
  });

  describe('at the same moment as a repetition of the rotation', () => {
    const waiting = async () => {
      const [row] = await as(
        `select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted`,
      );
      return Number(row?.n);
    };
    const untilWaiting = async () => {
      while ((await waiting()) === 0);
    };
    const gate = () => {
      let open: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      return { open, opened };
    };

    beforeEach(async () => {
      // An earlier rotation set its value and is gone: neither AWSCURRENT nor the pending value logs in.
      await setPending();
      pending = await single.createSecret({ current }, planned());
      values.set(v2, pending);
      await recorded();
    });

    test('restored first, then set: the pending value is accepted and labelled', async () => {
      const { open, opened } = gate();
      let looks = 0;
      const held = restored({
        stages: async () => {
          looks += 1;
          // The second look is the one under the lock.
          if (looks === 2) await opened;
          return stages;
        },
      });
      while (looks < 2) await as('select 1');
      const set = setPending();
      await untilWaiting();
      open();
      expect(await held).toMatchObject({ outcome: 'restored' });
      await set;
      expect([await accepted(current), await accepted(pending)]).toEqual([false, true]);
      expect(stages[v2]).toContain('AWSPENDING');
    });

    test('set first, then asked: nothing is taken back', async () => {
      const { open, opened } = gate();
      let isInside = false;
      const rotation = rotationOf('planned', thePharmacy().admin, {
        assertNotSuperseded: async () => {
          isInside = true;
          await opened;
        },
      });
      const set = setPending(rotation);
      while (!isInside) await as('select 1');
      const answer = restored();
      await untilWaiting();
      open();
      await set;
      expect(await answer).toMatchObject({ outcome: 'pendingWorks' });
      expect(await accepted(pending)).toBe(true);
    });

    test('promoted while it waited: what is current then is what counts', async () => {
      const { open, opened } = gate();
      let isInside = false;
      const rotation = rotationOf('planned', thePharmacy().admin, {
        assertNotSuperseded: async () => {
          isInside = true;
          await opened;
        },
      });
      const set = setPending(rotation);
      while (!isInside) await as('select 1');
      const answer = restored();
      await untilWaiting();
      stages = { [v2]: ['AWSCURRENT'], [v1]: ['AWSPREVIOUS'] };
      open();
      await set;
      expect(await answer).toMatchObject({ outcome: 'works' });
      expect(await accepted(pending)).toBe(true);
    });
  });
}
