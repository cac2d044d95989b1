/** A vendor on this machine: HTTPS with a certificate of its own, and answers as the Anthropic API gives them. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ProbeConfig } from '../../../domain/config/inbox-schema.ts';
import { makeCertificates } from '../../../sandbox/postgres/certificates.ts';

export interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Vendor {
  /** PEM of the authority behind its certificate. */
  ca: string;
  url: string;
  /** Keys it accepts. */
  accepted: Set<string>;
  received: Received[];
  /** Statuses of the next answers, before it says what it thinks of the key; `silent`: none. */
  next: (number | 'silent')[];
  stop(): Promise<void>;
}

export async function startVendor(): Promise<Vendor> {
  const { ca, certificate, privateKey } = await makeCertificates(['localhost']);
  const server: Server = createServer({ key: privateKey, cert: certificate });
  const vendor: Vendor = {
    ca,
    url: '',
    accepted: new Set(),
    received: [],
    next: [],
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
  server.on('request', async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url, headers } = request;
    vendor.received.push({ method, url, headers, body });
    const forced = vendor.next.shift();
    if (forced === 'silent') return;
    const key = String(headers['x-api-key'] ?? '');
    const status = forced ?? (vendor.accepted.has(key) ? 200 : 401);
    response.writeHead(status, {
      'content-type': 'application/json',
      // Where a redirect would lead, and take the key along.
      ...(status >= 300 && status < 400 && { location: `${vendor.url}/elsewhere` }),
    });
    // A vendor may repeat what it was sent.
    response.end(JSON.stringify({ error: { message: `invalid x-api-key ${key}` } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  vendor.url = `https://localhost:${(server.address() as AddressInfo).port}/v1/models`;
  return vendor;
}

/** As docs/user-managed.md has it for the Anthropic API, at this address. */
export const probeOf = ({ url }: Pick<Vendor, 'url'>): ProbeConfig => ({
  method: 'GET',
  url,
  headers: { 'x-api-key': '{{value}}', 'anthropic-version': '2023-06-01' },
  expect: [200],
  timeoutSeconds: 5,
});
