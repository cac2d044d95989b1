import { expect } from '@jest/globals';
import { parseEscrowDocument } from '../../domain/secrets/escrow-copy.ts';
import type { DeclaredColumn } from '../../doors/declared-columns.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import { EncryptionStrategy } from '../../lambdas/encryption/encryption-strategy.ts';
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import { openJob } from '../../lambdas/reencryption/job.ts';
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

/** A re-encryption that is under way when a rotation takes its key back. */
interface RowsUnderWay {
  begin(world: RotationWorld<unknown>): Promise<void>;
  verify(world: RotationWorld<unknown>, scenario: Scenario): Promise<void>;
}

export function keysetRoom(
  kind: 'jwt' | 'encryption',
  strategy: (wiring: { faults: Faults }) => RotationStrategy<unknown>,
  more: {
    companions?: Readonly<Record<string, string>>;
    shortScenarios?: readonly Scenario[];
    rows?: RowsUnderWay;
  } = {},
): MatrixRoom {
  const { companions, shortScenarios, rows } = more;
  const escrows = new WeakMap<RotationWorld<unknown>, InMemoryEscrow>();
  return {
    name: kind,
    shortShare: 4,
    ...(shortScenarios && { shortScenarios }),
    scenarios: ['firstValue', 'planned', 'activate', 'rollback', 'emergency'],
    async start() {
      const escrow = kind === 'encryption' ? inMemoryEscrow() : undefined;
      const world = await RotationWorld.start<unknown>({
        control: inMemoryControlTable(),
        ...(escrow && { escrow }),
        ...(companions && { companions }),
        room: (wiring) => ({
          strategy: strategy(wiring),
          companions: wiring.companions,
          rowsFollow: rows !== undefined,
        }),
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
      if (scenario === 'rollback' || scenario === 'emergency') {
        await rows?.begin(world);
      }
    },
    observe: keysOf,
    async verify(world, scenario, before) {
      const after = await keysOf(world);
      await verifyEscrow(world, escrows.get(world));
      if (scenario === 'rollback' || scenario === 'emergency') {
        await rows?.verify(world, scenario);
      }
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

/** The declared columns are checked on a real server, and the job is closed there, with a fault at each statement. */
export function encryptionRoom(pharmacy: Pharmacy): MatrixRoom {
  const columns: DeclaredColumn[] = [
    { id: 'notes.body', table: 'public.notes', column: 'body', format: 'qt1', profile: 'column' },
  ];
  const credential = { username: 'pharmacy_app', password: pharmacy.identityPassword };
  return keysetRoom(
    'encryption',
    ({ faults }) =>
      new EncryptionStrategy(
        { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' },
        {
          columns,
          door: faultyPostgres(faults),
          endpoint: pharmacy.at(),
          rows: { retentionDays: 0, stores: [] },
        },
      ) as RotationStrategy<unknown>,
    {
      companions: { database: JSON.stringify(credential), rows: JSON.stringify(credential) },
      // The others differ from the jwt room by the job that is closed; all of them run with PROOF=full.
      shortScenarios: ['firstValue', 'planned'],
      rows: rowsUnderWay(pharmacy, credential),
    },
  );
}

function rowsUnderWay(pharmacy: Pharmacy, credential: Credential): RowsUnderWay {
  const active = `select count(*)::int as n from quarterturn.job where state = 'active'`;
  return {
    async begin(world) {
      const versionId = (await world.labels()).AWSCURRENT ?? '';
      const [{ kid = '' } = {}] = (await keysOf(world)).filter(({ state }) => state === 'primary');
      await world.control.updateReencryption(world.secretName, () => ({
        state: 'active',
        mode: 'online',
        targetKid: kid,
        versionId,
        findings: [],
        at: world.clock.now().toISOString(),
      }));
      await pharmacy.sql('truncate quarterturn.job cascade');
      await nodePostgres.withSession(pharmacy.at(), credential, (session) =>
        openJob(session, {
          secret: world.secretName,
          targetKid: kid,
          keysetVersion: versionId,
          mode: 'online',
        }),
      );
    },
    async verify(world, scenario) {
      const versionId = (await world.labels()).AWSCURRENT ?? '';
      const record = await world.control.getRotation(world.secretName, versionId);
      const facts = record?.evidence.map(({ fact }) => fact) ?? [];
      // Nothing was promoted over a job that goes on, unless it is an emergency and says so.
      const isTold = scenario === 'emergency' && facts.includes('reencryptionNotClosed');
      const [left] = await pharmacy.sql(active);
      expect(isTold || left?.n === 0).toBe(true);
    },
  };
}
