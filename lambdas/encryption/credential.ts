/** The logins of the encryption room: the application's, which reads the declared columns, and the engine's. */
import * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import type { Credential } from '../../doors/postgres/door.ts';
import type { CompanionName, Rotation } from '../rotation/strategy.ts';
import { DatabaseCredentialError } from './errors.ts';

export type CredentialCompanion = Extract<CompanionName, 'database' | 'rows'>;

const credentialSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** @throws CompanionError, DatabaseCredentialError */
export async function credentialOf(
  rotation: Pick<Rotation<unknown>, 'companion'>,
  name: CredentialCompanion,
): Promise<Credential> {
  const credential = readAs(credentialSchema, await rotation.companion(name));
  if (!credential.success) {
    throw new DatabaseCredentialError(name);
  }
  return credential.data;
}
