/** One look at a consumer over HTTP, with the client library's own health handler at the other end. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { healthHandler } from '../../../client/health/http.ts';
import type { Expected, HealthAnswer } from '../../../domain/events/rollout.ts';
import { healthAnswerSchema } from '../../../domain/events/rollout.ts';
import { httpLook } from '../../../doors/http-look.ts';
import { type AskedConsumer, askedConsumerSchema } from '../../../lambdas/health/environment.ts';
import { type HealthTools, look } from '../../../lambdas/health/look.ts';

const v1 = '11111111-1111-4111-8111-111111111111';
const v2 = '22222222-2222-4222-8222-222222222222';
const [k1, k2] = ['a'.repeat(16), 'b'.repeat(16)];
const expected: Expected = {
  secretName: 'shop/prod/jwt',
  versionIds: [v2],
  key: { kid: k2, state: 'published' },
  role: null,
};
const bearer = 'probe-token-of-the-gate-0001';

/** The process that is asked. */
let held: { versionId: string; keys: { kid: string; state: string }[]; fails: string[] };
let routes: Record<string, RequestListener>;
let requests: IncomingMessage[];
let origin: string;
let log: { event: string; fields: object }[];
let value: string | undefined;
let now: number;

const check = (name: string, secret: string, more: object = {}) => ({
  cache: {
    name: secret,
    peek: () => ({ value: undefined, versionId: held.versionId, readAt: new Date(now) }) as never,
  },
  run: async () => {
    if (held.fails.includes(name)) throw new Error('password swordfish is wrong');
  },
  ...more,
});
const handler = () =>
  healthHandler(
    {
      tokens: check('tokens', expected.secretName, { keys: () => held.keys }),
      database: check('database', 'shop/prod/db', { role: () => 'shop_a' }),
    },
    { keepFor: 0, maySeeDetail: ({ headers }) => headers.authorization === `Bearer ${bearer}` },
  );

const server = createServer((request, response) => {
  requests.push(request);
  const route = routes[request.url ?? ''];
  if (route === undefined) response.writeHead(404).end();
  else route(request, response);
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});
beforeEach(() => {
  now = Date.parse('2026-05-17T17:00:00Z');
  held = {
    versionId: v2,
    keys: [
      { kid: k1, state: 'primary' },
      { kid: k2, state: 'published' },
    ],
    fails: [],
  };
  const serve = handler();
  routes = {
    '/health': (request, response) => void serve(request, response),
    '/ready': (_, response) => response.end('{"status":"up","depth":{"queue":0}}'),
  };
  requests = [];
  log = [];
  value = bearer;
});

