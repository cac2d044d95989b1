/**
 * The door to webhooks: one POST of JSON, signed by the scheme of standardwebhooks.com, and the status it is answered
 * with. Whoever has the key knows who sends it, and by `webhook-timestamp` and `webhook-id` that nobody sends it again.
 *
 * No redirect is followed: what was configured is what is called.
 */
import { createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { assertAllowedAddress, connectionReason, guardedLookup } from './guarded-lookup.ts';

export interface WebhookMessage {
  readonly url: string;
  /** The same for one message, however often it is sent: receivers tell a repetition by it. */
  readonly id: string;
  readonly at: Date;
  readonly body: object;
  /** Text of the signing secret. */
  readonly key: string;
}

export interface WebhookDoor {
  /**
   * @returns the status
   * @throws SigningKeyError, WebhookUnreachableError; neither holds anything of body or key
   */
  send(message: WebhookMessage): Promise<number>;
  /**
   * For receivers that answer with something: the status, and the beginning of what it says beside it.
   * @throws SigningKeyError, WebhookUnreachableError
   */
  deliver(message: WebhookMessage): Promise<WebhookAnswer>;
}

export interface WebhookAnswer {
  readonly status: number;
  /** 4 KB at most. */
  readonly body: string;
}

export class SigningKeyError extends Error {
  override readonly name = 'SigningKeyError';
  readonly code = 'ERR_ROTATION_SIGNING_KEY';
  constructor(host: string) {
    super(
      `The signing secret of the webhook at ${host} is not base64 of 24 to 64 bytes, with or without "whsec_" before it; expected that. Nothing was sent. Put such a value into it, and give the receiver the same.`,
    );
  }
}

export class WebhookUnreachableError extends Error {
  override readonly name = 'WebhookUnreachableError';
  readonly code = 'ERR_ROTATION_WEBHOOK_UNREACHABLE';
  constructor(host: string, reason: string) {
    super(
      `The webhook at ${host} did not answer (${reason}); expected a status within 10 s. Whether it was told is not known: it is told again under the same webhook-id. Look whether it is up, its certificate is one Node.js trusts, and its name leads to no private address.`,
    );
  }
}

export interface WebhookOptions {
  /** allowed: private addresses and this machine, by http, too; in a development environment. */
  readonly privateAddresses: 'refused' | 'allowed';
  /** PEM; absent: the authorities Node.js ships. */
  readonly ca?: string | undefined;
  /** @default 10 s */
  readonly timeoutMilliseconds?: number;
}

const tenSeconds = 10_000;
const answerBytes = 4_096;

export function webhook(options: WebhookOptions): WebhookDoor {
  async function deliver<Answer>(
    { url, id, at, body, key }: WebhookMessage,
    read: (answer: IncomingMessage) => Promise<Answer>,
  ): Promise<Answer> {
    const to = new URL(url);
    const secret = signingKey(key, url);
    const isPlain = to.protocol === 'http:' && options.privateAddresses === 'allowed';
    if (to.protocol !== 'https:' && !isPlain) {
      throw new WebhookUnreachableError(to.host, 'NOT_HTTPS');
    }
    const text = JSON.stringify(body);
    const timestamp = String(Math.floor(at.getTime() / 1000));
    const settings: RequestOptions = {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        'user-agent': 'quarterturn',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatureOf(secret, { id, timestamp, text }),
      },
      // A connection of its own, that nothing of the environment redirects and nobody uses again.
      agent: false,
      lookup: guardedLookup(options.privateAddresses),
      signal: AbortSignal.timeout(options.timeoutMilliseconds ?? tenSeconds),
      ...(!isPlain && { rejectUnauthorized: true, minVersion: 'TLSv1.2' }),
      ...(options.ca !== undefined && { ca: options.ca }),
    };
    try {
      assertAllowedAddress(to.hostname, options.privateAddresses);
      return await read(await answerTo(isPlain ? httpRequest : httpsRequest, to, settings, text));
    } catch (error) {
      // Not as a cause: errors of Node.js may hold the request.
      throw new WebhookUnreachableError(to.host, connectionReason(error));
    }
  }

  return {
    send: (message) =>
      deliver(message, async (answer) => {
        // What it says beside the status nobody reads.
        answer.destroy();
        return answer.statusCode ?? 0;
      }),
    deliver: (message) =>
      deliver(message, async (answer) => ({
        status: answer.statusCode ?? 0,
        body: await beginningOf(answer, answerBytes),
      })),
  };
}

function answerTo(
  send: typeof httpsRequest,
  url: URL,
  settings: RequestOptions,
  body: string,
): Promise<IncomingMessage> {
  return new Promise((found, failed) => {
    const sent = send(url, settings, found);
    sent.on('error', failed);
    sent.end(body);
  });
}

async function beginningOf(answer: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop closes the connection.
    if (length > most) break;
  }
  return Buffer.concat(chunks).subarray(0, most).toString('utf8');
}

/**
 * The bytes of a signing secret: base64 of 24 to 64, with or without `whsec_` before it.
 * @throws SigningKeyError
 */
export function signingKey(text: string, url: string): Buffer {
  const bytes = keyBytes(text);
  if (bytes === undefined) throw new SigningKeyError(new URL(url).host);
  return bytes;
}

/** "Symmetric: a random key between 24 bytes and 64 bytes … base64 encoded, prefixed with whsec_". */
function keyBytes(key: string): Buffer | undefined {
  const text = key.trim().replace(/^whsec_/, '');
  const bytes = Buffer.from(text, 'base64');
  const isBase64 = bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  return isBase64 && bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}

/** `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`. */
function signatureOf(
  key: Buffer,
  { id, timestamp, text }: { id: string; timestamp: string; text: string },
): string {
  const signed = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64');
  return `v1,${signed}`;
}
