/** What is sent as `Authorization: Bearer …`: the current value of a user-managed secret, or one member of it. */
import { uninitialisedMarker } from '../../domain/config/names.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { AskedConsumer } from './environment.ts';
import { BearerUnavailableError } from './errors.ts';

/** RFC 6750, 2.1: what a bearer token is made of; long enough for a JWT. */
const token = /^[A-Za-z0-9._~+/-]{16,4096}=*$/;
const expected = 'a token of 16 to 4096 letters, digits and -._~+/ on one line';

/** Read for every look: it may have been changed a minute ago. @throws BearerUnavailableError, AwsCallError */
export async function authorization(
  secretsManager: Pick<SecretsManagerDoor, 'getCurrentValue'>,
  bearer: AskedConsumer['bearer'],
): Promise<Readonly<Record<string, string>>> {
  if (bearer === undefined) return {};
  const value = await secretsManager.getCurrentValue(bearer.secretArn);
  if (value === undefined || value === uninitialisedMarker) {
    throw new BearerUnavailableError('has no value yet', expected);
  }
  const credential = bearer.field === undefined ? value.trim() : memberOf(value, bearer.field);
  if (!token.test(credential)) throw new BearerUnavailableError('holds no token', expected);
  return { authorization: `Bearer ${credential}` };
}

function memberOf(value: string, field: string): string {
  let found: unknown;
  try {
    found = (JSON.parse(value) as Record<string, unknown> | null)?.[field];
  } catch {
    // JSON.parse quotes what it was given.
  }
  if (typeof found !== 'string') {
    throw new BearerUnavailableError(
      `has no text in its member "${field}"`,
      `JSON with ${expected}`,
    );
  }
  return found;
}