const answers =
  (status: number, body: string, headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

function ask(settings: object = {}, question: unknown = { consumer: 'api', expected }, more = {}) {
  const consumer: AskedConsumer = askedConsumerSchema.parse({
    name: 'api',
    credentials: `${origin}/health`,
    bearer: { secretArn: 'arn:of:the:bearer' },
    probes: [],
    privateAddresses: 'allowed',
    ...settings,
  });
  const record = (event: string, fields: object) => void log.push({ event, fields });
  const tools: HealthTools = {
    consumers: [consumer],
    environment: 'dev',
    network: undefined,
    secretsManager: { getCurrentValue: async () => value },
    doorOf: ({ privateAddresses }) => httpLook({ privateAddresses, loopback: 'allowed' }),
    clock: { now: () => new Date(now) },
    log: { info: record, error: record },
    ...more,
  };
  return look(tools, question);
}
const foundOf = ({ looks }: HealthAnswer) => looks.map(({ ok, found }) => [ok, found]);

describe('the health answer of the client library', () => {
  test('shows whoever brings the bearer that the process holds the key: proven', async () => {
    const answer = await ask();
    expect(healthAnswerSchema.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ healthy: true, proof: 'held', onlyThisSecret: false });
    expect(foundOf(answer)).toEqual([
      [true, `200 and ok; holds version ${v2} or key ${k2} published`],
    ]);
  });

  test('with a version from before is not well yet, and says which', async () => {
    held = { ...held, versionId: v1, keys: [{ kid: k1, state: 'primary' }] };
    const answer = await ask();
    expect(answer).toMatchObject({ healthy: false, proof: 'answered', onlyThisSecret: true });
    expect(foundOf(answer)[0]).toEqual([
      false,
      `200 and ok; holds version ${v1}, expected version ${v2} or key ${k2} published`,
    ]);
  });

  test('with the key as it was, where it must be used, says how it has it', async () => {
    const use = { ...expected, versionIds: [v1], key: { kid: k2, state: 'primary' as const } };
    const answer = await ask({}, { consumer: 'api', expected: use });
    expect(answer.healthy).toBe(false);
    expect(answer.looks[0]?.found).toContain(
      `holds key ${k2} as published, expected version ${v1}`,
    );
  });

  test('that fails with what it held before is this secret’s doing', async () => {
    held = { versionId: v1, keys: [], fails: ['tokens'] };
    const answer = await ask();
    expect(answer).toMatchObject({ healthy: false, onlyThisSecret: true });
    expect(answer.looks[0]?.found).toMatch(
      /^503 and failing \(1 of 2 checks fail, one of this secret\)/,
    );
  });

  test('that fails elsewhere is not, whatever it holds', async () => {
    held = { ...held, fails: ['database'] };
    const answer = await ask();
    expect(answer).toMatchObject({ healthy: false, proof: 'held', onlyThisSecret: false });
    expect(answer.looks[0]?.found).toMatch(/^503 and failing \(1 of 2 checks fail\); holds/);
    expect(JSON.stringify(answer)).not.toContain('swordfish');
  });

  test.each([
    ['works', [], true, '200 and ok'],
    ['does not work', ['database'], false, '503 and failing (1 of 2 checks fail)'],
  ])('that does not name this secret proves nothing but that it %s', async (...row) => {
    const [, fails, healthy, found] = row;
    held = { versionId: v1, keys: [], fails };
    const other = { ...expected, secretName: 'shop/prod/other' };
    const answer = await ask({}, { consumer: 'api', expected: other });
    expect(answer).toMatchObject({ healthy, proof: 'answered', onlyThisSecret: false });
    expect(answer.looks[0]?.found).toContain(`${found}; says nothing of this secret`);
  });

  test('without the bearer is the status alone: it works, and nothing is proven', async () => {
    held = { ...held, versionId: v1 };
    const answer = await ask({ bearer: undefined });
    expect(answer).toMatchObject({ healthy: true, proof: 'answered', onlyThisSecret: false });
    expect(answer.looks[0]?.found).toBe(
      '200 and ok; shows the status alone: not proven that it holds the new value',
    );
  });

  test.each([
    [
      'a page',
      answers(200, '<html>Sign in</html>'),
      '200, no JSON; expected 200 and a health report',
    ],
    [
      'other JSON',
      answers(200, '{"up":true}'),
      '200, other JSON; expected 200 and a health report',
    ],
    ['nothing', answers(204, ''), '204, no JSON; expected 200 and a health report'],
    [
      'a redirect',
      answers(301, '', { location: '/ready' }),
      '301, which is not followed, no JSON; expected 200 and a health report',
    ],
    [
      '100 KB',
      answers(200, `"${'x'.repeat(100_000)}"`),
      '200, more than 64 KiB; expected 200 and a health report',
    ],
    [
      'ok with another status',
      answers(202, '{"status":"ok"}'),
      '202 and ok; shows the status alone: not proven that it holds the new value',
    ],
  ])('%s in its place is not well', async (_what, route, found) => {
    routes['/health'] = route;
    const answer = await ask();
    expect(answer).toMatchObject({ healthy: false, onlyThisSecret: false });
    expect(answer.looks[0]?.found).toBe(found);
  });

  test('that names a version of its own making is not repeated', async () => {
    const checks = { a: { status: 'ok', secret: expected.secretName, versionId: 'swordfish' } };
    routes['/health'] = answers(200, JSON.stringify({ status: 'ok', checks, extra: { a: 1 } }));
    expect((await ask()).looks[0]?.found).toContain('holds another version, expected version');
  });

  test.each([
    ['a password', 'Zk3a9pQ8vLx7RtY2uWn4HbC8sDf6MgJ1'],
    ['a key in hex', '9f2c41aa07be63d11a77c0de55e1b0029f2c41aa07be63d11a77c0de55e1b002'],
  ])('regression: that has %s where its version belongs is not repeated', async (_what, secret) => {
    const checks = { a: { status: 'ok', secret: expected.secretName, versionId: secret } };
    routes['/health'] = answers(200, JSON.stringify({ status: 'ok', checks }));
    const answer = await ask();
    expect(answer.looks[0]?.found).toContain('holds another version, expected version');
    expect(JSON.stringify([answer, log])).not.toContain(secret);
  });

  test('that holds a version made at a terminal is told which', async () => {
    const terminal = '0123456789abcdef0123456789abcdef';
    held = { ...held, versionId: terminal, keys: [] };
    expect((await ask()).looks[0]?.found).toContain(`holds version ${terminal}, expected`);
  });
});

