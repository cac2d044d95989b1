/**
 * GitHub's secrets of Actions on this machine: HTTPS under an authority of its own, a real key pair, and the answers
 * docs.github.com describes. What was sealed is opened with the private key, as GitHub does.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import sodium from 'libsodium-wrappers';
import { makeCertificates } from '../sandbox/postgres/certificates.ts';

export interface Asked {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface GitHubStandIn {
  /** PEM. */
  ca: string;
  api: string;
  token: string;
  asked: Asked[];
  /** By path below `/repos/`, without the name of the key: what was opened of it. */
  secrets: Map<string, { value: string; updatedAt: string }>;
  /** Of the next answers to requests of this method; after them it does what it is for. */
  next: { method: string; status: number; headers?: Record<string, string>; body?: string }[];
  /** Does a write show in updated_at? */
  shows: boolean;
  stop(): Promise<void>;
}

export async function startGitHub(): Promise<GitHubStandIn> {
  await sodium.ready;
  const keys = sodium.crypto_box_keypair();
  const { ca, certificate, privateKey } = await makeCertificates(['localhost']);
  const server = createServer({ key: privateKey, cert: certificate });
  let second = 0;
  const standIn: GitHubStandIn = {
    ca,
    api: '',
    token: 'github_pat_11AAAAAAA0canaryTOKEN',
    asked: [],
    secrets: new Map(),
    next: [],
    shows: true,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
  const open = (sealed: string): string =>
    Buffer.from(
      sodium.crypto_box_seal_open(Buffer.from(sealed, 'base64'), keys.publicKey, keys.privateKey),
    ).toString('utf8');

  function answerOf({ method, url, headers, body }: Asked): [status: number, body?: object] {
    if (headers.authorization !== `Bearer ${standIn.token}`) {
      return [401, { message: 'Bad credentials', seen: headers.authorization }];
    }
    const path = url.replace(/^\/repos\//, '');
    if (!path.startsWith('pharmacy/api/')) return [404, { message: 'Not Found' }];
    if (path.endsWith('/public-key')) {
      const key = Buffer.from(keys.publicKey).toString('base64');
      return [200, { key_id: '568250167242549743', key }];
    }
    const found = standIn.secrets.get(path);
    if (method === 'GET') {
      return found === undefined
        ? [404, { message: 'Not Found' }]
        : [200, { name: path.split('/').at(-1), updated_at: found.updatedAt }];
    }
    const { encrypted_value: sealed, key_id: keyId } = JSON.parse(body);
    if (keyId !== '568250167242549743') return [422, { message: 'Bad key_id' }];
    const updatedAt =
      found !== undefined && !standIn.shows
        ? found.updatedAt
        : `2026-05-17T17:00:${String(++second).padStart(2, '0')}Z`;
    standIn.secrets.set(path, { value: open(sealed), updatedAt });
    return found === undefined ? [201, {}] : [204];
  }

  server.on('request', async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    const asked = { method, url, headers, body };
    standIn.asked.push(asked);
    const index = standIn.next.findIndex((forced) => forced.method === method);
    if (index >= 0) {
      const [forced] = standIn.next.splice(index, 1);
      response.writeHead(forced?.status ?? 500, forced?.headers);
      // GitHub may repeat what it was sent.
      response.end(
        forced?.body ?? JSON.stringify({ message: `seen ${headers.authorization} ${body}` }),
      );
      return;
    }
    const [status, answer] = answerOf(asked);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(answer && JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  standIn.api = `https://localhost:${(server.address() as AddressInfo).port}`;
  return standIn;
}
