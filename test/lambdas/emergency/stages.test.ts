/** Stages that are left out, refused, or late: what is on record says so. */
import { describe, expect, test } from '@jest/globals';
import type { EmergencyStage } from '../../../domain/events/emergency.ts';
import {
  database,
  executionArn,
  id,
  input,
  invoked,
  jwt,
  mail,
  nameOf,
  scalar,
  served,
  suspect,
} from './deployment.ts';
import { stageOf } from './stage-lines.ts';
import { world } from './world.ts';

const denied = () => Object.assign(new Error('a text of theirs'), { name: 'AccessDenied' });

describe('a stage that is left out says why', () => {
  test.each<[string, EmergencyStage, string, object, object]>([
    ['nobody is suspected', 'contain', 'no suspects are named', {}, {}],
    [
      'a drill with suspects',
      'contain',
      'a drill denies nobody',
      { drill: true, suspects: [suspect] },
      {},
    ],
    ['a drill without', 'contain', 'no suspects are named', { drill: true }, {}],
    ['consumers go on', 'stop', 'consumers are kept running', { keepRunning: true }, {}],
    [
      'nobody can be stopped',
      'stop',
      'nothing here can stop a consumer of these secrets, or the configuration keeps them running',
      {},
      { consumers: [invoked('mailer', ['db'])] },
    ],
    [
      'nothing else is to change',
      'protectOthers',
      'nobody asked for the other secrets to change, or there are none',
      {},
      {},
    ],
    [
      'there are no others',
      'protectOthers',
      'nobody asked for the other secrets to change, or there are none',
      { others: true },
      { secrets: [jwt, database] },
    ],
    [
      'nobody reads them',
      'start',
      'no consumer of these secrets is stopped or restarted here',
      {},
      { consumers: [] },
    ],
    [
      'a drill settles nothing',
      'settle',
      'a drill changes nothing that could settle',
      { drill: true },
      {},
    ],
    [
      'only people can change it',
      'settle',
      'no secret was changed',
      { secrets: ['mail'] },
      { secrets: [jwt, mail] },
    ],
  ])('%s: %s', async (_title, stage, reason, given, deployed) => {
    const around = world(deployed);
    await around.execute({ ...input, ...given });
    expect(await stageOf(around, stage)).toEqual(['skipped', `because ${reason}`]);
  });

  test('without a function that reads the trail nobody knows who read, and that fails', async () => {
    const around = world({ more: { emergency: undefined } });
    expect((await around.execute()).status).toBe('FAILED');
    expect(await stageOf(around, 'accessAudit')).toEqual([
      'failed',
      'because the manifest names no function that reads the trail: deploy the stack again',
    ]);
  });
});

