import { expect } from '@jest/globals';
import { parseEscrowDocument } from '../../domain/secrets/escrow-copy.ts';
import type { DeclaredColumn } from '../../doors/declared-columns.ts';
import { EncryptionStrategy } from '../../lambdas/encryption/encryption-strategy.ts';
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import type { RotationStrategy } from '../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { type InMemoryEscrow, inMemoryEscrow } from '../doors/in-memory-escrow.ts';
import type { Faults } from '../in-process/faults.ts';
import { RotationWorld } from '../in-process/rotation-world.ts';
import type { Pharmacy } from '../lambdas/database/pharmacy.ts';
import { faultyPostgres } from './faulty-postgres.ts';
import type { MatrixRoom, Scenario } from './rooms.ts';

interface Entry {
  kid: string;
  state: string;
  k?: string;
}

async function keysOf(world: RotationWorld<unknown>): Promise<Entry[]> {
  const text = await world.text();
  return text?.includes('keyset') ? JSON.parse(text).keyset.keys : [];
}

/** The states the keys of a value pass through, by scenario: `[before…] → [after…]`, newest first. */
const expected: Record<'jwt' | 'encryption', Record<Scenario, readonly string[]>> = {
  jwt: {
    firstValue: ['primary'],
    planned: ['published', 'primary'],
    activate: ['primary', 'verifyOnly'],
    rollback: ['verifyOnly', 'primary'],
    emergency: ['primary', 'revoked', 'revoked'],
  },
  encryption: {
    firstValue: ['primary'],
    planned: ['published', 'primary'],
    activate: ['primary', 'decryptOnly'],
    rollback: ['decryptOnly', 'primary'],
    emergency: ['primary', 'decryptOnly', 'decryptOnly'],
  },
};

export function keysetRoom(
  kind: 'jwt' | 'encryption',
  strategy: (wiring: { faults: Faults }) => RotationStrategy<unknown>,
  companions?: Readonly<Record<string, string>>,
  shortScenarios?: readonly Scenario[],
): MatrixRoom {
  const escrows = new WeakMap<RotationWorld<unknown>, InMemoryEscrow>();
  return {
    name: kind,
    shortShare: 2,
    ...(shortScenarios && { shortScenarios }),
    scenarios: ['firstValue', 'planned', 'activate', 'rollback', 'emergency'],
    async start() {
      const escrow = kind === 'encryption' ? inMemoryEscrow() : undefined;
      const world = await RotationWorld.start<unknown>({
        control: inMemoryControlTable(),
        ...(escrow && { escrow }),
        ...(companions && { companions }),
        room: (wiring) => ({ strategy: strategy(wiring), companions: wiring.companions }),
      });
      if (escrow !== undefined) {
        escrows.set(world, escrow);
      }
      return world;
    },
    async prepare(world, scenario) {
      if (scenario === 'firstValue') {
        return;
      }
      await world.rotate();
      await world.finishAfterRotation();
      if (scenario === 'planned') {
        return;
      }
      await world.rotate();
      if (scenario === 'rollback') {
        await world.activate();
      }
    },
    observe: keysOf,
    async verify(world, scenario, before) {
      const after = await keysOf(world);
      await verifyEscrow(world, escrows.get(world));
      expect(after.map(({ state }) => state).sort()).toEqual([...expected[kind][scenario]].sort());
      for (const { kid, k } of before as Entry[]) {
        const kept = after.find((entry) => entry.kid === kid);
        // Whatever a token or a row may need is still there, byte for byte; only jwt revokes.
        expect(kept?.k).toBe(kept?.state === 'revoked' ? undefined : k);
      }
    },
  };
}

/** What is in use is in escrow, byte for byte, and the proof says so. */
async function verifyEscrow(world: RotationWorld<unknown>, escrow: InMemoryEscrow | undefined) {
  if (escrow === undefined) {
    return;
  }
  const versionId = (await world.labels()).AWSCURRENT ?? '';
  const document = escrow.documents.get(versionId) ?? '';
  expect(parseEscrowDocument(document).secretString).toBe(await world.text());
  const record = await world.control.getRotation(world.secretName, versionId);
  const bytes = Buffer.byteLength(document);
  expect(record?.evidence.filter(({ fact }) => fact === 'escrowed')).toEqual([
    { fact: 'escrowed', detail: { versionId, bytes } },
  ]);
}

export const jwtRoom = keysetRoom(
  'jwt',
  () =>
    new JwtStrategy({
      field: 'JWT_SECRET',
      bits: 512,
      encoding: 'base64',
      acceptForSeconds: 30 * 86_400,
    }) as RotationStrategy<unknown>,
);

/** The declared columns are checked on a real server, with a fault at each statement as well. */
export function encryptionRoom(pharmacy: Pharmacy): MatrixRoom {
  const columns: DeclaredColumn[] = [
    { id: 'notes.body', table: 'public.notes', column: 'body', format: 'qt1', profile: 'column' },
  ];
  return keysetRoom(
    'encryption',
    ({ faults }) =>
      new EncryptionStrategy(
        { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' },
        { columns, door: faultyPostgres(faults), endpoint: pharmacy.at() },
      ) as RotationStrategy<unknown>,
    {
      database: JSON.stringify({ username: 'pharmacy_app', password: pharmacy.identityPassword }),
    },
    // Only createSecret differs from the jwt room: by the statements of its preflight.
    ['firstValue', 'planned'],
  );
}
