import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import { unmanagedWriteEventSchema } from '../../../domain/events/audit-event.ts';
import type { RotationRecord } from '../../../domain/events/control-records.ts';
import { noticeSchema } from '../../../domain/events/notices.ts';
import type { LoginAnswer } from '../../../domain/events/operator-requests.ts';
import { FunctionFailedError } from '../../../doors/functions.ts';
import type { WatchDoors } from '../../../lambdas/watch/doors.ts';
import { watch } from '../../../lambdas/watch/watch.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { arnOf, type InMemorySecrets, inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import { recordedBus, recordedLog, recordedMetrics, settableClock } from '../../doors/recorded.ts';
import { pharmacy } from '../pharmacy.ts';

const v1 = '11111111-1111-4111-8111-111111111111';
const v2 = '22222222-2222-4222-8222-222222222222';
const dated = 'rotated-20251201T000000Z';
const jwt = 'pharmacy/prod/jwt';
const db = 'pharmacy/prod/db';

let secrets: InMemorySecrets;
let controlTable: ReturnType<typeof inMemoryControlTable>;
let bus: ReturnType<typeof recordedBus>;
let metrics: ReturnType<typeof recordedMetrics>;
let clock: ReturnType<typeof settableClock>;
let log: ReturnType<typeof recordedLog>;
let doors: WatchDoors;
let asked: { functionName: string; request: unknown }[];
let login: LoginAnswer | Error;

beforeEach(() => {
  secrets = inMemorySecrets();
  controlTable = inMemoryControlTable();
  bus = recordedBus();
  metrics = recordedMetrics();
  clock = settableClock('2025-12-10T12:00:00Z');
  log = recordedLog();
  asked = [];
  login = { outcome: 'works', role: 'app' };
  doors = {
    secretsManager: secrets.door,
    controlTable,
    functions: {
      async invoke(functionName, request) {
        asked.push({ functionName, request });
        if (login instanceof Error) throw login;
        return login;
      },
    },
    eventBus: bus,
    metrics,
    clock,
    log,
  };
});

const shared = {
  origin: 'new' as const,
  armed: true,
  cadenceDays: 90,
  leadDays: 5,
  readerCacheSeconds: 300,
};
const jwtSecret: RotatedManifestSecret = {
  kind: 'jwt',
  key: 'jwt',
  name: jwt,
  function: 'fn-jwt',
  ...shared,
  readers: 'keyset',
  acceptForSeconds: 60,
  logsEveryoneOut: false,
};
const dbSecret: RotatedManifestSecret = {
  kind: 'database',
  key: 'db',
  name: db,
  function: 'fn-db',
  ...shared,
  scheme: 'singleUser',
  host: 'db',
  port: 5432,
  dbname: 'app',
  roles: ['app'],
  admin: 'admin',
};

const look = (...all: Manifest['secrets']) =>
  watch(doors, {
    ...pharmacy,
    secrets: all,
    consumers: [],
  });
const at = (instant: string) => clock.set(`2025-12-10T${instant}Z`);
const pending = (name: string) =>
  secrets.add(name, { [v1]: ['AWSCURRENT', dated], [v2]: ['AWSPENDING'] });
const recorded = (name: string, more: Partial<RotationRecord> = {}) =>
  controlTable.fixRotation(name, {
    token: v2,
    intent: 'planned',
    basedOn: v1,
    provenance: { intent: 'planned', token: v2, attributed: false, backstopProbably: true },
    at: '2025-12-10T11:58:00.000Z',
    steps: {},
    evidence: [],
    ...more,
  });
const failure = {
  step: 'testSecret',
  code: 'ERR_ROTATION_POOLER_REFUSED',
  message: 'PgBouncer does not let app in.',
  at: '2025-12-10T11:59:00.000Z',
};
const told = () => bus.events.map(({ detailType }) => detailType);
/** Summed over the lines of one look. */
const measured = () => Object.assign({}, ...metrics.emitted.map(({ values }) => values));

