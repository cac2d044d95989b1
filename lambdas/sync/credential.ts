import { uninitialisedMarker } from '../../domain/config/names.ts';
import type { SyncDoors } from './doors.ts';
import { CredentialMissingError } from './errors.ts';

/**
 * What lets us write somewhere, from the secret its owners keep it in. White space around it is left out: it is what a
 * pasted line brings along.
 * @throws CredentialMissingError
 */
export async function readCredential(
  { secretsManager }: Pick<SyncDoors, 'secretsManager'>,
  secretName: string,
  what: string,
  expected: RegExp,
): Promise<string> {
  const found = await secretsManager.getCurrentValue(secretName);
  if (found === undefined || found.replaceAll(/\s/g, '') === uninitialisedMarker) {
    throw new CredentialMissingError(secretName, 'has no value yet', what);
  }
  const text = found.trim();
  if (!expected.test(text)) {
    throw new CredentialMissingError(secretName, 'holds something else', `${what} alone`);
  }
  return text;
}