describe('the smoke checklist', () => {
  const probe = (more: object) => ({ name: 'Ready', url: `${origin}/ready`, ...more });

  test('status and members that are as expected', async () => {
    const probes = [
      probe({ json: { '/status': 'up', '/depth/queue': 0 } }),
      probe({ name: 'Gone', url: `${origin}/gone`, expect: [404, 410] }),
    ];
    const answer = await ask({ probes });
    expect(answer.healthy).toBe(true);
    expect(answer.looks.map(({ name }) => name)).toEqual(['credentials', 'Ready', 'Gone']);
    expect(foundOf(answer).slice(1)).toEqual([
      [true, '200 with what was expected'],
      [true, '404'],
    ]);
  });

  test.each<[string, RequestListener, object, string]>([
    ['another status', answers(500, ''), {}, '500; expected 200'],
    [
      'a redirect',
      answers(307, '', { location: 'http://169.254.169.254/' }),
      {},
      '307, which is not followed; expected 200',
    ],
    [
      'a short word',
      answers(200, '{"a":"down"}'),
      { json: { '/a': 'up' } },
      '200, /a is "down"; expected "up"',
    ],
    [
      'a number',
      answers(200, '{"a":[1,7]}'),
      { json: { '/a/1': 0 } },
      '200, /a/1 is 7; expected 0',
    ],
    [
      'a number where a text is expected',
      answers(200, '{"a":1}'),
      { json: { '/a': '1' } },
      '200, /a is 1; expected "1"',
    ],
    [
      'a text that could be anything',
      answers(200, '{"a":"hunter 2!"}'),
      { json: { '/a': 'up' } },
      '200, /a is a text of 9 characters; expected "up"',
    ],
    [
      'a word that could be a key',
      answers(200, '{"a":"sk-9aX2bQ7zL4mN8"}'),
      { json: { '/a': 'up' } },
      '200, /a is a string of 16 characters; expected "up"',
    ],
    [
      'a whole object',
      answers(200, '{"a":{"b":1}}'),
      { json: { '/a': true } },
      '200, /a is an object; expected true',
    ],
    [
      'nothing there',
      answers(200, '{}'),
      { json: { '/a~1b/~0c': true } },
      '200, /a~1b/~0c is not there; expected true',
    ],
    [
      'what every object inherits',
      answers(200, '{}'),
      { json: { '/constructor/name': 'Object' } },
      '200, /constructor/name is not there; expected "Object"',
    ],
    ['no JSON', answers(200, 'up'), { json: { '/a': true } }, '200 with no JSON; expected JSON'],
  ])('%s', async (_what, route, more, found) => {
    routes['/ready'] = route;
    const answer = await ask({ probes: [probe(more)] });
    expect(answer.healthy).toBe(false);
    expect(foundOf(answer)[1]).toEqual([false, found]);
  });

  test('regression: a password that an answer echoes is not repeated, however it is made up', async () => {
    // Its words are short, and look like names.
    const password = 'hbqwertya-pharmacy-lkjhgfd-mnbvc';
    routes['/ready'] = answers(200, JSON.stringify({ a: password }));
    const answer = await ask({ probes: [probe({ json: { '/a': 'up' } })] });
    expect(foundOf(answer)[1]).toEqual([
      false,
      '200, /a is a text of 32 characters; expected "up"',
    ]);
  });

  test('every probe is asked although one fails, with method and body', async () => {
    const probes = [
      probe({ name: 'Down', url: 'http://127.0.0.1:9/' }),
      probe({ name: 'Post', method: 'POST', body: { dryRun: true } }),
    ];
    const answer = await ask({ credentials: undefined, probes });
    expect(foundOf(answer)).toEqual([
      [false, 'no answer (ECONNREFUSED)'],
      [true, '200'],
    ]);
    expect(requests.map(({ method }) => method)).toEqual(['POST']);
    expect(answer).toMatchObject({ healthy: false, proof: 'answered' });
  });

  test('a probe that fails beside a secret that works is something else', async () => {
    held = { ...held, versionId: v1, keys: [] };
    const probes = [probe({ expect: [201] })];
    expect((await ask({ probes })).onlyThisSecret).toBe(false);
    held = { ...held, fails: ['tokens'] };
    expect((await ask({ probes })).onlyThisSecret).toBe(true);
  });

  test('21 of them are asked, seven at a time', async () => {
    let underWay = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    routes['/ready'] = (_, response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      waiting.push(() => {
        underWay -= 1;
        response.end();
      });
      if (waiting.length === 7 || requests.length === 21) {
        for (const go of waiting.splice(0)) go();
      }
    };
    routes['/health'] = (_, response) => {
      underWay += 1;
      waiting.push(() => {
        underWay -= 1;
        response.end('{"status":"ok"}');
      });
      if (waiting.length === 7) for (const go of waiting.splice(0)) go();
    };
    const probes = Array.from({ length: 20 }, (_, index) => probe({ name: `Probe ${index}` }));
    const answer = await ask({ probes });
    expect(answer.looks).toHaveLength(21);
    expect(answer.healthy).toBe(true);
    expect(most).toBeLessThanOrEqual(7);
  });

  test('when the time for all is over, the rest is not asked', async () => {
    const doorOf = () => ({
      async ask() {
        now += 5_000;
        return { unanswered: 'TIMEOUT' };
      },
    });
    const probes = Array.from({ length: 20 }, (_, index) => probe({ name: `Probe ${index}` }));
    const { looks } = await ask({ probes }, undefined, { doorOf, network: 'main (vpc-1, sg-1)' });
    expect(looks[0]?.found).toBe('no answer (TIMEOUT) from network main (vpc-1, sg-1)');
    expect(looks.at(-1)?.found).toBe('not asked: the time for all probes was over');
  });
});

