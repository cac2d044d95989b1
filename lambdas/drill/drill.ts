/**
 * Restores rows from escrow alone: the keys come from the copy, the rows from the database, and the
 * encryption secret in Secrets Manager is not asked for anything, as if it were gone.
 */
import * as z from 'zod';
import { KeyRing } from '../../domain/ciphertext/keys.ts';
import { type DrillAnswer, drillRequestSchema } from '../../domain/events/drill.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { KeyFormat } from '../../domain/secrets/encoding.ts';
import type { EscrowCopy } from '../../domain/secrets/escrow-copy.ts';
import { acceptedKeys, disabledKids, type Keyset } from '../../domain/secrets/keyset.ts';
import { algorithmFor } from '../../domain/secrets/keyset-material.ts';
import { parseSecretValue } from '../../domain/secrets/secret-value.ts';
import type { Clock } from '../../doors/clock.ts';
import type { DeclaredColumn } from '../../doors/declared-columns.ts';
import type { EscrowReader, StoredCopy } from '../../doors/escrow.ts';
import type { Credential, Endpoint, PostgresDoor } from '../../doors/postgres/door.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import {
  DrillCredentialError,
  ForeignCopyError,
  InvalidDrillRequestError,
  NoEscrowCopyError,
  NotAKeysetError,
} from './errors.ts';
import { type Restored, restoreColumns } from './restore.ts';

export interface DrillDoors {
  escrow: EscrowReader;
  secretsManager: Pick<SecretsManagerDoor, 'getCurrentValue'>;
  postgres: PostgresDoor;
  clock: Clock;
}

export interface DrillSettings extends KeyFormat {
  secretName: string;
  /** Name of the flat field, e.g. `ENCRYPTION_KEY`. */
  field: string;
  columns: readonly DeclaredColumn[];
  databaseSecretArn: string;
  endpoint: Endpoint;
}

/** @throws DrillError, EscrowError, InvalidSecretValueError, and the errors of the PostgreSQL door */
export async function drill(
  doors: DrillDoors,
  settings: DrillSettings,
  event: unknown,
): Promise<DrillAnswer> {
  const request = readAs(drillRequestSchema, event ?? {});
  if (!request.success) {
    throw new InvalidDrillRequestError(request.error.issues[0]?.path.join('.') ?? '');
  }
  const { versionId, rowsPerColumn } = request.data;
  const { stored, copy, keyset, copies } = await chosen(doors.escrow, settings, versionId);
  const credential = await credentialOf(doors, settings);
  const restored = await doors.postgres.withSession(settings.endpoint, credential, (session) =>
    restoreColumns(
      session,
      settings.columns,
      new KeyRing(acceptedKeys(keyset, doors.clock.now()), disabledKids(keyset)),
      rowsPerColumn,
    ),
  );
  return {
    version: 1,
    secretName: settings.secretName,
    copy: {
      versionId: stored.versionId,
      createdAt: copy.createdAt,
      storedAt: stored.storedAt.toISOString(),
      bytes: copy.bytes,
      copies,
    },
    keys: keyset.keys.map(({ kid, state }) => ({ kid, state })),
    ...restored,
    outcome: outcomeOf(restored),
  };
}

interface ReadCopy {
  stored: StoredCopy;
  copy: Awaited<ReturnType<EscrowReader['read']>>;
  keyset: Keyset;
}

/** The copy of that version; of no version in particular, the newest. */
async function chosen(
  escrow: EscrowReader,
  settings: DrillSettings,
  versionId: string | undefined,
): Promise<ReadCopy & { copies: number }> {
  const all = await escrow.list();
  const copies = new Set(all.map((copy) => copy.versionId)).size;
  const wanted = all.find((copy) => versionId === undefined || copy.versionId === versionId);
  if (wanted === undefined) {
    throw new NoEscrowCopyError(settings.secretName, versionId, copies);
  }
  const rivals =
    versionId === undefined
      ? all.filter(({ storedAt }) => storedAt.getTime() === wanted.storedAt.getTime())
      : [wanted];
  const read = await Promise.all(
    rivals.map(async (stored) => {
      const copy = await escrow.read(stored);
      return { stored, copy, keyset: keysetIn(copy, stored, settings) };
    }),
  );
  return { ...newestOf(read), copies };
}

/** S3 tells times by the second. Of copies of one second, the one that no other was made from is the newest. */
function newestOf(read: readonly ReadCopy[]): ReadCopy {
  const bases = new Set(read.map(({ keyset }) => keyset.basedOn));
  const last = read.filter(({ stored }) => !bases.has(stored.versionId));
  return (last.length > 0 ? last : read).reduce((newest, other) =>
    other.copy.createdAt > newest.copy.createdAt ? other : newest,
  );
}

function keysetIn(copy: EscrowCopy, stored: StoredCopy, settings: DrillSettings): Keyset {
  const found = `version ${copy.versionId} of ${copy.secretName}`;
  const expected = `version ${stored.versionId} of ${settings.secretName}`;
  if (found !== expected) {
    throw new ForeignCopyError(found, expected);
  }
  const alg = algorithmFor('encryption', settings);
  const value = parseSecretValue(copy.secretString, { ...settings, alg });
  if (value.shape !== 'keyset') {
    throw new NotAKeysetError(stored.versionId);
  }
  return value.keyset;
}

const credentialSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

async function credentialOf(
  { secretsManager }: DrillDoors,
  { databaseSecretArn }: DrillSettings,
): Promise<Credential> {
  const text = await secretsManager.getCurrentValue(databaseSecretArn);
  try {
    return credentialSchema.parse(JSON.parse(text ?? ''));
  } catch {
    // JSON.parse quotes its input in its message.
    throw new DrillCredentialError();
  }
}

function outcomeOf({ columns, kidsMissing }: Restored): DrillAnswer['outcome'] {
  const isWhole = columns.every(
    ({ problem, sampled, opened }) => problem === undefined && opened === sampled,
  );
  if (kidsMissing.length > 0 || !isWhole) {
    return 'failed';
  }
  return columns.some(({ opened }) => opened > 0) ? 'restored' : 'nothingSealed';
}
