/** Whoever is sent a value answers with it: in status, headers, body, or by breaking off. No door repeats it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { consumersHook } from '../../doors/consumers-hook.ts';
import { gitHubSecrets } from '../../doors/github-secrets.ts';
import { httpProbe } from '../../doors/http-probe.ts';
import { kubernetesApi } from '../../doors/kubernetes-api.ts';
import { webhook } from '../../doors/webhook.ts';
import { makeCertificates } from '../../sandbox/postgres/certificates.ts';
import { settableClock } from '../doors/recorded.ts';
import { searchFor } from '../integration/forms.ts';
import { canary } from './rooms.ts';
import { shown } from './watched-room.ts';

const value = canary('an echo').toString('base64url');
const token = `k8s-aws-v1.${canary('a token', 90).toString('base64url')}`;
const signingKey = canary('a signing key').toString('base64');
const search = searchFor({ value, token, signingKey });

let server: Server;
let ca: string;
let otherCa: string;
let url: string;
/** What it does with what it was sent. */
let behaviour: keyof typeof behaviours;
let requests = 0;

const behaviours = {
  'refuses, and says it all': (sent: string) => ({ status: 400, body: sent }),
  'fails, and says it all': (sent: string) => ({ status: 500, body: sent }),
  'takes it, and says it all': (sent: string) => ({ status: 200, body: sent }),
  'answers as Kubernetes and GitHub do': (sent: string) => ({
    status: 422,
    body: JSON.stringify({
      message: `invalid: ${sent}`,
      reason: sent.replaceAll(/\W/g, '').slice(0, 40),
      errors: [sent],
    }),
  }),
  'quotes a part of it': (sent: string) => ({
    status: 403,
    body: JSON.stringify({ message: `not allowed: ${sent.slice(0, 60)}…`, reason: 'Forbidden' }),
  }),
  'answers with what is no JSON': () => ({ status: 200, body: `${value} is no JSON` }),
  'leads elsewhere': () => ({ status: 307, body: '', location: `https://localhost:1/?v=${value}` }),
  'breaks off': () => ({ status: 0, body: '' }),
} satisfies Record<string, (sent: string) => { status: number; body: string; location?: string }>;

beforeAll(async () => {
  const [own, other] = await Promise.all([
    makeCertificates(['localhost']),
    makeCertificates(['localhost']),
  ]);
  ({ ca } = own);
  otherCa = other.ca;
  server = createServer({ key: own.privateKey, cert: own.certificate });
  server.on('request', async (request, response) => {
    requests += 1;
    let body = '';
    for await (const chunk of request) body += chunk;
    const { authorization = '', 'x-api-key': apiKey = '' } = request.headers;
    const answer: { status: number; body: string; location?: string } = behaviours[behaviour](
      [authorization.replace('Bearer ', ''), apiKey, body].join(' ').trim(),
    );
    if (answer.status === 0) {
      request.socket.destroy();
      return;
    }
    // A reason phrase and a header of one line.
    response.writeHead(answer.status, `no ${value}`, {
      'x-echo': `${apiKey}`,
      ...(answer.location && { location: answer.location }),
    });
    response.end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

const clock = { ...settableClock('2026-05-17T17:00:00Z'), sleep: async () => undefined };

/** What each door is made to send; what it answers or throws is what is told. */
const doors: Readonly<Record<string, (authority: string) => Promise<unknown>>> = {
  'a webhook': (authority) =>
    webhook({ ca: authority, privateAddresses: 'allowed' }).send({
      url,
      id: 'a',
      at: clock.now(),
      key: signingKey,
      body: { data: { value } },
    }),
  'a vendor': (authority) =>
    httpProbe({ ca: authority, privateAddresses: 'allowed' }).send({
      method: 'POST',
      url,
      headers: { 'x-api-key': value },
      body: JSON.stringify({ value }),
      timeoutMilliseconds: 2_000,
    }),
  GitHub: (authority) =>
    gitHubSecrets({
      ca: authority,
      privateAddresses: 'allowed',
      box: { seal: async () => value },
    }).put({ api: url, repository: 'a/b', name: 'A' }, token, value),
  'a cluster': (authority) =>
    kubernetesApi(
      { name: 'c', endpoint: new URL(url), ca: authority },
      async () => token,
      clock,
    )({
      verb: 'patch',
      group: 'apps',
      version: 'v1',
      resource: 'deployments',
      namespace: 'n',
      name: 'd',
      patch: { spec: {} },
    }).then(() => 'answered'),
  'a hook of consumers': () =>
    consumersHook(fetch, 2_000).ask(`${url}/?key=${value}`, {
      event: 'stop',
      secret: 's',
      deployment: 'd',
      execution: 'e',
    }),
};

const cases = Object.keys(doors).flatMap((door) =>
  [...Object.keys(behaviours), 'has another certificate'].map((how) => [door, how] as const),
);

test.each(cases)('%s that %s is not repeated', async (door, how) => {
  behaviour = (how in behaviours ? how : 'refuses, and says it all') as keyof typeof behaviours;
  const before = requests;
  const authority = how in behaviours ? ca : otherCa;
  const told = await (doors[door] as (authority: string) => Promise<unknown>)(authority).then(
    (answer) => JSON.stringify(answer),
    (error: unknown) => shown(error),
  );
  expect(told.length).toBeGreaterThan(1);
  expect(search.in(told)).toEqual([]);
  // The hook's `fetch` trusts the authorities Node.js ships alone.
  const isAsked = how in behaviours && door !== 'a hook of consumers';
  expect(requests > before).toBe(isAsked);
});

test('regression: of a token that a cluster quotes in part, or as its reason, nothing is told', async () => {
  for (const how of ['quotes a part of it', 'answers as Kubernetes and GitHub do'] as const) {
    behaviour = how;
    const error: unknown = await doors['a cluster']?.(ca).catch((reason) => reason);
    expect(String(error)).toContain('its message is withheld');
    expect(search.in(shown(error))).toEqual([]);
  }
});