describe('nobody is asked', () => {
  test.each<[string, object, unknown, string]>([
    ['a question of another shape', {}, { consumer: 'api' }, 'ERR_ROTATION_INVALID_EVENT'],
    [
      'a consumer nobody deployed',
      {},
      { consumer: 'other', expected },
      'ERR_ROTATION_UNKNOWN_CONSUMER',
    ],
  ])('for %s', async (_what, settings, question, code) => {
    await expect(ask(settings, question)).rejects.toMatchObject({ code });
    expect(requests).toEqual([]);
  });

  test.each([
    ['no value yet', undefined],
    ['nothing but the marker', '{"quarterturn":"uninitialised"}'],
    ['two lines', `${bearer}\nx-other: 1`],
    ['a short one', 'short'],
  ])('with a bearer that has %s', async (_what, found) => {
    value = found;
    const error: unknown = await ask().catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ERR_ROTATION_BEARER_UNAVAILABLE' });
    if (found) expect(String(error)).not.toContain(found);
    expect(requests).toEqual([]);
  });

  test('over plain http with a bearer, unless the consumer is this machine in dev', async () => {
    const url = 'http://10.0.0.1/health';
    const answer = await ask({ credentials: url }, undefined, { environment: 'prod' });
    expect(foundOf(answer)).toEqual([
      [false, 'not asked: expected https: the bearer is sent there'],
    ]);
    expect(answer.proof).toBe('none');
  });

  test('where a name leads to an address that is not allowed', async () => {
    const doorOf = () => httpLook({ privateAddresses: 'refused', loopback: 'refused' });
    const { looks } = await ask({}, undefined, { doorOf });
    expect(looks[0]?.found).toBe('not asked: its name leads to an address that is not allowed');
    expect(requests).toEqual([]);
  });
});

test('a bearer that is a member of a value is taken from it', async () => {
  value = JSON.stringify({ token: bearer, other: 'swordfish' });
  const settings = { bearer: { secretArn: 'arn:of:the:bearer', field: 'token' } };
  expect((await ask(settings)).proof).toBe('held');
});

test('the log says who was asked and what failed, and holds no token', async () => {
  held = { ...held, fails: ['tokens'] };
  await ask();
  expect(log).toEqual([
    {
      event: 'looked',
      fields: {
        consumer: 'api',
        secret: 'shop/prod/jwt',
        healthy: false,
        proof: 'held',
        failed: ['credentials'],
      },
    },
  ]);
});
