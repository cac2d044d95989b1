/** Invoking a function without Lambda's client, against a server that answers as Lambda does. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { functionsByRequest } from '../../doors/functions-by-request.ts';

interface Seen {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

let server: Server;
let seen: Seen[];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method: request.method, path: request.url, headers: request.headers, body });
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const client = {
  config: {
    region: async () => 'eu-west-1',
    credentials: async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a-secret-key' }),
    endpointProvider: () => ({ url: new URL('https://secretsmanager.eu-west-1.amazonaws.com') }),
  },
};
const invoke = (request: unknown, environment = { AWS_ENDPOINT_URL_LAMBDA: url() }) =>
  functionsByRequest({ client, environment }).invoke('rotates-jwt', request);

test('is one signed request of its own, whose answer is the function’s', async () => {
  answer = (response) => response.writeHead(200).end('{"outcome":"works"}');
  expect(await invoke({ operation: 'restoreLogin' })).toEqual({ outcome: 'works' });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({
    method: 'POST',
    path: '/2015-03-31/functions/rotates-jwt/invocations',
    body: '{"operation":"restoreLogin"}',
  });
  expect(seen[0]?.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/lambda\/aws4_request/,
  );
});

test('an error of the function is told by its name and message, and is not tried again', async () => {
  answer = (response) =>
    response
      .writeHead(200, { 'x-amz-function-error': 'Unhandled' })
      .end('{"errorType":"TlsError","errorMessage":"no trust"}');
  await expect(invoke({})).rejects.toMatchObject({
    code: 'ERR_ROTATION_FUNCTION_FAILED',
    errorType: 'TlsError',
    message: 'rotates-jwt failed with TlsError: no trust',
  });
  expect(seen).toHaveLength(1);
});

test('a refusal is AWS’s, by its code', async () => {
  answer = (response) =>
    response
      .writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException:http://internal' })
      .end('{"Message":"not authorized to perform: lambda:InvokeFunction"}');
  await expect(invoke({})).rejects.toMatchObject({ awsCode: 'AccessDeniedException' });
  expect(seen).toHaveLength(1);
});

test('no answer names the call and where it went', async () => {
  answer = (response) => void response.destroy();
  await expect(invoke({})).rejects.toMatchObject({
    message: expect.stringMatching(/Invoke.*127\.0\.0\.1/s),
  });
});
