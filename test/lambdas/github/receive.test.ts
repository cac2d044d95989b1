import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { exposureSchema } from '../../../domain/events/triggers.ts';
import type { AlertMap } from '../../../lambdas/github/environment.ts';
import { receive } from '../../../lambdas/github/receive.ts';
import { isSigned } from '../../../lambdas/github/signature.ts';
import { recordedBus, recordedLog } from '../../doors/recorded.ts';

const secret = "It's a Secret to Everybody";
const alerts: AlertMap = [
  { repository: 'Pharmacy/API', secrets: ['jwt'] },
  { secretType: 'pharmacy_db_password', secrets: ['db', 'jwt'] },
];
const alert = (change: object = {}) => ({
  action: 'created',
  alert: {
    number: 7,
    secret_type: 'pharmacy_jwt',
    html_url: 'https://github.com/x',
    secret: 'leaked-value',
  },
  repository: { full_name: 'pharmacy/api' },
  ...change,
});

let bus: ReturnType<typeof recordedBus>;
let log: ReturnType<typeof recordedLog>;
let value: string | undefined;
let reads: number;
beforeEach(() => {
  bus = recordedBus();
  log = recordedLog();
  value = secret;
  reads = 0;
});

const sign = (body: string | Buffer, key = secret) =>
  `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

const post = (body: string, headers: Record<string, string> = {}, more: object = {}) =>
  receive(
    {
      secretsManager: {
        async getCurrentValue() {
          reads++;
          return value;
        },
      },
      eventBus: bus,
      log,
    },
    { secretArn: 'arn:aws:secretsmanager:eu-west-1:1:secret:webhook', alerts },
    {
      version: '2.0',
      headers: {
        'x-github-event': 'secret_scanning_alert',
        'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
        'x-hub-signature-256': sign(body),
        ...headers,
      },
      body,
      isBase64Encoded: false,
      requestContext: { http: { method: 'POST' } },
      ...more,
    },
  );
const deliver = (change: object = {}, headers: Record<string, string> = {}) =>
  post(JSON.stringify(alert(change)), headers);

describe('a signed alert', () => {
  test('that matches is an exposure on the bus of triggers, without what it found', async () => {
    expect(await deliver()).toMatchObject({ statusCode: 202, body: 'Taken.\n' });
    const [event] = bus.events;
    expect(event).toMatchObject({
      source: 'quarterturn.trigger',
      detailType: 'credential-exposure-alert',
      detail: {
        secrets: ['jwt'],
        reason: 'GitHub alert 7 of pharmacy/api (pharmacy_jwt, created)',
        reportedBy: 'GitHub secret scanning',
      },
    });
    expect(exposureSchema.parse(event?.detail)).toEqual(event?.detail);
    expect(JSON.stringify([bus.events, log.lines])).not.toContain('leaked-value');
  });

  test('that matches twice names each secret once', async () => {
    await deliver({ alert: { number: 8, secret_type: 'pharmacy_db_password' } });
    expect(bus.events[0]?.detail).toMatchObject({ secrets: ['jwt', 'db'] });
  });

  test('delivered again has the same id, whatever its headers say', async () => {
    await deliver();
    await deliver({}, { 'x-github-delivery': 'another' });
    await deliver({ alert: { number: 8, secret_type: 'pharmacy_jwt' } });
    const ids = bus.events.map(({ detail }) => (detail as { id: string }).id);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test('comes base64 encoded, too', async () => {
    const body = JSON.stringify(alert());
    const encoded = Buffer.from(body).toString('base64');
    await post(encoded, { 'x-hub-signature-256': sign(body) }, { isBase64Encoded: true });
    expect(bus.events).toHaveLength(1);
  });

  test.each([
    ['is of another repository and type', { repository: { full_name: 'other/repository' } }, {}],
    ['is resolved', { action: 'resolved' }, {}],
    ['is another event', {}, { 'x-github-event': 'push' }],
  ])('that %s is nothing to do', async (_what, change, headers) => {
    expect(await deliver(change, headers)).toMatchObject({ statusCode: 202 });
    expect(bus.events).toEqual([]);
  });

  test('that is none is refused', async () => {
    expect(await post('[]')).toMatchObject({ statusCode: 400 });
    expect(await post('not json')).toMatchObject({ statusCode: 400 });
    expect(bus.events).toEqual([]);
  });
});

describe('a request', () => {
  const body = JSON.stringify(alert());

  test.each<[string, Record<string, string>]>([
    ['signed with another secret', { 'x-hub-signature-256': sign(body, 'guess') }],
    ['signed with an empty secret', { 'x-hub-signature-256': sign(body, '') }],
    ['signed over another body', { 'x-hub-signature-256': sign(`${body} `) }],
    ['with the SHA-1 signature alone', { 'x-hub-signature-256': '', 'x-hub-signature': 'sha1=00' }],
    ['with half a signature', { 'x-hub-signature-256': sign(body).slice(0, 40) }],
  ])('%s is refused, and told no more than that', async (_what, headers) => {
    expect(await post(body, headers)).toEqual({
      statusCode: 401,
      headers: { 'content-type': 'text/plain' },
      body: 'The signature does not fit.\n',
    });
    expect(bus.events).toEqual([]);
  });

  test('without the form of a signature, too large, or of another method reads no secret', async () => {
    const long = JSON.stringify({ ...alert(), padding: 'x'.repeat(1_048_576) });
    const get = { requestContext: { http: { method: 'GET' } } };
    const { 'x-hub-signature-256': _, ...unsigned } = { 'x-hub-signature-256': '' };
    const answers = [
      await post(body, { 'x-hub-signature-256': 'x'.repeat(81) }),
      await post(body, unsigned, { headers: {} }),
      await post(long),
      await post(body, {}, get),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 413, 405]);
    expect(reads).toBe(0);
  });

  test.each([undefined, '{"quarterturn":"uninitialised"}'])(
    'before the webhook secret has a value is refused (%s)',
    async (none) => {
      value = none;
      const signed = { 'x-hub-signature-256': sign(body, none ?? '') };
      expect(await post(body, signed)).toMatchObject({ statusCode: 503 });
      expect(bus.events).toEqual([]);
    },
  );
});

test('an empty secret signs nothing', async () => {
  value = '';
  const body = JSON.stringify(alert());
  expect(await post(body, { 'x-hub-signature-256': sign(body, '') })).toMatchObject({
    statusCode: 401,
  });
  expect(bus.events).toEqual([]);
});

test('the signature is the one of GitHub’s own example', () => {
  // docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation".
  const documented = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  expect(isSigned(Buffer.from('Hello, World!'), documented, secret)).toBe(true);
});
