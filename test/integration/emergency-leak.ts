/** A stranger took three values and stays in the database; users go on all the while. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countRows } from '../../demo/database-proof.ts';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import { EmergencyLoad } from './emergency-load.ts';
import { type Emergency, type EmergencyStage, statesOf, stranger } from './emergency-stage.ts';
import { type StolenKey, Stranger, stolenKeys } from './emergency-stranger.ts';
import { reportIsTrue } from './emergency-truth.ts';
import { credentialIn } from './eyes.ts';
import { formsOf, foundIn, valuesIn } from './forms.ts';
import { items } from './sinks.ts';

const minute = 60_000;

/** As it was before, to compare. */
export interface Before {
  readonly requests: number;
  readonly messages: number;
  readonly current: Readonly<Record<StolenKey, string | undefined>>;
  /** The sandbox's. */
  readonly at: Date;
}

export function leak(stageOf: () => EmergencyStage): void {
  describe('when a stranger has the token keys, the field key and a database login', () => {
    let stage: EmergencyStage;
    let thief: Stranger;
    let stolen: Record<StolenKey, string>;
    let stay: Awaited<ReturnType<Stranger['stay']>>;
    let forged: string;
    let honest: string;
    let patient: string;
    let load: EmergencyLoad;
    let consumers: object;
    let before: Before;
    let done: Emergency;

    beforeAll(async () => {
      stage = stageOf();
      const { world } = stage;
      const { pharmacy, sandbox, application } = world.stage;
      thief = new Stranger(stage);
      stolen = await thief.steal();
      stay = await thief.stay(stolen.db);
      honest = await pharmacy.login();
      forged = await thief.forge(stolen.jwt, honest);
      patient = await pharmacy.readsAPatient(honest);
      expect(await pharmacy.accepts(forged)).toBe(true);
      expect(await application.isRefused(credentialIn(stolen.db))).toBe(false);
      consumers = await stage.consumers();
      // What it did is told by the trail a quarter of an hour later.
      await world.later(20 * minute);
      load = new EmergencyLoad(pharmacy, () => sandbox.clock.now());
      await load.more(2);
      const holders = await Promise.all(stolenKeys.map((key) => world.holder(key, 'AWSCURRENT')));
      before = {
        requests: sandbox.requests().length,
        messages: sandbox.messages().length,
        current: Object.fromEntries(
          stolenKeys.map((key, index) => [key, holders[index]]),
        ) as Before['current'],
        at: sandbox.clock.now(),
      };
      done = await stage.run({
        secrets: [...stolenKeys],
        exposedSince: new Date(before.at.getTime() - 30 * minute).toISOString(),
        suspects: [stranger],
      });
      // What is read from now on is not the report's.
      await world.later();
    }, 200_000);
    afterAll(async () => {
      await load?.stop();
      await thief?.leave();
    });

    test('the emergency closes, every stage done', () => {
      expect(done.status).toBe('SUCCEEDED');
      expect(done.head.state).toBe('closed');
      const { protectOthers, ...others } = statesOf(done);
      expect(protectOthers).toBe('skipped');
      expect(new Set(Object.values(others))).toEqual(new Set(['done']));
    });

    test('the stolen password is refused on the server, and so is the one that was to come; the session is gone', async () => {
      const { application } = stage.world.stage;
      await expect(stay.session.query('COMMIT')).rejects.toThrow();
      for (const credential of [credentialIn(stolen.db), stay.evil]) {
        expect(await application.isRefused(credential)).toBe(true);
      }
      const role = stay.evil.username;
      const open = await stage.world.stage.asSuperuser((session) =>
        session.query('SELECT pid FROM pg_stat_activity WHERE usename = $1', [role]),
      );
      expect(open).toEqual([]);
    });

    test('a forged token is refused by both instances, and the stranger is handed no new value', async () => {
      const { pharmacy } = stage.world.stage;
      expect(await pharmacy.refuses(forged)).toBe(true);
      expect(await pharmacy.refuses(honest)).toBe(true);
      for (const key of stolenKeys) {
        await expect(thief.read(key)).rejects.toThrow('explicit deny');
      }
    });

    test('the application is well: users who sign in again find their patients, and failures are the emergency’s alone', async () => {
      const { pharmacy } = stage.world.stage;
      const sofar = load.uses.length;
      await load.more(3);
      await load.stop();
      const { startedAt = '' } = done.stages.protect ?? {};
      const { endedAt = '' } = done.stages.start ?? {};
      const from = Math.floor(new Date(startedAt).getTime() / 1000) * 1000;
      for (const { at, failure } of load.failures()) {
        expect(failure).toMatch(/not (401|503)|login was refused/);
        expect(at.getTime()).toBeGreaterThanOrEqual(from);
        expect(at.getTime()).toBeLessThanOrEqual(new Date(endedAt).getTime());
      }
      expect(load.failures().length).toBeGreaterThan(0);
      expect(load.uses.slice(sofar).filter(({ failure }) => failure)).toEqual([]);
      const token = await pharmacy.login();
      expect(await pharmacy.accepts(token)).toBe(true);
      // Sealed under the stolen key.
      expect(await pharmacy.readsAPatient(token)).toBe(patient);
      expect((await fetch(`${stage.web.url}/api/credentials/health`)).status).toBe(200);
      expect(await stage.world.stage.consumers?.billingWorks()).toBe(true);
    });

    test('every row is under the new key, and proven so', async () => {
      const { application, asSuperuser, operator, sealedPlaces } = stage.world.stage;
      const kid = primaryOf(await application.keyset('pii')).kid;
      expect(JSON.parse(stolen.pii).keyset.primary).not.toBe(kid);
      expect(await operator.reencryption('pii')).toMatchObject({
        state: 'verified',
        targetKid: kid,
      });
      const counted = await asSuperuser((session) => countRows(session, sealedPlaces, kid));
      expect(counted.flatMap(({ others }) => others.filter(({ rows }) => rows > 0))).toEqual([]);
    });

    test('consumers were stopped once, started once, and run with the very counts and scaling they had', async () => {
      expect(stage.countsOf('billing', before.requests)).toEqual([0, 3]);
      expect(stage.countsOf('web', before.requests)).toEqual([0, 2]);
      expect(await stage.consumers()).toEqual(consumers);
    });

    test('what leaked was dead within 5 minutes, and all was over within the hour', () => {
      const { head, secrets } = done;
      const since = (at: string | undefined) =>
        (new Date(at ?? '').getTime() - before.at.getTime()) / minute;
      for (const key of stolenKeys) {
        expect(secrets[key]?.state).toBe('proven');
        expect(since(secrets[key]?.provenAt)).toBeLessThan(5);
      }
      expect(since(head.endedAt)).toBeLessThan(60);
    });

    test('security alone heard of it until everything was dead; everybody heard once that it is over', () => {
      const dead = Math.max(
        ...stolenKeys.map((key) => new Date(done.secrets[key]?.provenAt ?? '').getTime()),
      );
      const told = stage.world.stage.sandbox
        .messages()
        .slice(before.messages)
        .filter(({ message }) => !message.startsWith('{"AlarmName"'))
        .map(({ topicArn, subject = '', time }) => ({
          topic: topicArn.split('-dev-')[1] ?? topicArn,
          subject,
          time,
        }));
      const first = told.filter(({ time }) => time.getTime() <= dead);
      expect(first.map(({ topic, subject }) => [topic, subject])).toEqual([
        ['security', 'pharmacy dev: an EMERGENCY has begun'],
      ]);
      const over = told.filter(({ subject }) => subject.includes('emergency is over'));
      expect(over.map(({ topic }) => topic).toSorted()).toEqual(['on-call', 'security']);
      const others = told.filter(({ topic }) => topic !== 'security');
      expect(others).toEqual(over.filter(({ topic }) => topic !== 'security'));
    });

    test('the report says what the request log, the trail, ECS and the database say', async () => {
      await reportIsTrue(stage, done, before);
    });

    test('no value is in the report, the records, events, messages, logs or what the console shows', async () => {
      const { world } = stage;
      const { sandbox } = world.stage;
      const formats = ['json', 'md', 'html'] as const;
      const sinks = {
        ...Object.fromEntries(
          await Promise.all(
            formats.map(async (format) => [format, await stage.stored(done, format)] as const),
          ),
        ),
        records: await items(world),
        console: await stage.shown([done.execution]),
        events: JSON.stringify(sandbox.events()),
        messages: JSON.stringify(sandbox.messages()),
        logs: sandbox.logs().join('\n'),
        trail: JSON.stringify(sandbox.cloudtrail.records()),
      };
      const now = await Promise.all(
        stolenKeys.map(async (key) =>
          world.valueOf(key, (await world.holder(key, 'AWSCURRENT')) ?? ''),
        ),
      );
      const values = [...Object.values(stolen), ...now].flatMap((value) => valuesIn(value ?? ''));
      expect(values.length).toBeGreaterThanOrEqual(6);
      const forms = new Set(values.flatMap(({ text, bytes }) => formsOf(text, bytes)));
      expect(foundIn(sinks, [...forms, forged, honest])).toEqual([]);
      // It would find one, and looks where something is.
      expect(foundIn({ planted: `a log with ${stolen.db}` }, [...forms])).toEqual(['planted']);
      for (const text of Object.values(sinks)) expect(text.length).toBeGreaterThan(500);
    });
  });
}
