/**
 * GitHub's signature of a delivery: `X-Hub-Signature-256: sha256=<hex of HMAC-SHA-256>` over the body's bytes as they
 * came, under the secret entered with the webhook (docs.github.com, "Validating webhook deliveries"). The scheme has
 * no time in it, and X-GitHub-Delivery is not signed: what is recognised again is the body.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export function isSigned(body: Buffer, signature: string | undefined, secret: string): boolean {
  const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
  if (hex === undefined || secret === '') return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(Buffer.from(hex, 'hex'), expected);
}

/** The same for the same body, whatever its headers say: 32 hex characters. */
export const deliveryId = (body: Buffer): string =>
  createHash('sha256').update('quarterturn github\n').update(body).digest('hex').slice(0, 32);
