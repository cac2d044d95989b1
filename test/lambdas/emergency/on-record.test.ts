/** What an emergency leaves on record and tells: whoever reads it afterwards has nothing else. */
import { expect, test } from '@jest/globals';
import { executionArn, id, input, nameOf, suspect } from './deployment.ts';
import { stagesOf } from './stage-lines.ts';
import { world } from './world.ts';

const user = 'arn:aws:iam::000000000000:user/rowan';

test('every stage says what was done, to whom, and what was found', async () => {
  const around = world();
  around.manifest.emergency?.suspects.push(user);
  await around.execute({ ...input, others: true, suspects: [suspect, user] });
  expect(await stagesOf(around)).toEqual({
    announce: ['done', 'told audience=security'],
    contain: [
      'done',
      'suspectsDenied secret=pharmacy/prod/jwt',
      'suspectsDenied secret=pharmacy/prod/db',
      'suspectsDenied secret=pharmacy/prod/mail',
      `sessionsRevoked principal=${suspect} before=2026-05-17T17:00:00.000Z`,
      `noSessionsToRevoke principal=${user}`,
    ],
    stop: ['done', 'consumerStopped consumer=api detail=stop'],
    protect: ['done', 'secretsChanged proven=2 person=0 checked=0 failed=0'],
    protectOthers: ['done', 'secretsChanged proven=0 person=1 checked=0 failed=0'],
    start: [
      'done',
      'consumerStarted consumer=api detail=start',
      'consumerRestarted consumer=mailer restartedAt=2026-05-17T17:00:16.000Z proof=held',
    ],
    settle: ['done', 'settled finished=2'],
    accessAudit: [
      'done',
      'readersLookedUp readers=0 unknown=0 unknownOfNew=0 regions=eu-west-1 (lookupEvents)',
    ],
    report: ['done', `reportStored bucket=incidents key=${id}/report.md`],
    tell: ['done', 'told phase=closed'],
  });
  expect(await around.head()).toEqual({
    id,
    exposed: ['jwt', 'db'],
    others: ['mail'],
    reason: 'it was in a log',
    suspects: [suspect, user],
    keepRunning: false,
    drill: false,
    unattended: false,
    requestedBy: 'mona',
    execution: executionArn('first'),
    state: 'closed',
    startedAt: '2026-05-17T17:00:00.000Z',
    endedAt: '2026-05-17T17:00:21.000Z',
    consumers: { stop: ['api'], restart: ['mailer'], alone: [] },
    report: { bucket: 'incidents', key: `${id}/report.md`, at: '2026-05-17T17:00:21.000Z' },
  });
  const logged = around.doors.log as unknown as { lines: { level: string; event: string }[] };
  expect(new Set(logged.lines.map(({ level, event }) => `${level} ${event}`))).toEqual(
    new Set(
      ['emergency', 'task', 'stage', 'credential-emergency', 'emergency-ended'].map(
        (event) => `info ${event}`,
      ),
    ),
  );
});

test('its secrets say how they were changed, its events who was told what', async () => {
  const around = world();
  await around.execute({ ...input, others: true, exposedSince: '2026-05-16T00:00:00.000Z' });
  const { versionId = '' } = (await around.secret('db')) ?? {};
  expect(await around.secret('db')).toEqual({
    id,
    key: 'db',
    name: nameOf('db'),
    kind: 'database',
    exposed: true,
    state: 'proven',
    attempts: 1,
    compromised: [],
    evidence: [{ fact: 'oldCredentialRefused', detail: { role: 'a', host: 'db.internal' } }],
    versionId,
    replaced: 'db000000-0000-4000-8000-000000000000',
    askedAt: '2026-05-17T17:00:10.000Z',
    promotedAt: expect.stringMatching(/^2026-05-17T17:00:1[24]/),
    provenAt: '2026-05-17T17:00:14.000Z',
    afterRotation: 'finished',
  });
  expect(await around.secret('mail')).toEqual({
    id,
    key: 'mail',
    name: nameOf('mail'),
    kind: 'userManaged',
    exposed: false,
    state: 'person',
    attempts: 0,
    compromised: [],
    evidence: [],
    reason:
      'nothing here can make its value (the key of the mail provider): its owners revoke it where it is issued, and put a new one',
  });
  const common = {
    type: 'credential-emergency',
    version: 1,
    deployment: 'pharmacy/prod',
    emergency: id,
    drill: false,
    unattended: false,
    requestedBy: 'mona',
    reason: 'it was in a log',
    startedAt: '2026-05-17T17:00:00.000Z',
  };
  const jwtVersion = (await around.secret('jwt'))?.versionId;
  expect(around.bus.events).toEqual([
    {
      source: 'quarterturn',
      detailType: 'credential-emergency',
      resources: [],
      detail: {
        ...common,
        id: expect.any(String),
        at: '2026-05-17T17:00:00.000Z',
        phase: 'begun',
        secrets: [
          { key: 'jwt', name: nameOf('jwt'), exposed: true },
          { key: 'db', name: nameOf('db'), exposed: true },
          { key: 'mail', name: nameOf('mail'), exposed: false },
        ],
      },
    },
    {
      source: 'quarterturn',
      detailType: 'credential-emergency',
      resources: [],
      detail: {
        ...common,
        id: expect.any(String),
        at: '2026-05-17T17:00:21.000Z',
        phase: 'closed',
        secrets: [
          {
            ...{ key: 'jwt', name: nameOf('jwt'), exposed: true },
            ...{ state: 'proven', versionId: jwtVersion },
          },
          { key: 'db', name: nameOf('db'), exposed: true, state: 'proven', versionId },
          { key: 'mail', name: nameOf('mail'), exposed: false, state: 'person' },
        ],
        endedAt: '2026-05-17T17:00:21.000Z',
        deadAt: '2026-05-17T17:00:14.000Z',
        unknownReaders: 0,
        unknownReadersOfNew: 0,
        report: `s3://incidents/${id}/report.md`,
      },
    },
  ]);
});
