/** An emergency does not wait for a rotation that is stuck, and events may be lost or come twice. */
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { afterRotationMachineName, pinLabel } from '../../domain/config/names.ts';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import { doctoring } from './doctoring.ts';
import { credentialIn, eyes } from './eyes.ts';
import { steps, World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.withValues(['jwt', 'db']);
}, 60_000);
afterAll(() => world?.stop());

/** A step whose version is not kept, and one whose is; with PROOF=full each step of both. */
const stuckAt = { jwt: ['createSecret'], db: ['finishSecret'] } as const;

describe.each(['jwt', 'db'] as const)('an emergency of %s', (key) => {
  test.each(process.env.PROOF === 'full' ? steps : stuckAt[key])(
    'goes through while a rotation is stuck at %s',
    async (step) => {
      const before = await world.holder(key, 'AWSCURRENT');
      const stuck = await world.newToken();
      const match = { ClientRequestToken: stuck };
      const fault = world.fault(key, step, 'before', { match, times: 6 });
      await world.begin(key, 'planned', { token: stuck });
      expect(fault.fired()).toBe(1);
      expect(await world.holder(key, 'AWSPENDING')).toBe(stuck);

      const token = await world.newToken();
      const cleared = await world.preempt(key, token);
      // Once the target may accept the value it is kept; an empty version is not.
      const isLive =
        key === 'jwt' ? step !== 'createSecret' : ['testSecret', 'finishSecret'].includes(step);
      expect(cleared).toEqual({ preempted: stuck, pinned: isLive, stoppedAfterRotation: false });
      expect(await world.holder(key, 'AWSPENDING')).toBeUndefined();
      expect((await world.holder(key, pinLabel)) === stuck).toBe(isLive);
      expect(await world.holder(key, 'AWSCURRENT')).toBe(before);

      await world.rotate(key, 'emergency', { token });
      expect(await world.holder(key, 'AWSCURRENT')).toBe(token);
      expect(await world.afterRotation(key)).toBe('finished');
      // The service tries the stuck one no more.
      expect(fault.fired()).toBe(1);
      await (await eyes[key](world))();
      await expectShutOut(key, before ?? '', stuck);
      fault.remove();
      await world.later(61_000);
    },
  );
});

/** Neither what leaked nor what was left half-way is good for anything. */
async function expectShutOut(key: 'jwt' | 'db', leaked: string, stuck: string): Promise<void> {
  const { application } = world.stage;
  const values = await Promise.all([leaked, stuck].map((version) => world.valueOf(key, version)));
  if (key === 'db') {
    for (const value of values.filter((value) => value !== undefined)) {
      expect(await application.isRefused(credentialIn(value))).toBe(true);
    }
    return;
  }
  const { keys } = await application.keyset('jwt');
  const primary = primaryOf(await application.keyset('jwt')).kid;
  const known = values
    .flatMap((value) => JSON.parse(value ?? '{}').keyset?.keys ?? [])
    .map(({ kid }: { kid: string }) => kid);
  expect(known.length).toBeGreaterThan(0);
  for (const kid of known) {
    expect(kid).not.toBe(primary);
    expect(keys.find((entry) => entry.kid === kid)?.state).toBe('revoked');
  }
}

describe('the event of a promotion', () => {
  const promoted = { labelUpdated: 'AWSCURRENT' };

  test('is lost, and the cadence starts the AfterRotation', async () => {
    const look = await eyes.jwt(world);
    await world.later();
    world.stage.sandbox.dropNextEvent('Secret Label Updated', promoted);
    const token = await world.rotate('jwt');
    expect(await world.afterRotation('jwt', token)).toBe('due');
    expect(await executionsOf(token)).toEqual([]);

    const { clock } = world.stage.sandbox;
    await clock.advanceTo(new Date(clock.now().getTime() + 3_600_000), 'last');
    await world.settle();
    expect(await executionsOf(token)).toEqual(['SUCCEEDED']);
    expect(await world.afterRotation('jwt', token)).toBe('finished');
    expect(await world.holder('jwt', 'AWSPREVIOUS')).toBe(token);
    await look();
  });

  test('comes twice, and there is one execution', async () => {
    await world.later();
    const before = starts().length;
    world.stage.sandbox.duplicateNextEvent('Secret Label Updated', promoted);
    const token = await world.rotate('db');
    expect(await executionsOf(token)).toEqual(['SUCCEEDED']);
    // The second one is answered with the first execution, or that its name is taken.
    expect(starts().slice(before)).toEqual([token, token]);
    expect(await world.afterRotation('db')).toBe('finished');
  });

  const starts = () =>
    world.stage.sandbox
      .requests()
      .filter(({ operation }) => operation === 'StartExecution')
      .map(({ input }) => (input as { name: string }).name);

  async function executionsOf(version: string): Promise<string[]> {
    const { sandbox, operator } = world.stage;
    const credentials = sandbox.createPrincipal('auditor', {
      policies: [
        { Statement: [{ Effect: 'Allow', Action: 'states:ListExecutions', Resource: '*' }] },
      ],
    });
    const machine = afterRotationMachineName(operator.manifest);
    const { executions } = await new SFNClient(world.accessOf(credentials)).send(
      new ListExecutionsCommand({
        stateMachineArn: `arn:aws:states:${sandbox.region}:${sandbox.account}:stateMachine:${machine}`,
      }),
    );
    return (executions ?? [])
      .filter(({ name }) => name?.startsWith(version))
      .map(({ status }) => String(status));
  }
});

doctoring(() => world);
