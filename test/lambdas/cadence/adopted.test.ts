/** A deployment that takes over what is overdue already: nothing rotates before somebody says so. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { ControlTableDoor } from '../../../doors/control-table.ts';
import type { CadenceDoors } from '../../../lambdas/cadence/doors.ts';
import { type TickSummary, tick } from '../../../lambdas/cadence/tick.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { type InMemorySecrets, inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedLog,
  recordedMetrics,
  settableClock,
} from '../../doors/recorded.ts';
import { pharmacy } from '../pharmacy.ts';

const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:after-rotation';
const version = '11111111-1111-4111-8111-111111111111';
const hour = 3_600_000;
const start = new Date('2026-01-05T00:00:00Z');

const adoptedSecret = (index: number, armed: boolean): RotatedManifestSecret => ({
  kind: 'jwt',
  key: `old${index}`,
  name: `legacy/${index}`,
  function: `fn-legacy/${index}`,
  origin: 'adopted',
  armed,
  cadenceDays: 90,
  leadDays: 5,
  readerCacheSeconds: 300,
  readers: 'keyset',
  acceptForSeconds: 60,
  logsEveryoneOut: false,
});

let secrets: InMemorySecrets;
let controlTable: ControlTableDoor;
let clock: ReturnType<typeof settableClock>;
let bus: ReturnType<typeof recordedBus>;
let doors: CadenceDoors;

beforeEach(() => {
  secrets = inMemorySecrets();
  controlTable = inMemoryControlTable();
  clock = settableClock(start.toISOString());
  bus = recordedBus();
  doors = {
    secretsManager: secrets.door,
    controlTable,
    stepFunctions: recordedExecutions(),
    eventBus: bus,
    clock,
    log: recordedLog(),
    metrics: recordedMetrics(),
  };
});

const planned = () =>
  bus.events.filter(({ detailType }) => detailType === 'credential-rotation-planned');

const run = (all: RotatedManifestSecret[]): Promise<TickSummary> =>
  tick(
    doors,
    {
      ...pharmacy,
      secrets: all,
      consumers: [],
    },
    { afterRotation: machine },
  );

async function adoptAll(count: number, materialSince: string) {
  for (let index = 0; index < count; index++) {
    secrets.add(`legacy/${index}`, { [version]: ['AWSCURRENT'] }, false);
    await controlTable.putAdoption(`legacy/${index}`, {
      at: start.toISOString(),
      by: 'on-call',
      materialSince,
      versionId: version,
    });
  }
}

describe('twenty adopted secrets, every one of them overdue for years', () => {
  test('are reported at every tick of seven days, and none is rotated', async () => {
    await adoptAll(20, '2019-03-01T00:00:00.000Z');
    const unarmed = Array.from({ length: 20 }, (_, index) => adoptedSecret(index, false));
    for (let tickOf = 0; tickOf < 7 * 24; tickOf++) {
      clock.set(new Date(start.getTime() + tickOf * hour).toISOString());
      const { findings, results } = await run(unarmed);
      expect(findings).toBe(20);
      expect(new Set(results.map(({ decision, done }) => `${decision} ${done}`))).toEqual(
        new Set(['unarmed nothing']),
      );
    }
    expect(secrets.rotations).toEqual([]);
    expect(secrets.calls).not.toContain('rotate');
    // Their owners hear of it once a day, not once an hour.
    expect(bus.events.map(({ detailType }) => detailType)).toEqual(
      Array.from({ length: 7 * 20 }, () => 'credential-overdue'),
    );
  });

  test('once armed, are announced one an hour, the oldest first, and rotated two hours later', async () => {
    await adoptAll(3, '2019-03-01T00:00:00.000Z');
    const oldest = { at: start.toISOString(), by: 'on-call', versionId: version };
    secrets.add('legacy/3', { [version]: ['AWSCURRENT'] });
    await controlTable.putAdoption('legacy/3', {
      ...oldest,
      materialSince: '2018-01-01T00:00:00Z',
    });
    for (let index = 0; index < 3; index++) {
      secrets.add(`legacy/${index}`, { [version]: ['AWSCURRENT'] });
    }
    const armed = Array.from({ length: 4 }, (_, index) => adoptedSecret(index, true));
    await run(armed);
    expect(
      planned().map(({ detail }) => {
        const { secret, plannedAt } = detail as { secret: { name: string }; plannedAt: string };
        return [secret.name, plannedAt];
      }),
    ).toEqual([
      ['legacy/3', '2026-01-05T02:00:00.000Z'],
      ['legacy/0', '2026-01-05T03:00:00.000Z'],
    ]);
    expect(secrets.rotations).toEqual([]);
    clock.set('2026-01-05T02:00:30Z');
    await run(armed);
    expect(secrets.rotations.map(({ secretId }) => secretId)).toEqual([
      expect.stringContaining('legacy/3'),
    ]);
  });
});

describe('the age of an adopted secret', () => {
  const decisionOf = async (secret: RotatedManifestSecret) => (await run([secret])).results[0];

  test('counts from its adoption record until its first date label', async () => {
    await adoptAll(1, '2026-01-01T00:00:00.000Z');
    secrets.add('legacy/0', { [version]: ['AWSCURRENT'] });
    expect(await decisionOf(adoptedSecret(0, true))).toMatchObject({
      decision: 'notDue',
      finding: false,
    });
    clock.set('2026-03-27T00:00:00Z');
    expect(await decisionOf(adoptedSecret(0, true))).toMatchObject({ decision: 'due' });
  });

  test('is unknown when it is armed without having been adopted: a finding, never "not due"', async () => {
    secrets.add('legacy/0', { [version]: ['AWSCURRENT'] });
    expect(await decisionOf(adoptedSecret(0, true))).toMatchObject({
      decision: 'badDate',
      finding: true,
      done: 'nothing',
    });
  });

  test('of a secret this deployment made is never taken from an adoption record', async () => {
    await adoptAll(1, '2025-12-31T00:00:00.000Z');
    secrets.add('legacy/0', { [version]: ['AWSCURRENT', 'rotated-20190301T000000Z'] });
    const made = { ...adoptedSecret(0, true), origin: 'new' as const };
    expect(await decisionOf(made)).toMatchObject({ decision: 'overdue' });
  });
});
