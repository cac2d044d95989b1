/**
 * Before a key is taken back, or replaced because it leaked: the job that rewrites rows toward it is closed, in
 * the database, where every batch of it looks first. What it wrote stays readable, the keyset holds both keys;
 * the job that follows the promotion rewrites it.
 */
import type { Intent } from '../../domain/events/control-records.ts';
import type { Endpoint, PostgresDoor } from '../../doors/postgres/door.ts';
import { closeJob, hasLedger } from '../../doors/postgres/reencryption-job.ts';
import type { Rotation } from '../rotation/strategy.ts';
import { type CredentialCompanion, credentialOf } from './credential.ts';
import type { EncryptionValue } from './encryption-strategy.ts';

/** Planned and activate meet no job: the one is refused while it is under way, the other comes before it. */
const fences: ReadonlySet<Intent> = new Set<Intent>(['rollback', 'emergency']);

const login: CredentialCompanion = 'rows';

/**
 * When it returns, no batch of an earlier job is under way and none will be written. In an emergency a database
 * that cannot be asked is told and stops nothing: the machine closes the job before it opens the next one.
 * @throws CompanionError, DatabaseCredentialError, PostgresError, PostgresUnreachableError: of a rollback, which
 *   can wait
 */
export async function fenceJob(
  door: PostgresDoor,
  endpoint: Endpoint,
  rotation: Rotation<EncryptionValue>,
): Promise<void> {
  const { intent } = rotation;
  if (!fences.has(intent) || rotation.rows === undefined) {
    return;
  }
  try {
    const { secretName, job } = await rotation.rows();
    if (job === undefined) {
      // The record comes before everything: without one there never was a job, nor a login for it.
      return;
    }
    const credential = await credentialOf(rotation, login);
    const closed = await door.withSession(endpoint, credential, async (session) =>
      (await hasLedger(session)) ? closeJob(session, secretName, intent) : undefined,
    );
    if (closed !== undefined) {
      const { id, epoch, targetKid } = closed;
      rotation.evidence({ fact: 'reencryptionClosed', detail: { job: id, epoch, targetKid } });
    }
  } catch (error) {
    if (intent !== 'emergency') {
      throw error;
    }
    rotation.evidence({ fact: 'reencryptionNotClosed', detail: { code: codeOf(error) } });
  }
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code.slice(0, 100) : 'unknown';
}
