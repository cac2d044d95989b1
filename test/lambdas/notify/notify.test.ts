/** Who is told, exactly once, whatever topics, table and bus do meanwhile. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { type SentMessagesDoor, sentMessages } from '../../../doors/sent-messages.ts';
import type { TopicMessage } from '../../../doors/topics.ts';
import { factOf, type NotifySettings, notify } from '../../../lambdas/notify/notify.ts';
import { watch } from '../../../lambdas/watch/watch.ts';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { DynamoDbService } from '../../../sandbox/dynamodb/service.ts';
import * as events from '../../domain/events/announced-events.ts';
import { overdue, planned, rotated, unmanaged } from '../../domain/events/announced-events.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { arnOf, inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import { recordedBus, recordedLog, recordedMetrics, settableClock } from '../../doors/recorded.ts';
import { controlTableProperties } from '../../in-process/control-table-properties.ts';
import { inProcess } from '../../in-process/request-handler.ts';
import { pharmacy } from '../pharmacy.ts';

const rotates = {
  function: 'fn',
  origin: 'new' as const,
  armed: true,
  cadenceDays: 180,
  leadDays: 5,
  readerCacheSeconds: 300,
};
const jwt: RotatedManifestSecret = {
  kind: 'jwt',
  key: 'jwt',
  name: 'pharmacy/prod/jwt',
  ...rotates,
  readers: 'keyset',
  acceptForSeconds: 60,
  logsEveryoneOut: false,
};
const db: RotatedManifestSecret = {
  kind: 'database',
  key: 'db',
  name: 'pharmacy/prod/db',
  ...rotates,
  scheme: 'singleUser',
  host: 'db',
  port: 5432,
  dbname: 'app',
  roles: ['app'],
  admin: 'admin',
};
const manifest: Manifest = {
  ...pharmacy,
  secrets: [jwt, db],
  consumers: [],
};

const topic = (name: string) => `arn:aws:sns:eu-west-1:111122223333:${name}`;
const settings: NotifySettings = {
  places: {
    'on-call': { mail: topic('on-call'), chat: topic('on-call-chat') },
    security: { mail: topic('security') },
    support: { mail: topic('support'), chat: topic('support-chat') },
    product: {},
  },
  timeZone: 'Etc/UTC',
  texts: {},
};

let dynamoDb: DynamoDbService;
let client: DynamoDBClient;
beforeAll(async () => {
  const clock = new SandboxClock(new Date('2026-02-14T00:30:00Z'), 'manual');
  dynamoDb = new DynamoDbService({ account: '000000000000', region: 'eu-west-1', clock });
  await dynamoDb.createTable(controlTableProperties);
  client = new DynamoDBClient(inProcess(dynamoDb) as object);
});
afterAll(() => dynamoDb.stop());

let number = 0;
let sent: SentMessagesDoor;
let published: (TopicMessage & { to: string })[];
let refusing: Set<string>;
let clock: ReturnType<typeof settableClock>;
let log: ReturnType<typeof recordedLog>;
beforeEach(() => {
  number += 1;
  sent = sentMessages('control', `pharmacy/test${number}`, client);
  published = [];
  refusing = new Set();
  clock = settableClock('2026-02-14T00:30:00Z');
  log = recordedLog();
});

const to = () => published.map((message) => message.to).sort();
const envelope = (detail: { type: string; [field: string]: unknown }) => ({
  version: '0',
  source: 'quarterturn',
  'detail-type': detail.type,
  account: '111122223333',
  detail,
});
const tell = (event: unknown, doors: Partial<{ sent: SentMessagesDoor }> = {}) =>
  notify(
    {
      topics: {
        async publish(message) {
          const name = message.topicArn.split(':').at(-1) ?? '';
          if (refusing.has(name)) {
            throw new AwsCallError('Publish', 'KMSAccessDenied', 'the key refuses');
          }
          published.push({ ...message, to: name });
          return `id-${published.length}`;
        },
      },
      sent,
      clock,
      log,
      ...doors,
    },
    async () => manifest,
    settings,
    event,
  );

describe('an event', () => {
  test('is told to its audiences, by mail and in chat, each in its form', async () => {
    expect(await tell(envelope(planned))).toEqual({ told: ['support', 'support-chat'] });
    const [mail, chat] = published;
    expect(mail).toMatchObject({
      to: 'support',
      subject: 'pharmacy prod: planned change on Sat 14 Feb 2026, 02:30 UTC',
      message: expect.stringMatching(/^The key that signs the sessions/),
    });
    expect(chat?.subject).toBeUndefined();
    expect(JSON.parse(chat?.message ?? '')).toMatchObject({
      version: '1.0',
      source: 'custom',
      id: planned.id,
      content: { title: mail?.subject },
    });
    // Nobody of product gave an address; that is in the log.
    expect(log.lines.at(-1)?.fields).toMatchObject({ withoutTopic: ['product'], left: [] });
  });

  test('that is delivered again is told to nobody a second time', async () => {
    await tell(envelope(overdue));
    expect(to()).toEqual(['on-call', 'on-call-chat', 'security']);
    clock.set('2026-02-15T00:30:00Z');
    expect(await tell(envelope(overdue))).toEqual({
      told: ['on-call', 'on-call-chat', 'security'],
    });
    expect(published).toHaveLength(3);
    await tell(envelope({ ...overdue, id: planned.id }));
    expect(published).toHaveLength(6);
  });

  test('that two calls get at once is told once; the one that lost comes back and finds it done', async () => {
    const answers = await Promise.allSettled([tell(envelope(planned)), tell(envelope(planned))]);
    expect(to()).toEqual(['support', 'support-chat']);
    for (const answer of answers.filter(({ status }) => status === 'rejected')) {
      expect(answer).toMatchObject({ reason: { code: 'ERR_ROTATION_NOT_EVERYBODY_TOLD' } });
    }
    await tell(envelope(planned));
    expect(published).toHaveLength(2);
  });

  test('keeps no audience from hearing when the topic of another refuses', async () => {
    refusing.add('on-call');
    await expect(tell(envelope(overdue))).rejects.toMatchObject({
      code: 'ERR_ROTATION_NOT_EVERYBODY_TOLD',
      message: expect.stringMatching(/^Not told: on-call \(KMSAccessDenied\); /),
    });
    expect(to()).toEqual(['on-call-chat', 'security']);
    refusing.clear();
    // Lambda's first repetition comes a minute later, a person's at once: both find it given back.
    await tell(envelope(overdue));
    expect(to()).toEqual(['on-call', 'on-call-chat', 'security']);
  });

  test('whose call died before it was sent is told by a later one, not by one that comes too early', async () => {
    await sent.claim(factOf(planned), 'support', clock.now(), clock.now());
    clock.set('2026-02-14T00:30:59Z');
    await expect(tell(envelope(planned))).rejects.toThrow('being sent by another call');
    expect(to()).toEqual(['support-chat']);
    clock.set('2026-02-14T00:31:01Z');
    await tell(envelope(planned));
    expect(to()).toEqual(['support', 'support-chat']);
  });

  test('that cannot be remembered is an error, and is heard rather twice than not at all', async () => {
    const forgetful: SentMessagesDoor = {
      ...sent,
      markSent: async () => {
        throw new AwsCallError('PutItem', 'InternalServerError', 'try again');
      },
    };
    await expect(tell(envelope(planned), { sent: forgetful })).rejects.toThrow(
      'support (InternalServerError)',
    );
    clock.set('2026-02-14T00:32:00Z');
    await tell(envelope(planned));
    expect(to()).toEqual(['support', 'support', 'support-chat', 'support-chat']);
  });

  test('is told to nobody while the table does not answer: who was told could not be known', async () => {
    const closed: SentMessagesDoor = {
      ...sent,
      claim: async () => {
        throw new AwsCallError('PutItem', 'AccessDeniedException', 'no');
      },
    };
    await expect(tell(envelope(planned), { sent: closed })).rejects.toThrow(
      'support (AccessDeniedException), support-chat (AccessDeniedException)',
    );
    expect(published).toEqual([]);
  });
});

describe('whoever may put events on the bus', () => {
  test('silences nothing by using the id of what is to be told before it is', async () => {
    // The ids are derived from names and versions: anybody can work them out.
    await tell(envelope({ ...overdue, reason: 'all is well' }));
    await tell(envelope({ ...unmanaged, id: overdue.id }));
    published.length = 0;
    await tell(envelope(overdue));
    expect(to()).toEqual(['on-call', 'on-call-chat', 'security']);
    expect(published[0]?.message).toContain(overdue.reason);
  });

  test('has an event that is told again with another time only told once', async () => {
    await tell(envelope(overdue));
    await tell(envelope({ ...overdue, at: '2026-02-14T09:00:00.000Z' }));
    expect(published).toHaveLength(3);
  });

  const other = (name: string, arn: string) => envelope({ ...unmanaged, secret: { name, arn } });

  test.each([
    ['a secret of nobody', other('pharmacy/prod/other', unmanaged.secret.arn)],
    [
      'a secret of ours with an ARN of another account',
      other(
        'pharmacy/prod/jwt',
        'arn:aws:secretsmanager:eu-west-1:999999999999:secret:pharmacy/prod/jwt-AbCdEf',
      ),
    ],
    [
      'a secret of ours with the ARN of another one',
      other(
        'pharmacy/prod/jwt',
        'arn:aws:secretsmanager:eu-west-1:111122223333:secret:evil-AbCdEf',
      ),
    ],
    [
      'a certificate of another deployment',
      envelope({ ...events.certificate, deployment: 'pharmacy/dev' }),
    ],
    [
      'an emergency of another deployment',
      envelope({ ...events.emergency, secrets: [], deployment: 'pharmacy/dev' }),
    ],
    ['an emergency about a secret that is not its own', envelope(events.emergency)],
    ['another type than its own', { ...envelope(unmanaged), 'detail-type': 'credential-overdue' }],
    ['another source', { ...envelope(unmanaged), source: 'aws.secretsmanager' }],
    ['a field that is not named', envelope({ ...unmanaged, value: 'hunter2' })],
    ['nothing', undefined],
  ])('has nobody told of %s, and nothing of it is repeated', async (_what, event) => {
    const error = await tell(event).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'ERR_ROTATION_INVALID_EVENT' });
    expect(published).toEqual([]);
    expect(JSON.stringify([String(error), log.lines])).not.toMatch(/hunter2|9999|evil|other-/);
  });
});

test('an emergency is told as what it changed: who was not signed out is not told so', async () => {
  const [leaked] = events.emergency.secrets;
  const other = { key: 'db', name: db.name, exposed: false, state: 'proven' };
  await tell(envelope({ ...events.emergency, secrets: [leaked, other] }));
  expect(to()).toEqual(['on-call', 'on-call-chat', 'security', 'support', 'support-chat']);
  const support = () => published.filter((message) => message.to === 'support').at(-1)?.message;
  expect(support()).toContain('Everybody is signed out');
  const failed = { ...leaked, state: 'failed' };
  await tell(envelope({ ...events.emergency, secrets: [failed, other], id: 'c'.repeat(36) }));
  expect(support()).not.toContain('signed out');
});

test('a failure that nobody saw but the watch is heard: no trail of CloudTrail is asked', async () => {
  const [v1, v2] = ['1', '2'].map((digit) => `${digit.repeat(8)}-1111-4111-8111-111111111111`);
  const secrets = inMemorySecrets();
  secrets.add(db.name, {
    [v1 as string]: ['AWSCURRENT', 'rotated-20251201T000000Z'],
    [v2 as string]: ['AWSPENDING'],
  });
  const controlTable = inMemoryControlTable();
  await controlTable.fixRotation(db.name, {
    token: v2 as string,
    intent: 'planned',
    basedOn: v1 as string,
    provenance: {
      intent: 'planned',
      token: v2 as string,
      attributed: true,
      requestedBy: 'cadence',
    },
    at: '2026-02-14T00:15:00.000Z',
    steps: {},
    evidence: [],
    failure: {
      step: 'testSecret',
      code: 'ERR_ROTATION_LOGIN_REFUSED',
      message: 'The server refused the pending credential.',
      at: '2026-02-14T00:16:00.000Z',
    },
  });
  const bus = recordedBus();
  const functions = { invoke: async () => ({ outcome: 'restored', role: 'app' }) as const };
  await watch(
    {
      secretsManager: secrets.door,
      controlTable,
      functions: functions as never,
      eventBus: bus,
      metrics: recordedMetrics(),
      clock,
      log,
    },
    { ...manifest, secrets: [{ ...db, operator: 'operator' }] },
  );
  const failure = bus.events.find(({ detailType }) => detailType === 'credential-rotation-failed');
  expect(failure?.resources).toEqual([arnOf(db.name)]);

  // The account of secrets in memory is the sandbox's.
  const places = JSON.parse(
    JSON.stringify(settings.places).replaceAll('111122223333', arnOf(db.name).split(':')[4] ?? ''),
  );
  const texts: string[] = [];
  await notify(
    {
      topics: { publish: async ({ message }) => `${texts.push(message)}` },
      sent,
      clock,
      log,
    },
    async () => manifest,
    { ...settings, places },
    { source: failure?.source, 'detail-type': failure?.detailType, detail: failure?.detail },
  );
  const [onCall, , , support] = texts;
  expect(onCall).toContain('Error: ERR_ROTATION_LOGIN_REFUSED');
  expect(onCall).toContain('The application could NOT log in; its login was restored.');
  expect(support).toContain('It works again.');
  expect(texts).toHaveLength(5);
});

test('a rotation that is done is told to security with its proof, and to nobody with a value', async () => {
  await tell(envelope(rotated));
  expect(to()).toEqual(['security', 'support', 'support-chat']);
  const security = published.find((message) => message.to === 'security');
  expect(security?.message).toContain('In use: 9f2c41aa07be63d1\nReplaced: 1a77c0de55e1b002');
});
