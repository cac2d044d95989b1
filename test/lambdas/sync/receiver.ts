/** A webhook that checks signatures (standardwebhooks.com), and answers as it is told. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCertificates } from '../../../sandbox/postgres/certificates.ts';

export interface Received {
  id: string;
  body: { type: string; data: Record<string, string> };
}

export interface Receiver {
  /** PEM. */
  ca: string;
  url: string;
  /** Text of the secret both know. */
  signingSecret: string;
  received: Received[];
  /** Does it prove that it has the value? `wrong`: it has another one. */
  proves: 'yes' | 'no' | 'wrong';
  /** Statuses of the next answers. */
  next: number[];
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const { ca, certificate, privateKey } = await makeCertificates(['localhost']);
  const server = createServer({ key: privateKey, cert: certificate });
  const key = Buffer.alloc(32, 7);
  const receiver: Receiver = {
    ca,
    url: '',
    signingSecret: `whsec_${key.toString('base64')}`,
    received: [],
    proves: 'no',
    next: [],
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
  const hmac = (text: string) => createHmac('sha256', key).update(text);
  server.on('request', async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { headers } = request;
    const id = String(headers['webhook-id']);
    const signed = hmac(`${id}.${headers['webhook-timestamp']}.${text}`).digest('base64');
    if (headers['webhook-signature'] !== `v1,${signed}`) {
      response.writeHead(401).end();
      return;
    }
    const body = JSON.parse(text);
    receiver.received.push({ id, body });
    const value = receiver.proves === 'wrong' ? 'another' : body.data.value;
    const fingerprint = hmac(value).digest('hex');
    response.writeHead(receiver.next.shift() ?? 200);
    response.end(receiver.proves === 'no' ? text : JSON.stringify({ fingerprint }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `https://localhost:${(server.address() as AddressInfo).port}/secrets`;
  return receiver;
}
