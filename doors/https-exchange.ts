/**
 * One HTTPS request to somebody outside, and the beginning of what is answered.
 *
 * Not `fetch`: it follows redirects, and takes neither authorities nor a lookup of its own.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import {
  assertAllowedAddress,
  connectionReason,
  guardedLookup,
  type PrivateAddresses,
} from './guarded-lookup.ts';

export interface HttpsRequest {
  method: 'GET' | 'POST' | 'PUT';
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
}

export interface HttpsAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** As much as was taken of it; whether there was more is `cut`. */
  body: string;
  cut: boolean;
}

export interface HttpsOptions {
  /** PEM; absent: the authorities Node.js ships. */
  ca?: string | undefined;
  privateAddresses: PrivateAddresses;
  /** From the first packet to the last byte. */
  timeoutMilliseconds: number;
  /** Bytes of an answer that are read. */
  answerBytes: number;
}

/** No status came back. Its text holds nothing of the request; `reason` is a code of Node.js, OpenSSL or ours. */
export class HttpsUnansweredError extends Error {
  override readonly name = 'HttpsUnansweredError';
  readonly code = 'ERR_ROTATION_HTTPS_UNANSWERED';
  readonly host: string;
  readonly reason: string;
  constructor(host: string, reason: string) {
    super(
      `${host} did not answer (${reason}); expected a status. Look whether it is up, and whether its certificate is one the function trusts.`,
    );
    this.host = host;
    this.reason = reason;
  }
}

/** @throws HttpsUnansweredError */
export async function exchange(
  { method, url, headers, body }: HttpsRequest,
  options: HttpsOptions,
): Promise<HttpsAnswer> {
  const { hostname, host } = new URL(url);
  const settings: RequestOptions = {
    method,
    headers: {
      ...headers,
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    },
    // A connection of its own, that nothing of the environment redirects and nobody uses again.
    agent: false,
    lookup: guardedLookup(options.privateAddresses),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(options.ca !== undefined && { ca: options.ca }),
    signal: AbortSignal.timeout(options.timeoutMilliseconds),
  };
  try {
    assertAllowedAddress(hostname, options.privateAddresses);
    return await answerOf(url, settings, body, options.answerBytes);
  } catch (error) {
    // Not as a cause: errors of Node.js may hold the request.
    throw new HttpsUnansweredError(host, connectionReason(error));
  }
}

function answerOf(url: string, settings: RequestOptions, body: string | undefined, bytes: number) {
  return new Promise<HttpsAnswer>((found, failed) => {
    const sent = request(url, settings, (answer) => {
      const { statusCode: status = 0, headers } = answer;
      const chunks: Buffer[] = [];
      let length = 0;
      const end = (cut: boolean) => {
        const text = Buffer.concat(chunks).subarray(0, bytes).toString('utf8');
        found({ status, headers, body: text, cut });
      };
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length <= bytes) return;
        end(true);
        answer.destroy();
      });
      answer.on('end', () => end(false));
      answer.on('error', failed);
    });
    sent.on('error', failed);
    sent.end(body);
  });
}
