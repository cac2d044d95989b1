/**
 * The door to a consumer: one HTTP request, its status, and at most 64 KiB of what is answered.
 *
 * Never throws: that nobody answered is an answer about the consumer. Redirects are reported and never followed, and
 * what a name leads to is held against what is allowed at the moment of the connection, which goes to that very
 * address. Nothing of the environment (a proxy, an agent's kept connection) comes in between.
 */
import type { lookup } from 'node:dns';
import { request as plain } from 'node:http';
import { request as overTls, type RequestOptions } from 'node:https';
import { isLoopback, isPrivateHost } from '../domain/config/private-host.ts';
import {
  assertAllowedAddress,
  connectionReason,
  guardedLookup,
  type PrivateAddresses,
} from './guarded-lookup.ts';

export interface LookRequest {
  method: 'GET' | 'HEAD' | 'POST';
  /** https, or http to a private address. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** JSON. */
  body?: string | undefined;
  /** Absent: the status is enough. */
  readsBody?: boolean;
  /** From the lookup to the last byte. */
  timeoutMilliseconds: number;
}

export type LookAnswer =
  | { readonly status: number; readonly body: string }
  /** More than 64 KiB. */
  | { readonly status: number; readonly tooLong: true }
  /** No answer: a code of Node.js, OpenSSL or `TIMEOUT`; `PRIVATE_ADDRESS`: it was not asked at all. */
  | { readonly unanswered: string };

export interface HttpLookDoor {
  ask(request: LookRequest): Promise<LookAnswer>;
}

export interface HttpLookOptions {
  /** PEM; absent: the authorities Node.js ships. */
  ca?: string | undefined;
  privateAddresses: PrivateAddresses;
  /** This machine, where private addresses are allowed: for "dev". In Lambda the runtime's own API listens there. */
  loopback: 'refused' | 'allowed';
  resolve?: typeof lookup;
}

const mostBytes = 64 * 1024;

export function httpLook({ ca, privateAddresses, loopback, resolve }: HttpLookOptions) {
  const isAllowed = (isEncrypted: boolean) => (address: string) => {
    if (!isPrivateHost(address) && !isLoopback(address)) return isEncrypted;
    return privateAddresses === 'allowed' && (loopback === 'allowed' || !isLoopback(address));
  };
  return {
    async ask(asked) {
      const { method, url, headers, body, readsBody = false, timeoutMilliseconds } = asked;
      const { protocol, hostname } = new URL(url);
      const isEncrypted = protocol === 'https:';
      const allowed = isAllowed(isEncrypted);
      const signal = AbortSignal.timeout(timeoutMilliseconds);
      const settings: RequestOptions = {
        method,
        headers: {
          accept: 'application/json',
          'user-agent': 'quarterturn-health',
          ...headers,
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
        },
        agent: false,
        lookup: guardedLookup(allowed, resolve),
        signal,
        ...(isEncrypted && {
          rejectUnauthorized: true,
          minVersion: 'TLSv1.2' as const,
          ...(ca !== undefined && { ca }),
        }),
      };
      try {
        assertAllowedAddress(hostname, allowed);
        return await answerTo(isEncrypted ? overTls : plain, url, settings, body, readsBody);
      } catch (error) {
        return { unanswered: signal.aborted ? 'TIMEOUT' : connectionReason(error) };
      }
    },
  } satisfies HttpLookDoor;
}

function answerTo(
  send: typeof plain,
  url: string,
  settings: RequestOptions,
  body: string | undefined,
  readsBody: boolean,
) {
  return new Promise<LookAnswer>((found, failed) => {
    const sent = send(url, settings, (answer) => {
      const status = answer.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('error', failed);
      answer.on('end', () => found({ status, body: Buffer.concat(chunks).toString('utf8') }));
      if (!readsBody) {
        found({ status, body: '' });
        answer.destroy();
        return;
      }
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes <= mostBytes) return;
        found({ status, tooLong: true });
        answer.destroy();
      });
    });
    sent.on('error', failed);
    sent.end(body);
  });
}
