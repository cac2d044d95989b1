/** The token a rollout brings when it asks what this process holds; its value is a secret of its own. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { SecretCache } from '@quarterturn/client';

/** @throws SecretUnavailableError, StaleSecretError when the token cannot be had */
export async function bringsToken(
  authorization: string | undefined,
  token: SecretCache<string> | undefined,
): Promise<boolean> {
  if (token === undefined || authorization === undefined) return false;
  // A value put from a file ends with its line.
  const value = (await token.get()).value.trim();
  // Digests have one length, which is what a comparison in constant time needs.
  return value !== '' && timingSafeEqual(digestOf(authorization), digestOf(`Bearer ${value}`));
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