describe('a pending rotation', () => {
  test('is told when it is first seen, with who asked for it, and never again', async () => {
    pending(jwt);
    await recorded(jwt);
    expect(await look(jwtSecret)).toMatchObject({ stuck: 0, failed: 0 });
    await look(jwtSecret);
    expect(bus.events).toEqual([
      {
        source: 'quarterturn',
        detailType: 'credential-rotation-started',
        resources: [arnOf(jwt)],
        detail: {
          type: 'credential-rotation-started',
          version: 1,
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          at: '2025-12-10T12:00:00.000Z',
          secret: { name: jwt, arn: arnOf(jwt) },
          kind: 'jwt',
          versionId: v2,
          intent: 'planned',
          attributed: false,
          backstopProbably: true,
        },
      },
    ]);
    expect(log.lines.map(({ event }) => event)).toEqual(['watch-summary', 'watch-summary']);
  });

  test('that its caller asked for and createSecret has not recorded yet is attributed', async () => {
    pending(jwt);
    await controlTable.putIntent(jwt, {
      intent: 'emergency',
      token: v2,
      requestedBy: 'on-call',
      reason: 'exposed',
      at: '2025-12-10T11:59:59.000Z',
    });
    await look(jwtSecret);
    expect(bus.events[0]?.detail).toMatchObject({
      intent: 'emergency',
      attributed: true,
      requestedBy: 'on-call',
      reason: 'exposed',
    });
  });

  test('that is over so quickly that nobody saw it pending is told while its AfterRotation runs', async () => {
    secrets.add(jwt, { [v2]: ['AWSCURRENT', dated], [v1]: ['AWSPREVIOUS'] });
    await recorded(jwt, { failure });
    const after = { versionId: v2, intent: 'planned' as const, basedOn: v1, at: failure.at };
    await controlTable.putAfterRotation(jwt, { ...after, state: 'due' });
    expect(await look(jwtSecret)).toMatchObject({ stuck: 0 });
    expect(told()).toEqual(['credential-rotation-started']);
  });

  test('that makes a first value says so, while it is pending and while its AfterRotation runs', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT'], [v2]: ['AWSPENDING'] });
    await look(jwtSecret);
    expect(noticeSchema.parse(bus.events[0]?.detail)).toMatchObject({ firstValue: true });
    secrets.add(db, { [v2]: ['AWSCURRENT', dated], [v1]: ['AWSPREVIOUS'] });
    const after = { versionId: v2, intent: 'planned' as const, basedOn: v1, at: failure.at };
    await controlTable.putAfterRotation(db, { ...after, state: 'due', primary: 'app:1' });
    await look(dbSecret);
    expect(noticeSchema.parse(bus.events[1]?.detail)).toMatchObject({ firstValue: true });
    // The first rotation of a value that was taken over replaces it.
    bus.events.length = 0;
    await controlTable.putAfterRotation(db, { ...after, versionId: v1, state: 'due' });
    secrets.add(db, { [v1]: ['AWSCURRENT', dated] });
    await look({ ...dbSecret, origin: 'adopted' });
    expect(bus.events[0]?.detail).not.toHaveProperty('firstValue');
  });

  test('whose AfterRotation is over is nobody’s', async () => {
    secrets.add(jwt, { [v2]: ['AWSCURRENT', dated] });
    await recorded(jwt);
    await look(jwtSecret);
    expect(told()).toEqual([]);
  });

  test('is stuck after nine minutes, and told once', async () => {
    pending(jwt);
    await recorded(jwt);
    at('12:06:59');
    expect(await look(jwtSecret)).toMatchObject({ stuck: 0 });
    at('12:07:00');
    expect(await look(jwtSecret)).toMatchObject({ stuck: 1 });
    await look(jwtSecret);
    expect(told()).toEqual(['credential-rotation-started', 'credential-rotation-failed']);
    const event = noticeSchema.parse(bus.events[1]?.detail);
    expect(event).toMatchObject({ versionId: v2, since: '2025-12-10T11:58:00.000Z' });
    expect(event).not.toHaveProperty('failure');
    expect(event).not.toHaveProperty('login');
    expect(measured()).toMatchObject({ RotationsStuck: 1, WatchHeartbeat: 1 });
  });

  test('under a token that is no UUID is told all the same, and the watch does not fall silent', async () => {
    const odd = 'a token_of/somebody: RotateSecret takes it';
    secrets.add(jwt, { [v1]: ['AWSCURRENT', dated], [odd]: ['AWSPENDING'] });
    await look(jwtSecret);
    at('12:09:00');
    expect(await look(jwtSecret)).toMatchObject({ stuck: 1, failed: 0 });
    expect(told()).toEqual(['credential-rotation-started', 'credential-rotation-failed']);
    expect(noticeSchema.parse(bus.events[1]?.detail)).toMatchObject({ versionId: odd });
    expect(measured()).toMatchObject({ WatchHeartbeat: 1 });
  });

  test('is stuck at once when a step has failed, and says which and how', async () => {
    pending(jwt);
    await recorded(jwt, { failure });
    expect(await look(jwtSecret)).toMatchObject({ stuck: 1 });
    expect(noticeSchema.parse(bus.events[1]?.detail)).toMatchObject({ failure });
    expect(log.lines[0]).toMatchObject({
      level: 'error',
      event: 'watch',
      fields: { secret: jwt, step: 'testSecret', code: failure.code },
    });
  });

  test('of which nothing is recorded counts from when it was first seen', async () => {
    pending(jwt);
    await look(jwtSecret);
    at('12:08:59');
    expect(await look(jwtSecret)).toMatchObject({ stuck: 0 });
    at('12:09:00');
    expect(await look(jwtSecret)).toMatchObject({ stuck: 1 });
    expect(bus.events[1]?.detail).toMatchObject({ since: '2025-12-10T12:00:00.000Z' });
  });

  test('whose event the bus did not take is told by the next look, under the same id', async () => {
    pending(jwt);
    await recorded(jwt);
    const ids: unknown[] = [];
    doors.eventBus = {
      put: async ({ detail }) => {
        ids.push((detail as { id: string }).id);
        if (ids.length === 1) throw new Error('throttled');
      },
    };
    expect(await look(jwtSecret)).toMatchObject({ failed: 1 });
    expect(measured()).not.toHaveProperty('WatchHeartbeat');
    expect(await look(jwtSecret)).toMatchObject({ failed: 0 });
    expect(ids).toEqual([ids[0], ids[0]]);
  });
});

