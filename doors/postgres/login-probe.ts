/** The login probe: the only thing that decides whether a credential works. */
import type { Credential, Endpoint, PostgresDoor } from './door.ts';
import { LoginRefusedError } from './errors.ts';

/**
 * One login, one query. `refused` only for SQLSTATE 28P01; NOLOGIN (28000), a full server (53300), TLS
 * and network errors say nothing about the password and are thrown.
 */
export async function probeLogin(
  door: PostgresDoor,
  endpoint: Endpoint,
  credential: Credential,
): Promise<'accepted' | 'refused'> {
  try {
    await door.withSession(endpoint, credential, (session) => session.query('select 1'));
    return 'accepted';
  } catch (error) {
    if (error instanceof LoginRefusedError) {
      return 'refused';
    }
    throw error;
  }
}
