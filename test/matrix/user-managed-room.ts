import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect } from '@jest/globals';
import { type HttpProbeDoor, ProbeUnreachableError } from '../../doors/http-probe.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { UserManagedStrategy } from '../../lambdas/user-managed/user-managed-strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { inProcess } from '../in-process/request-handler.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import { probeOf } from '../lambdas/user-managed/vendor.ts';
import type { MatrixRoom, Scenario } from './rooms.ts';

const host = 'vendor.example.com';
/** What owners put, one after the other; the vendor accepts them all and nothing else. */
const keys: readonly [string, string, string] = [
  'key-of-a-vendor-1',
  'key-of-a-vendor-2',
  'key-of-a-vendor-3',
];

const vendor: HttpProbeDoor = {
  send: async ({ headers }) => (keys.includes(headers['x-api-key'] ?? '') ? 200 : 401),
};

async function put(world: RotationWorld<unknown>, secretString: string): Promise<void> {
  await new SecretsManagerClient(inProcess(world.service) as object).send(
    new PutSecretValueCommand({
      SecretId: world.companionArns.inbox,
      SecretString: secretString,
      ClientRequestToken: world.nextToken(),
    }),
  );
}

/** The value before, and the value after. */
const expected: Record<Exclude<Scenario, 'activate'>, readonly [string | undefined, string]> = {
  firstValue: [undefined, keys[0]],
  planned: [keys[0], keys[1]],
  rollback: [keys[1], keys[0]],
  emergency: [keys[1], keys[2]],
};

export const userManagedRoom: MatrixRoom = {
  name: 'user-managed',
  // Most of its calls are those of every room.
  shortShare: 4,
  shortScenarios: ['planned', 'rollback'],
  scenarios: ['firstValue', 'planned', 'rollback', 'emergency'],
  start: () =>
    RotationWorld.start<unknown>({
      control: inMemoryControlTable(),
      companions: { inbox: '{"quarterturn":"uninitialised"}' },
      room: ({ companions, faults }) => ({
        strategy: new UserManagedStrategy({
          probe: {
            settings: probeOf({ url: `https://${host}/v1/models` }),
            door: faults.around(
              'vendor',
              vendor,
              (_, what) => new ProbeUnreachableError(host, what),
            ),
            sleep: async () => undefined,
          },
          fingerprint: (credential) => `value:${keys.indexOf(credential)}`,
        }) as RotationStrategy<unknown>,
        companions: { inbox: companions.inbox ?? '' },
      }),
    }),
  async prepare(world, scenario) {
    await put(world, keys[0]);
    if (scenario === 'firstValue') {
      return;
    }
    await world.rotate();
    await world.finishAfterRotation();
    await put(world, keys[1]);
    if (scenario === 'planned') {
      return;
    }
    await world.rotate();
    await world.finishAfterRotation();
    if (scenario === 'emergency') {
      const current = (await world.labels()).AWSCURRENT ?? '';
      const { primary = '' } =
        (await world.control.getAfterRotation(world.secretName, current)) ?? {};
      const at = world.clock.now().toISOString();
      const leaked = { material: primary, at, recordedBy: 'test' };
      await world.control.putCompromised(world.secretName, leaked);
      await put(world, keys[2]);
    }
  },
  observe: (world) => world.text(),
  async verify(world, scenario) {
    if (scenario === 'activate') {
      return;
    }
    const [before, after] = expected[scenario];
    expect(await world.text()).toBe(after);
    if (before !== undefined) {
      expect(await world.text('AWSPREVIOUS')).toBe(before);
    }
    const versionId = (await world.labels()).AWSCURRENT ?? '';
    const record = await world.control.getRotation(world.secretName, versionId);
    const accepted = { fact: 'valueAccepted', detail: { host, status: 200 } };
    expect(record?.evidence).toContainEqual(accepted);
    expect(JSON.stringify([record, world.log, world.answers])).not.toContain('key-of-a-vendor');
  },
};