describe('a stuck rotation of a database', () => {
  beforeEach(async () => {
    pending(db);
    await recorded(db, { failure });
  });

  test.each([
    ['works', 'works', 0, 0],
    ['pendingWorks', 'pendingWorks', 1, 0],
    ['restored', 'restored', 0, 1],
    ['pendingRestored', 'pendingWorks', 1, 1],
    ['lockedOut', 'lockedOut', 1, 0],
    ['unknown', 'unknown', 1, 0],
    ['busy', undefined, 0, 0],
    ['noValue', undefined, 0, 0],
  ] as const)(
    'has its login looked after: %s is told as %s',
    async (outcome, word, lost, restored) => {
      login = { outcome };
      await look(dbSecret);
      expect(asked).toEqual([{ functionName: 'fn-db', request: { operation: 'restoreLogin' } }]);
      expect(bus.events[1]).toHaveProperty('detail.type', 'credential-rotation-failed');
      expect(Object(bus.events[1]?.detail).login).toBe(word);
      expect(measured()).toMatchObject({ LoginsLost: lost, LoginsRestored: restored });
    },
  );

  test('that costs the login after its failure was told is told once more, and no oftener', async () => {
    login = { outcome: 'works' };
    await look(dbSecret);
    login = { outcome: 'unknown' };
    await look(dbSecret);
    expect(told()).toEqual(['credential-rotation-started', 'credential-rotation-failed']);
    login = { outcome: 'lockedOut' };
    await look(dbSecret);
    login = { outcome: 'restored' };
    await look(dbSecret);
    const failures = bus.events.slice(1).map(({ detail }) => noticeSchema.parse(detail));
    expect(failures).toMatchObject([{ login: 'works' }, { login: 'lockedOut' }]);
    expect(failures[0]?.id).not.toBe(failures[1]?.id);
  });

  test('that has cost the login when its failure is told is told of once', async () => {
    login = { outcome: 'pendingWorks' };
    await look(dbSecret);
    login = { outcome: 'lockedOut' };
    await look(dbSecret);
    expect(told()).toEqual(['credential-rotation-started', 'credential-rotation-failed']);
  });

  test('whose function fails leaves the login unknown, with what it said', async () => {
    login = new FunctionFailedError('fn-db', 'TimeoutError', 'Task timed out');
    expect(await look(dbSecret)).toMatchObject({ loginsLost: 1, failed: 0 });
    expect(log.lines[0]?.fields).toMatchObject({
      login: 'unknown',
      reason: expect.stringContaining('Task timed out'),
    });
    login = new Error('password=hunter2');
    await look(dbSecret);
    expect(JSON.stringify(log.lines)).not.toContain('hunter2');
  });

  test('is asked about at every look, and the alarm hears of it before the database is asked', async () => {
    doors.functions = {
      invoke: async () => {
        expect(measured()).toMatchObject({ RotationsStuck: 1 });
        return login;
      },
    };
    await look(dbSecret);
    expect(measured()).toMatchObject({ LoginsLost: 0, WatchHeartbeat: 1 });
  });

  test('one that is young, and secrets of other kinds, are asked nothing', async () => {
    pending(jwt);
    await recorded(jwt, { failure });
    await look(jwtSecret);
    expect(asked).toEqual([]);
    expect(measured()).not.toHaveProperty('LoginsLost');
  });

  test('is not asked about over a value that no rotation made', async () => {
    secrets.add(db, { x: ['AWSCURRENT'], [v1]: ['AWSPREVIOUS', dated], [v2]: ['AWSPENDING'] });
    expect(await look(dbSecret)).toMatchObject({ stuck: 1, unmanaged: 1 });
    expect(asked).toEqual([]);
  });
});

