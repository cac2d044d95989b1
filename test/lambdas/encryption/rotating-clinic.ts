/** An encryption secret whose rows follow its key: its function, its database, the engine that rewrites rows. */
import type { Evidence } from '../../../domain/events/control-records.ts';
import { scopeOf } from '../../../domain/policy/counted-scope.ts';
import { type KeyEntry, type Keyset, primaryOf } from '../../../domain/secrets/keyset.ts';
import { readKeyset } from '../../../domain/secrets/secret-value.ts';
import type { StoredCopy } from '../../../doors/escrow.ts';
import type { PostgresDoor } from '../../../doors/postgres/door.ts';
import { PostgresUnreachableError } from '../../../doors/postgres/errors.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { EncryptionStrategy } from '../../../lambdas/encryption/encryption-strategy.ts';
import type { Retention } from '../../../lambdas/encryption/leaving-keys.ts';
import { latestJob, openJob } from '../../../lambdas/reencryption/job.ts';
import type { RotationStrategy } from '../../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { inMemoryEscrow } from '../../doors/in-memory-escrow.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';
import { type Clinic, columnOf } from '../reencryption/clinic.ts';

export const column = columnOf('patients.ssn');
const day = 86_400_000;

export interface RotatingClinic {
  world: RotationWorld<unknown>;
  /** Set by a test: the engine's login finds no database. */
  unreachable: boolean;
  /** Declared stores; a test declares one more. */
  stores: string[];
  /** In escrow, oldest first; a person may remove some. */
  copies: StoredCopy[];
  keyset(label?: string): Promise<Keyset>;
  /** kid → state, newest first. */
  states(): Promise<Record<string, string>>;
  /** What the rotation of a version recorded, of these facts. */
  facts(versionId: string, ...names: string[]): Promise<Evidence[]>;
  /** A planned rotation and its activation. */
  turn(): Promise<{ published: string; activated: string }>;
  /** The rows followed: as the machine's verdict writes it down. */
  rowsFollowed(): Promise<void>;
  days(count: number): Promise<void>;
}

export async function rotatingClinic(
  clinic: Clinic,
  retentionDays: Retention = 60,
): Promise<RotatingClinic> {
  const copies: StoredCopy[] = [];
  const escrow = inMemoryEscrow();
  const door: PostgresDoor = {
    withSession: (endpoint, credential, work) =>
      made.unreachable && credential.username === clinic.worker.username
        ? Promise.reject(new PostgresUnreachableError('clinic', 'ECONNREFUSED'))
        : nodePostgres.withSession(endpoint, credential, work),
  };
  const stores: string[] = [];
  const declared = { columns: [column], endpoint: clinic.endpoint };
  const strategy = new EncryptionStrategy(
    { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' },
    { ...declared, door, rows: { retentionDays, stores } },
  );
  const world = await RotationWorld.start<unknown>({
    control: inMemoryControlTable(),
    escrow: {
      async store(copy) {
        const stored = await escrow.store(copy);
        if (!copies.some(({ versionId }) => versionId === copy.versionId)) {
          const { versionId } = copy;
          copies.push({ versionId, objectVersion: versionId, storedAt: inSeconds(world.clock) });
        }
        return stored;
      },
      list: async () => [...copies],
    },
    companions: {
      database: JSON.stringify(clinic.server.superuser),
      rows: JSON.stringify(clinic.worker),
    },
    room: ({ companions }) => ({
      strategy: strategy as RotationStrategy<unknown>,
      companions,
      rowsFollow: true,
      escrowDays: 365,
    }),
  });
  // Keys are made within a second, S3 lists copies by whole ones.
  await world.clock.advanceTo(new Date(world.clock.now().getTime() + 400));
  const made: RotatingClinic = {
    world,
    unreachable: false,
    stores,
    copies,
    keyset: async (label) => readKeyset((await world.text(label)) ?? '', 'ENCRYPTION_KEY'),
    async states() {
      const { keys } = await made.keyset();
      return Object.fromEntries(keys.map(({ kid, state }) => [kid, state]));
    },
    async facts(versionId, ...names) {
      const record = await world.control.getRotation(world.secretName, versionId);
      return (record?.evidence ?? []).filter(({ fact }) => names.includes(fact));
    },
    async turn() {
      const published = await world.rotate();
      await world.finishAfterRotation();
      const activated = await world.activate();
      return { published, activated };
    },
    async rowsFollowed() {
      await made.days(1);
      const keyset = await made.keyset();
      const targetKid = primaryOf(keyset).kid;
      const at = world.clock.now().toISOString();
      const secret = world.secretName;
      const { epoch } = await clinic.asWorker(async (session) => {
        const keysetVersion = 'v';
        await openJob(session, { secret, targetKid, keysetVersion, mode: 'online' });
        await session.query(
          `update quarterturn.job set state = 'verified', verified_at = $2
            where secret = $1 and state = 'active'`,
          [secret, at],
        );
        return (await latestJob(session, secret)) ?? { epoch: '' };
      });
      const versionId = (await world.labels()).AWSCURRENT ?? '';
      for (const { kid, state } of keyset.keys.filter(hasHandedOver)) {
        if (state === 'pruned') continue;
        const known = (await world.control.getZeroProofs(world.secretName)).get(kid);
        const firstProvenAt = known?.firstProvenAt ?? at;
        await world.control.putZeroProof(world.secretName, {
          kid,
          targetKid,
          epoch,
          firstProvenAt,
          lastProvenAt: at,
          scope: scopeOf({ ...declared, stores }),
        });
      }
      await world.control.updateReencryption(world.secretName, () => ({
        state: 'verified',
        mode: 'online',
        targetKid,
        versionId,
        epoch,
        findings: [],
        at,
        verifiedAt: at,
      }));
    },
    days: (count) => world.clock.advanceTo(new Date(world.clock.now().getTime() + count * day)),
  };
  return made;
}

const inSeconds = (clock: { now(): Date }) =>
  new Date(Math.floor(clock.now().getTime() / 1000) * 1000);

const hasHandedOver = ({ state }: KeyEntry) => state !== 'primary' && state !== 'published';

export { primaryOf };
