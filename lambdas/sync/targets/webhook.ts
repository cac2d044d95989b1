/**
 * A webhook that is handed the value, at least once, signed. One that wants to prove that it has it answers with
 * `{ "fingerprint": "<hex of HMAC-SHA256 of the value under the signing key>" }`.
 */
import { createHash, createHmac } from 'node:crypto';
import { signingKey } from '../../../doors/webhook.ts';
import { readCredential } from '../credential.ts';
import type { SyncTargetOf } from '../environment.ts';
import { ReadBackError, WebhookRefusedError } from '../errors.ts';
import type { MakeCopy } from './copy.ts';
import { isSameText } from './same-text.ts';

/** Base64 of 24 to 64 bytes; how many there are is looked at where it is used. */
const key = /^(whsec_)?[A-Za-z0-9+/]{32,86}={0,2}$/;

export const copyToWebhook: MakeCopy<SyncTargetOf<'webhook'>> = async (
  doors,
  { target, text, versionId, deployment },
) => {
  const { url, secret, field, signingSecret } = target;
  const credential = await readCredential(doors, signingSecret, 'a signing key of webhooks', key);
  const at = doors.clock.now();
  const { status, body } = await doors.webhook.deliver({
    url,
    id: idOf(versionId, secret, field),
    at,
    key: credential,
    body: {
      type: 'quarterturn.sync',
      timestamp: at.toISOString(),
      data: { deployment, secret, ...(field && { field }), versionId, value: text },
    },
  });
  if (status < 200 || status > 299) throw new WebhookRefusedError(status);
  const fingerprint = fingerprintIn(body);
  if (fingerprint === undefined) return { wrote: true, readBack: 'none', status };
  const expected = createHmac('sha256', signingKey(credential, url)).update(text).digest('hex');
  if (!isSameText(fingerprint.toLowerCase(), expected)) {
    throw new ReadBackError('the fingerprint it answered is that of another value');
  }
  return { wrote: true, readBack: 'fingerprint', status };
};

/** The same for the same copy, however often it is sent: receivers tell a repetition by it. */
const idOf = (versionId: string, secret: string, field: string | undefined): string =>
  `sync_${createHash('sha256')
    .update(`${secret}\0${field ?? ''}\0${versionId}`)
    .digest('hex')
    .slice(0, 32)}`;

function fingerprintIn(body: string): string | undefined {
  try {
    const { fingerprint } = JSON.parse(body) as { fingerprint?: unknown };
    return typeof fingerprint === 'string' ? fingerprint : undefined;
  } catch {
    return undefined;
  }
}
