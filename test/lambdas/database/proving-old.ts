/** `proveOld`, against a real server and a pooler in front of it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Evidence, Intent, RotationRecord } from '../../../domain/events/control-records.ts';
import type { Credential, Endpoint, PostgresDoor } from '../../../doors/postgres/door.ts';
import { discardVerifier } from '../../../doors/postgres/role-operations.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import type { DatabaseTools } from '../../../lambdas/database/admin.ts';
import { proveOld } from '../../../lambdas/database/prove-old.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import type { Pharmacy } from './pharmacy.ts';
import { type Pooler, startPooler } from './pooler.ts';

const secretName = 'pharmacy/prod/legacy';
const old = '11111111-1111-4111-8111-111111111111';
const current = '22222222-2222-4222-8222-222222222222';
const oldPassword = 'o'.repeat(32);
const newPassword = 'n'.repeat(32);

export function provingOld(thePharmacy: () => Pharmacy): void {
  let control: ReturnType<typeof inMemoryControlTable>;
  let texts: Record<string, string>;
  /** `role@port`, without the admin's. */
  let logins: string[];
  let pooler: Pooler | undefined;
  const open: pg.Client[] = [];

  const as = (text: string) => thePharmacy().sql(text);
  const textOf = (username: string, password: string, host = 'localhost') =>
    JSON.stringify({ engine: 'postgres', host, username, password, dbname: 'pharmacy' });
  const setPassword = (role: string, password: string) =>
    as(`alter role ${role} login password '${scramVerifier(password)}'`);
  const recording = (door: PostgresDoor): PostgresDoor => ({
    withSession: (endpoint: Endpoint, credential: Credential, work) => {
      if (credential.username !== 'rotator') {
        const which = credential.password === oldPassword ? 'old' : 'new';
        logins.push(
          `${which}@${endpoint.port === thePharmacy().server.port ? 'server' : 'pooler'}`,
        );
      }
      return door.withSession(endpoint, credential, work);
    },
  });
  const prove = async (
    tools: DatabaseTools,
    intent: Intent = 'planned',
    more: { stages?: Record<string, string[]> } = {},
  ): Promise<Evidence[]> => {
    const { evidence } = await proveOld(
      { operation: 'proveOld', currentVersionId: current, oldVersionId: old, intent },
      {
        companion: async () => thePharmacy().admin,
        readVersion: async (versionId) => texts[versionId],
        stages: async () => more.stages ?? { [current]: ['AWSCURRENT'], [old]: ['AWSPREVIOUS'] },
        secretName,
        records: control,
      },
      { ...tools, door: recording(tools.door) },
    );
    return evidence;
  };
  /** How the leaked credential came to be. */
  const leakedBasedOn = (basedOn: string) => {
    const at = '2026-05-17T16:00:00.000Z';
    const provenance = { intent: 'planned' as const, token: old, attributed: true };
    const facts = { token: old, intent: 'planned' as const, basedOn, provenance, at };
    return control.fixRotation(secretName, { ...facts, steps: {}, evidence: [] });
  };
  const recorded = (evidence: Evidence[]) => {
    const at = '2026-05-17T17:00:00.000Z';
    const provenance = { intent: 'planned' as const, token: current, attributed: true };
    const record: RotationRecord = {
      ...{ token: current, intent: 'planned', basedOn: old, provenance, at, steps: {}, evidence },
    };
    return control.fixRotation(secretName, record);
  };
  const login = async (user: string, password: string) => {
    const { port, ca } = thePharmacy().server;
    const ssl = { ca };
    const client = new pg.Client({
      host: 'localhost',
      port,
      database: 'pharmacy',
      user,
      password,
      ssl,
    });
    client.on('error', () => undefined);
    await client.connect();
    open.push(client);
    return client;
  };
  const server = () => ({ host: 'localhost', port: thePharmacy().server.port });

  describe('the credential from before', () => {
    beforeEach(async () => {
      control = inMemoryControlTable();
      logins = [];
      texts = {
        [old]: textOf('pharmacy_legacy', oldPassword),
        [current]: textOf('pharmacy_legacy', newPassword),
      };
      await setPassword('pharmacy_legacy', newPassword);
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((client) => client.end().catch(() => undefined)));
      await pooler?.stop();
      pooler = undefined;
    });

    test('is refused where the new one is accepted, by one attempt; sessions it opened are counted, and go on', async () => {
      await setPassword('pharmacy_legacy', oldPassword);
      const client = await login('pharmacy_legacy', oldPassword);
      await setPassword('pharmacy_legacy', newPassword);
      expect(await prove(thePharmacy().singleUser)).toEqual([
        {
          fact: 'oldCredentialRefused',
          detail: { role: 'pharmacy_legacy', ...server(), control: 'pharmacy_legacy' },
        },
        {
          fact: 'sessionsOfOldCredential',
          detail: { role: 'pharmacy_legacy', alsoOfNew: true, open: 1 },
        },
      ]);
      expect(logins).toEqual(['new@server', 'old@server']);
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    });

    test('is not tried again where setSecret has been refused with it, and is at every pooler', async () => {
      const { port, ca } = thePharmacy().server;
      pooler = await startPooler({ port, ca });
      const detail = { role: 'pharmacy_legacy', host: 'localhost' };
      await recorded([{ fact: 'oldCredentialRefused', detail }]);
      const { singleUser } = thePharmacy();
      const ENDPOINTS = [{ host: 'localhost', port: pooler.port }];
      const tools: DatabaseTools = {
        ...singleUser,
        poolerCa: pooler.ca,
        settings: { ...singleUser.settings, CONNECTION: 'pgbouncer', ENDPOINTS },
      };
      const [atPooler] = await prove(tools);
      expect(logins).toEqual(['new@pooler', 'old@pooler']);
      expect(atPooler).toMatchObject({
        fact: 'oldCredentialNotProvenDead',
        detail: { port: pooler.port, reason: '08P01' },
      });
      // Whatever lets the old one in, or answers in its own words, has proven nothing.
      pooler.refused.set('pharmacy_legacy', 'server_login_retry');
      const [unproven] = await prove(tools);
      expect(unproven).toMatchObject({
        fact: 'oldCredentialNotProvenDead',
        detail: { role: 'pharmacy_legacy', port: pooler.port, reason: 'new: 08P01' },
      });
    });

    test('that is still accepted is not proven dead, and of two roles in turn is in overlap', async () => {
      await setPassword('pharmacy_app_a', oldPassword);
      await setPassword('pharmacy_app_b', newPassword);
      texts = {
        [old]: textOf('pharmacy_app_a', oldPassword),
        [current]: textOf('pharmacy_app_b', newPassword),
      };
      const { multiUser } = thePharmacy();
      expect(await prove(multiUser)).toMatchObject([
        {
          fact: 'oldCredentialInOverlap',
          detail: { role: 'pharmacy_app_a', ...server(), control: 'pharmacy_app_b' },
        },
        { fact: 'sessionsOfOldCredential', detail: { role: 'pharmacy_app_a', open: 0 } },
      ]);
      // The same in an emergency is what must not be.
      expect(await prove(multiUser, 'emergency')).toMatchObject([
        { fact: 'oldCredentialNotProvenDead', detail: { reason: 'accepted' } },
        { fact: 'sessionsOfOldCredential' },
      ]);
    });

    test('of a role that an emergency has closed is refused, and nobody is left in a session of it', async () => {
      await setPassword('pharmacy_app_a', oldPassword);
      await setPassword('pharmacy_app_b', newPassword);
      texts = {
        [old]: textOf('pharmacy_app_a', oldPassword),
        [current]: textOf('pharmacy_app_b', newPassword),
      };
      const client = await login('pharmacy_app_a', oldPassword);
      const { multiUser, admin, at } = thePharmacy();
      await multiUser.door.withSession(at('postgres'), admin, (session) =>
        discardVerifier(session, 'pharmacy_app_a'),
      );
      expect(await prove(multiUser, 'emergency')).toMatchObject([
        { fact: 'oldCredentialNotProvenDead', detail: { reason: 'sessionsLeft' } },
        { fact: 'sessionsOfOldCredential', detail: { open: 1 } },
      ]);
      await client.end();
      await as(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'pharmacy_app_a'`,
      );
      expect(await prove(multiUser, 'emergency')).toMatchObject([
        { fact: 'oldCredentialRefused', detail: { role: 'pharmacy_app_a' } },
        { fact: 'sessionsOfOldCredential', detail: { open: 0 } },
      ]);
    });

    test('of both roles is tried after an emergency: the one that is in use had another one before', async () => {
      const before = '33333333-3333-4333-8333-333333333333';
      await setPassword('pharmacy_app_b', newPassword);
      texts = {
        [before]: textOf('pharmacy_app_b', 'b'.repeat(32)),
        [old]: textOf('pharmacy_app_a', oldPassword),
        [current]: textOf('pharmacy_app_b', newPassword),
      };
      await leakedBasedOn(before);
      const { multiUser, admin, at } = thePharmacy();
      await multiUser.door.withSession(at('postgres'), admin, (session) =>
        discardVerifier(session, 'pharmacy_app_a'),
      );
      const refused = (role: string) => ({ fact: 'oldCredentialRefused', detail: { role } });
      expect(await prove(multiUser, 'emergency')).toMatchObject([
        refused('pharmacy_app_a'),
        refused('pharmacy_app_b'),
        { fact: 'sessionsOfOldCredential', detail: { role: 'pharmacy_app_a', open: 0 } },
      ]);
      // Planned, the other role is not touched, and nothing was set anew but what is in use.
      expect(await prove(multiUser)).toHaveLength(2);
      // A value that is gone says nothing.
      delete texts[before];
      expect(await prove(multiUser, 'emergency')).toHaveLength(2);
    });

    test('is not tried where the new one is refused, or nobody answers: that proves nothing', async () => {
      await setPassword('pharmacy_legacy', 'another');
      expect(await prove(thePharmacy().singleUser)).toMatchObject([
        { fact: 'oldCredentialNotProvenDead', detail: { reason: 'newRefused' } },
        { fact: 'sessionsOfOldCredential' },
      ]);
      const { singleUser } = thePharmacy();
      const settings = { ...singleUser.settings, PORT: 1 };
      expect(await prove({ ...singleUser, settings })).toMatchObject([
        { detail: { reason: 'new: ERR_ROTATION_POSTGRES_UNREACHABLE' } },
        { detail: { unknown: 'ERR_ROTATION_POSTGRES_UNREACHABLE' } },
      ]);
      expect(logins).not.toContain('old@server');
    });

    test('is nowhere dialled when it names another place than the deployment, or there is none', async () => {
      for (const [text, reason] of [
        [textOf('pharmacy_legacy', oldPassword, 'elsewhere'), 'ERR_ROTATION_DATABASE_VALUE'],
        ['{"quarterturn":"uninitialised"}', 'noValue'],
      ]) {
        texts[old] = text ?? '';
        expect(await prove(thePharmacy().singleUser)).toEqual([
          { fact: 'oldCredentialNotProvenDead', detail: { oldVersionId: old, reason } },
        ]);
      }
      // Gone back to: there is no other.
      texts[old] = texts[current] ?? '';
      expect(await prove(thePharmacy().singleUser)).toEqual([]);
      expect(logins).toEqual([]);
    });

    test('is nobody’s business once a later rotation took over', async () => {
      const stages = { later: ['AWSCURRENT'], [current]: ['AWSPREVIOUS'] };
      expect(await failureOf(prove(thePharmacy().singleUser, 'planned', { stages }))).toMatchObject(
        {
          code: 'ERR_ROTATION_INVALID_EVENT',
        },
      );
      expect(logins).toEqual([]);
    });
  });
}
