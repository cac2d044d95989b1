import { describe, expect, test } from '@jest/globals';
import type { RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { ReencryptionRecord } from '../../../domain/events/control-records.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { executionArn, jwt, kid, name, v1, world } from './world.ts';

const at = '2026-05-17T17:00:00.000Z';
const token = activateToken(name, v1, kid);
const { cadenceDays, leadDays, armed, origin, key, readerCacheSeconds } = jwt;
const pii = (mode?: 'online' | 'maintenance', consumersHook?: string): RotatedManifestSecret => ({
  kind: 'encryption',
  ...{ cadenceDays, leadDays, armed, origin, key, name, readerCacheSeconds },
  function: 'quarterturn-pharmacy-prod-secret',
  readers: 'keyset',
  columns: [],
  ...(mode && {
    reencryption: {
      ...{ function: 'rows-pii', login: 'rows', mode, workers: 2, stores: [] },
      ...(consumersHook && { consumersHook }),
    },
  }),
});
type World = ReturnType<typeof world>;
const tasksOf = ({ calls }: World) => calls.map(({ task }) => task);
const stateOf = async ({ controlTable }: World, versionId = v1) =>
  (await controlTable.getAfterRotation(name, versionId))?.state;
/** The service promotes the activation as soon as it was asked for it. */
const activating = (around: World) => {
  around.before.task = async ({ task }) => {
    if (task === 'activated' && around.secrets.rotations.length > 0) {
      around.before.task = () => undefined;
      await around.activateBy(executionArn(v1));
    }
  };
};
const record = (more: Partial<ReencryptionRecord>): ReencryptionRecord => ({
  state: 'verified',
  mode: 'maintenance',
  targetKid: kid,
  versionId: v1,
  findings: [],
  at,
  ...more,
});

describe('the rows of an encryption secret', () => {
  test('follow a key once it is active: on record before the machine is started, by one name', async () => {
    const around = world(pii('online'));
    await around.rotated(v1, 'planned', { primary: 'old', publishedKid: kid });
    activating(around);
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around).slice(-3)).toEqual(['audit', 'reencrypt', 'finish']);
    expect(await around.controlTable.getReencryption(name)).toEqual(
      record({ state: 'due', mode: 'online', versionId: token, dueSince: at }),
    );
    expect(around.doors.stepFunctions.started).toEqual([
      {
        name: token,
        input: {
          secretName: name,
          secretArn: arnOf(name),
          function: 'rows-pii',
          versionId: token,
        },
      },
    ]);
  });

  test('follow the key of a rollback or an emergency, whatever job was under way', async () => {
    const around = world(pii('online'));
    const earlier = record({ state: 'active', mode: 'online', targetKid: 'leaked', jobId: '7' });
    await around.controlTable.updateReencryption(name, () => earlier);
    await around.rotated(v1, 'emergency', { primary: kid, replaced: 'leaked' });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(await around.controlTable.getReencryption(name)).toEqual(
      record({ state: 'due', mode: 'online', dueSince: at }),
    );
  });

  test('stay where they are for a first value, and where nothing is declared to follow', async () => {
    const first = world(pii('online'));
    await first.rotated(v1, 'planned', { primary: kid });
    expect(await first.execute()).toBe('SUCCEEDED');
    const undeclared = world(pii());
    await undeclared.rotated(v1, 'emergency', { primary: kid, replaced: 'leaked' });
    expect(await undeclared.execute()).toBe('SUCCEEDED');
    for (const around of [first, undeclared]) {
      expect(tasksOf(around)).not.toContain('reencrypt');
      expect(await around.controlTable.getReencryption(name)).toBeUndefined();
    }
  });

  test('that cannot be started stop no rotation: they are on record, and the cadence starts them', async () => {
    const around = world(pii('online'));
    await around.rotated(v1, 'emergency', { primary: kid, replaced: 'leaked' });
    around.doors.stepFunctions.startExecution = async () => {
      throw new Error('throttled');
    };
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(await stateOf(around)).toBe('finished');
    expect((await around.controlTable.getReencryption(name))?.state).toBe('due');
  });
});

describe('maintenance mode', () => {
  test('hands over before the key is activated, and stays running so that nothing else rotates', async () => {
    const around = world(pii('maintenance'));
    await around.rotated(v1, 'planned', { primary: 'old', publishedKid: kid });
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(tasksOf(around)).toEqual(['begin', 'settled', 'maintain']);
    expect(await stateOf(around)).toBe('running');
    expect(around.secrets.rotations).toEqual([]);
    expect(await around.controlTable.getReencryption(name)).toEqual(
      record({ state: 'due', dueSince: at }),
    );
    // The cadence takes it for one that died, and starts it again: nothing changes.
    expect(await around.execute({ takeOver: executionArn(v1) }, 'restarted')).toBe('SUCCEEDED');
    expect(around.secrets.rotations).toEqual([]);
    expect(around.doors.stepFunctions.started).toHaveLength(1);
  });

  test('goes on when every row is proven to be under the key, and lets consumers start', async () => {
    const around = world(pii('maintenance'));
    await around.rotated(v1, 'planned', { primary: 'old', publishedKid: kid });
    await around.execute();
    await around.controlTable.putConsumers(name, { stopped: true, by: 'on-call', at });
    await around.controlTable.updateReencryption(name, () => record({}));
    activating(around);
    expect(await around.execute({ takeOver: executionArn(v1) }, 'proven')).toBe('SUCCEEDED');
    expect(await stateOf(around)).toBe('finished');
    expect(await stateOf(around, token)).toBe('finished');
    expect(around.secrets.rotations).toHaveLength(1);
    expect(await around.controlTable.getReencryption(name)).toEqual(record({}));
    expect(await around.controlTable.getConsumers(name)).toMatchObject({ stopped: false });
  });

  test('has the hook start consumers once the key is active; one that never answers stops it there', async () => {
    const hook = 'https://hook.example.com/consumers';
    const around = world(pii('maintenance', hook));
    await around.rotated(v1, 'planned', { primary: 'old', publishedKid: kid });
    await around.controlTable.updateReencryption(name, () => record({}));
    const { asked, answers } = around.doors.consumersHook;
    answers.unshift(503);
    activating(around);
    expect(await around.execute()).toBe('SUCCEEDED');
    const request = { url: hook, event: 'start', secret: name, deployment: 'pharmacy/prod' };
    expect(asked).toEqual([1, 2].map(() => ({ ...request, execution: executionArn(v1) })));
    expect(await stateOf(around, token)).toBe('finished');

    const other = world(pii('maintenance', hook));
    await other.rotated(v1, 'planned', { primary: 'old', publishedKid: kid });
    await other.controlTable.updateReencryption(name, () => record({}));
    other.doors.consumersHook.answers.splice(0, 1, 'TimeoutError');
    activating(other);
    expect(await other.execute()).toBe('FAILED');
    expect(other.doors.consumersHook.asked).toHaveLength(9);
    const { reason } = (await other.controlTable.getAfterRotation(name, v1)) ?? {};
    expect(reason).toContain('was asked to start its consumers and answered TimeoutError');
  });

  test('activates nothing while something is left that nobody vouched for', async () => {
    const around = world(pii('maintenance'));
    await around.rotated(v1, 'planned', { primary: 'old', publishedKid: kid });
    await around.controlTable.updateReencryption(name, () => record({ state: 'unproven' }));
    expect(await around.execute()).toBe('SUCCEEDED');
    expect(around.secrets.rotations).toEqual([]);
    expect(around.doors.stepFunctions.started).toEqual([]);
  });
});