describe('an AWSCURRENT that no rotation made', () => {
  beforeEach(() => void secrets.add(jwt, { [v2]: ['AWSCURRENT'], [v1]: ['AWSPREVIOUS', dated] }));

  test('is measured at once, and told on the second look when its event never came', async () => {
    expect(await look(jwtSecret)).toMatchObject({ unmanaged: 1 });
    expect(measured()).toMatchObject({ UnmanagedWrites: 1 });
    at('12:03:59');
    await look(jwtSecret);
    expect(told()).toEqual([]);
    at('12:05:00');
    await look(jwtSecret);
    await look(jwtSecret);
    expect(told()).toEqual(['unmanaged-secret-write']);
    expect(unmanagedWriteEventSchema.parse(bus.events[0]?.detail).versionId).toBe(v2);
  });

  test('is not told again when the starter did', async () => {
    await look(jwtSecret);
    const at5 = '2025-12-10T12:00:01.000Z';
    await controlTable.putTold(jwt, { fact: 'unmanagedWrite', versionId: v2, at: at5 });
    at('12:05:00');
    expect(await look(jwtSecret)).toMatchObject({ unmanaged: 1 });
    expect(told()).toEqual([]);
  });

  test('is none while its promotion is so young that its date label is on the way', async () => {
    const after = { versionId: v2, intent: 'planned' as const, basedOn: v1, at: failure.at };
    await controlTable.putAfterRotation(jwt, { ...after, state: 'finished' });
    expect(await look(jwtSecret)).toMatchObject({ unmanaged: 0 });
  });
});

describe('a look', () => {
  test('at a secret that cannot be read goes on with the others, and leaves no heartbeat', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', dated] });
    expect(await look({ ...dbSecret, name: 'gone' }, jwtSecret)).toMatchObject({ failed: 1 });
    expect(measured()).toEqual({
      RotationsStuck: 0,
      UnmanagedWrites: 0,
      LoginsLost: 0,
      LoginsRestored: 0,
    });
    expect(log.lines[0]).toMatchObject({ event: 'watch-failed', fields: { secret: 'gone' } });
  });

  test('of a quiet deployment says its numbers, then its heartbeat, and one line', async () => {
    secrets.add(jwt, { [v1]: ['AWSCURRENT', dated] });
    await look(jwtSecret, { kind: 'userManaged', key: 'x', name: 'x', purpose: 'vendor key' });
    const dimensions = { Deployment: 'pharmacy/prod' };
    const now = clock.now();
    expect(metrics.emitted).toEqual([
      { dimensions, values: { RotationsStuck: 0, UnmanagedWrites: 0 }, at: now },
      { dimensions, values: { WatchHeartbeat: 1 }, at: now },
    ]);
    expect(log.lines.map(({ event }) => event)).toEqual(['watch-summary']);
    expect(secrets.calls).toEqual(['describe']);
  });

  test('at two hundred secrets asks for twenty at a time', async () => {
    let under = 0;
    let most = 0;
    const all = Array.from({ length: 200 }, (_, index) => ({
      ...jwtSecret,
      name: `${jwt}${index}`,
    }));
    for (const { name } of all) secrets.add(name, { [v1]: ['AWSCURRENT', dated] });
    const { describe: read } = secrets.door;
    doors.secretsManager = {
      describe: async (name) => {
        under += 1;
        most = Math.max(most, under);
        const found = await read(name);
        under -= 1;
        return found;
      },
    };
    expect(await look(...all)).toMatchObject({ secrets: 200, failed: 0 });
    expect(most).toBe(20);
  });
});
