import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { type ConsumersHookRequest, consumersHook } from '../../doors/consumers-hook.ts';

const request: ConsumersHookRequest = {
  event: 'stop',
  secret: 'pharmacy/prod/pii',
  deployment: 'pharmacy/prod',
  execution: 'arn:aws:states:eu-west-1:000000000000:execution:m:1',
};
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serving(answer: (asked: IncomingMessage, response: ServerResponse) => void) {
  const asked: { line: string; type: string | undefined; body: string }[] = [];
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const { method, url, headers } = incoming;
    asked.push({ line: `${method} ${url}`, type: headers['content-type'], body });
    answer(incoming, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const stop = () =>
    new Promise((stopped) => {
      server.close(stopped);
      server.closeAllConnections();
    });
  stops.push(stop);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/consumers`, asked, stop };
}

test('posts what is asked as JSON, and answers with the status', async () => {
  const { url, asked } = await serving((_, response) => response.writeHead(204).end());
  expect(await consumersHook().ask(url, request)).toBe(204);
  expect(asked).toEqual([
    { line: 'POST /consumers', type: 'application/json', body: JSON.stringify(request) },
  ]);
});

test('follows no redirect', async () => {
  const { url, asked } = await serving((_, response) =>
    response.writeHead(307, { location: '/elsewhere' }).end(),
  );
  expect(await consumersHook().ask(url, request)).toBe(307);
  expect(asked.map(({ line }) => line)).toEqual(['POST /consumers']);
});

test('a hook that is silent, or not there, is told by the class of its error', async () => {
  const { url, stop } = await serving(() => undefined);
  expect(await consumersHook(fetch, 50).ask(url, request)).toBe('TimeoutError');
  await stop();
  expect(await consumersHook().ask(url, request)).toBe('ECONNREFUSED');
});

test('no message of what was called is handed on', async () => {
  const failing = () => Promise.reject(new TypeError('fetch failed: https://hook.example/secret'));
  expect(await consumersHook(failing).ask('https://hook.example', request)).toBe('TypeError');
});
