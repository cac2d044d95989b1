/** Sessions of the login that rewrites rows. Its secret rotates like any other and is read in every call. */
import * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import type { BulkSession } from '../../doors/postgres/bulk-session.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import { LoginRefusedError } from '../../doors/postgres/errors.ts';
import { transienceOf } from '../../doors/postgres/transient.ts';
import type { Tools } from './doors.ts';
import { DatabaseUnavailableError, RowsLoginError } from './tasks/errors.ts';

const credentialSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** @throws RowsLoginError, AwsCallError */
export async function rowsLogin({
  secretsManager,
  deployed,
}: Pick<Tools, 'secretsManager' | 'deployed'>): Promise<Credential> {
  const text = await secretsManager.getCurrentValue(deployed.rowsSecretArn);
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    // What JSON.parse throws quotes its input.
    throw new RowsLoginError();
  }
  const credential = readAs(credentialSchema, json);
  if (!credential.success) {
    throw new RowsLoginError();
  }
  return credential.data;
}

/** A margin for what follows the last statement: records, the answer. */
const margin = 5_000;
const shortest = 1_000;

/**
 * One session for one task. A statement may take as long as the call has left: planning and counting a large
 * table do.
 * @throws DatabaseUnavailableError for whatever passes by itself
 */
export async function withLedger<T>(
  tools: Tools,
  work: (session: BulkSession) => Promise<T>,
): Promise<T> {
  const { postgres, deployed, clock, deadline } = tools;
  const timeout = Math.max(shortest, deadline.getTime() - clock.now().getTime() - margin);
  const credential = await rowsLogin(tools);
  return passing(() => postgres.withBulkSession(deployed.endpoint, credential, timeout, work));
}

/** @throws DatabaseUnavailableError for whatever passes by itself */
export async function passing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Refused: the login is being rotated at this moment; the next call reads the new one.
    if (transienceOf(error) !== 'lasting' || error instanceof LoginRefusedError) {
      throw new DatabaseUnavailableError((error as Error).message);
    }
    throw error;
  }
}
