import { expect } from '@jest/globals';
import type { Credential } from '../../doors/postgres/door.ts';
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import type { Pharmacy } from '../lambdas/database/pharmacy.ts';
import { faultyPostgres } from './faulty-postgres.ts';
import type { MatrixRoom } from './rooms.ts';

async function credentialOf(
  world: RotationWorld<unknown>,
  label: string,
): Promise<Credential | undefined> {
  const text = await world.text(label);
  return text?.includes('username') ? JSON.parse(text) : undefined;
}

export function databaseRoom(pharmacy: Pharmacy, scheme: 'multiUser' | 'singleUser'): MatrixRoom {
  const logsIn = async (credential: Credential): Promise<boolean> => {
    try {
      await pharmacy.sql('select 1', { ...credential });
      return true;
    } catch (error) {
      expect((error as { code: string }).code).toBe('ERR_ROTATION_LOGIN_REFUSED');
      return false;
    }
  };
  return {
    name: `database ${scheme}`,
    scenarios: ['planned', 'rollback', 'emergency'],
    repeatable: true,
    shortShare: 6,
    // A rollback sets and proves material as a planned rotation does, and an emergency shuts a role out
    // in the same way whichever scheme it is in.
    shortScenarios: scheme === 'multiUser' ? ['planned', 'emergency'] : ['planned'],
    start: () =>
      RotationWorld.start<unknown>({
        control: inMemoryControlTable(),
        companions: { admin: JSON.stringify(pharmacy.admin) },
        room: ({ faults, companions }) => ({
          strategy: new DatabaseStrategy({
            ...pharmacy[scheme],
            door: faultyPostgres(faults),
            sleep: async () => undefined,
          }) as RotationStrategy<unknown>,
          companions,
        }),
      }),
    async prepare(world) {
      // From the third rotation on no value names the identity: every later one passes the same calls.
      for (let rotation = 0; rotation < 4; rotation++) {
        await world.rotate();
        await world.finishAfterRotation();
      }
    },
    observe: (world) => credentialOf(world, 'AWSCURRENT'),
    async verify(world, scenario, before) {
      const current = await credentialOf(world, 'AWSCURRENT');
      expect(current && (await logsIn(current))).toBe(true);
      // multiUser never touches the role in use; singleUser has one password, the new one.
      expect(await logsIn(before as Credential)).toBe(scheme === 'multiUser');
      expect(current?.username === (before as Credential).username).toBe(scheme === 'singleUser');
      if (scenario === 'rollback') {
        expect(current?.password).not.toBe((before as Credential).password);
      }
    },
  };
}
