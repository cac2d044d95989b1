/** Function URLs: who may call, what the function is handed, what comes back. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { CredentialStore } from '../../../sandbox/credentials.ts';
import { Faults } from '../../../sandbox/faults.ts';
import { Iam } from '../../../sandbox/iam/iam.ts';
import { functionUrlPath } from '../../../sandbox/lambda/function-url.ts';
import { LambdaService } from '../../../sandbox/lambda/service.ts';
import { LogsService } from '../../../sandbox/logs/service.ts';
import { RequestLog } from '../../../sandbox/request-log.ts';
import { LoopbackServer } from '../../../sandbox/server.ts';
import { ScriptedKeys } from '../scripted-ports.ts';

const place = { account: '000000000000', region: 'eu-west-1' };
const clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
const iam = new Iam({ ...place, clock });
const requests = new RequestLog();
const server: LoopbackServer = new LoopbackServer(
  (request) => lambda.urls.answer(request),
  async () => ({ status: 404, headers: {}, body: '' }),
);
const lambda: LambdaService = new LambdaService({
  ...{ ...place, clock, iam, requests },
  faults: new Faults(),
  logs: new LogsService({ ...place, clock, iam, keys: new ScriptedKeys() }),
  credentials: new CredentialStore(),
  endpoint: () => server.url,
});

const CODE = `exports.handler = async (event) => {
  if (event.body === 'throw') throw new Error('no');
  if (event.body === 'plain') return { answered: true };
  return { statusCode: 201, headers: { 'x-seen': event.rawPath }, body: JSON.stringify(event) };
};`;
const both = { 'lambda:FunctionUrlAuthType': 'NONE', 'lambda:InvokedViaFunctionUrl': 'true' };
const allow = (name: string, action: string) =>
  lambda.addPermission(name, {
    Sid: action.replace(':', ''),
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: action,
    Resource: lambda.find(name).arn,
    Condition:
      action === 'lambda:InvokeFunctionUrl'
        ? { StringEquals: { 'lambda:FunctionUrlAuthType': both['lambda:FunctionUrlAuthType'] } }
        : { Bool: { 'lambda:InvokedViaFunctionUrl': both['lambda:InvokedViaFunctionUrl'] } },
  });
const create = (name: string) => {
  lambda.createFunction({
    name,
    roleArn: 'arn:aws:iam::000000000000:role/fn',
    handler: 'index.handler',
    code: { inline: CODE },
    timeoutSeconds: 10,
    memorySize: 128,
    environment: {},
  });
  return lambda.urls.create(name).url;
};

beforeAll(async () => {
  iam.createRole('fn', {
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    ],
  });
  await server.listen(0);
});
afterAll(async () => {
  await server.close();
  await lambda.stop();
});

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

describe('a function URL', () => {
  let url: string;
  beforeAll(() => {
    url = create('open');
    allow('open', 'lambda:InvokeFunctionUrl');
    allow('open', 'lambda:InvokeFunction');
  });

  test('hands the request to the function, body as it came, and its answer back', async () => {
    const answer = await post(`${url}some/path?a=1`, '{"x": 1}', { 'X-Signature': 'abc' });
    expect([answer.status, answer.headers.get('x-seen')]).toEqual([201, '/some/path']);
    expect(await answer.json()).toMatchObject({
      version: '2.0',
      rawPath: '/some/path',
      rawQueryString: 'a=1',
      headers: { 'x-signature': 'abc' },
      requestContext: { http: { method: 'POST', path: '/some/path' } },
      body: '{"x": 1}',
      isBase64Encoded: false,
    });
  });

  test('hands bytes over in base64', async () => {
    const answer = await post(url, '\u0000bytes', { 'content-type': 'application/octet-stream' });
    expect(await answer.json()).toMatchObject({
      isBase64Encoded: true,
      body: Buffer.from('\u0000bytes').toString('base64'),
    });
  });

  test('answers 200 with what is no response, and 502 when the function throws', async () => {
    const plain = await post(url, 'plain');
    expect([plain.status, await plain.json()]).toEqual([200, { answered: true }]);
    expect((await post(url, 'throw')).status).toBe(502);
  });

  test('leaves nothing of what anybody sent in the record', async () => {
    await post(url, '{"secret":"hunter2"}');
    const record = requests.all().filter(({ operation }) => operation === 'InvokeFunctionUrl');
    expect(record.at(-1)).toMatchObject({ principal: 'anonymous', status: 201 });
    expect(JSON.stringify(record)).not.toContain('hunter2');
  });
});

test.each(['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'])(
  'a function whose policy lets everybody %s alone is forbidden',
  async (action) => {
    const name = `half-${action.length}`;
    const url = create(name);
    expect((await post(url, '{}')).status).toBe(403);
    allow(name, action);
    expect((await post(url, '{}')).status).toBe(403);
  },
);

test('an address that is nobody’s is forbidden, and a function has one', async () => {
  expect((await post(`${server.url}${functionUrlPath}${'0'.repeat(32)}/`, '{}')).status).toBe(403);
  expect(() => lambda.urls.create('open')).toThrow(/FunctionUrlConfig exists/);
});