describe('what could not be done stands beside what was', () => {
  test('a secret that could not be denied, a role whose sessions stay: by name, and the others are', async () => {
    const around = world();
    const { deny } = around.doors.containment;
    around.doors.containment.deny = async (name, ...rest) => {
      if (name === nameOf('db')) throw denied();
      return deny(name, ...rest);
    };
    around.doors.sessions.revoke = async () => {
      throw denied();
    };
    await around.execute({ ...input, suspects: [suspect] });
    const [state, jwtDenied, mailDenied, reason] = (await stageOf(around, 'contain')) ?? [];
    expect([state, jwtDenied, mailDenied]).toEqual([
      'failed',
      'suspectsDenied secret=pharmacy/prod/jwt',
      'suspectsDenied secret=pharmacy/prod/mail',
    ]);
    expect(reason).toContain(
      `because ContainmentError: Not everything could be denied to the suspects: pharmacy/prod/db: AccessDenied; ${suspect}, 2026-05-17T17:00:00.000Z: AccessDenied; expected`,
    );
    expect(reason).not.toContain('a text of theirs');
  });

  test('what could not be lifted is named, the rest is lifted, and only then it is noted', async () => {
    const around = world();
    await around.execute({ ...input, suspects: [suspect] });
    const { lift } = around.doors.containment;
    around.doors.containment.lift = async (name, of) => {
      if (name === nameOf('db')) throw denied();
      return lift(name, of);
    };
    const failed = await around.execute({ lift: id }, 'lifting');
    expect([failed.error, failed.cause]).toEqual([
      'LiftError',
      expect.stringContaining('taken back: pharmacy/prod/db: AccessDenied; expected'),
    ]);
    expect([[...around.denied], [...around.revoked]]).toEqual([[nameOf('db')], []]);
    expect((await stageOf(around, 'contain'))?.join()).not.toContain('containmentLifted');

    around.doors.containment.lift = lift;
    for (const name of ['again', 'twice']) await around.execute({ lift: id }, name);
    const noted = (await stageOf(around, 'contain')) ?? [];
    expect(noted.filter((fact) => fact.startsWith('containmentLifted'))).toEqual([
      expect.stringContaining(`execution=${executionArn('twice')}`),
    ]);
  });

  test.each([
    ['stop', 'stop', 'consumerNotStopped consumer=api detail=AccessDenied'],
    ['start', 'start', 'consumerNotStarted consumer=api detail=AccessDenied'],
  ] as const)(
    'a platform that refuses to %s is asked three times in a row, then the stage fails with its words',
    async (operation, stage, fact) => {
      const around = world({ consumers: [served('api', ['jwt', 'db'])] });
      const { invoke } = around.doors.functions;
      let looks = 0;
      around.doors.functions.invoke = async (name, request) => {
        if ((request as { operation?: string }).operation !== operation) {
          return invoke(name, request);
        }
        looks += 1;
        // A look in between that is not refused begins the count anew.
        return looks === 2
          ? { done: false, consumers: [{ consumer: 'api', state: 'underWay', detail: 'draining' }] }
          : {
              done: true,
              consumers: [{ consumer: 'api', state: 'failed', detail: 'AccessDenied' }],
            };
      };
      expect((await around.execute()).status).toBe('FAILED');
      // Refused, under way, and refused three times; a start is told to before it is looked at.
      expect(looks).toBe(5);
      const [state, evidence, reason] = (await stageOf(around, stage)) ?? [];
      expect([state, evidence]).toEqual(['failed', fact]);
      expect(reason).toContain('StageIncompleteError: api: AccessDenied; expected ');
    },
  );

  test.each([
    ['five minutes where its key can be read on', { secrets: ['jwt'] }, jwt, 5],
    ['twenty where rows move with it stopped', { secrets: ['pii'] }, scalar, 20],
  ])('a consumer that drains on is waited for %s', async (_title, given, secret, minutes) => {
    const around = world({ secrets: [secret], consumers: [served('api', [secret.key])] });
    const { invoke } = around.doors.functions;
    around.doors.functions.invoke = async (name, request) =>
      (request as { operation?: string }).operation === 'stop'
        ? { done: false, consumers: [{ consumer: 'api', state: 'underWay', detail: 'draining' }] }
        : invoke(name, request);
    await around.execute({ ...input, ...given });
    const stop = await around.records.getStage(id, 'stop');
    expect(stop?.state).toBe('done');
    expect(stop?.evidence).toEqual([
      { fact: 'consumerStopping', detail: { consumer: 'api', detail: 'draining' } },
    ]);
    const took = Date.parse(stop?.endedAt ?? '') - Date.parse(stop?.startedAt ?? '');
    expect(took).toBe(minutes * 60_000);
  });

  test('more consumers than one call takes are asked for in several, none twice', async () => {
    const names = Array.from({ length: 100 }, (_, number) => `api-${number}`);
    const around = world({ secrets: [jwt], consumers: names.map((name) => served(name, ['jwt'])) });
    const { invoke } = around.doors.functions;
    const sizes: number[] = [];
    around.doors.functions.invoke = async (name, request) => {
      const { operation, consumers } = request as { operation?: string; consumers?: string[] };
      if (operation === 'stop') sizes.push(consumers?.length ?? 0);
      return invoke(name, request);
    };
    await around.execute({ ...input, secrets: ['jwt'] });
    // Each is looked at twice.
    expect(sizes).toEqual([50, 50, 50, 50]);
    expect(around.effects.filter((effect) => effect.startsWith('stop '))).toHaveLength(100);
  });
});
