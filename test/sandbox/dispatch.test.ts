import { request } from 'node:http';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Front, SANDBOX_NOW, startFront } from './front.ts';

let front: Front;
beforeEach(async () => {
  front = await startFront();
});
afterEach(() => front.stop());

const client = (settings: SecretsManagerClientConfig = {}) =>
  new SecretsManagerClient({
    endpoint: front.url,
    region: 'eu-west-1',
    credentials: front.credentials,
    maxAttempts: 1,
    ...settings,
  });
const put = (SecretId = 's') =>
  new PutSecretValueCommand({ SecretId, SecretString: 'hunter2', ClientRequestToken: 'token' });

describe('a signature', () => {
  test.each(['user', 'role'])('of a %s that the sandbox issued is accepted', async (kind) => {
    const credentials = kind === 'role' ? front.roleCredentials : front.credentials;
    const answer = await client({ credentials }).send(put());
    expect(answer).toMatchObject({ ARN: 's' });
    expect(front.requests.all()[0]?.principal).toBe(
      kind === 'role'
        ? 'arn:aws:sts::000000000000:assumed-role/Rotation/fn'
        : 'arn:aws:iam::000000000000:user/u',
    );
  });

  test('made with another secret is refused', async () => {
    const credentials = { ...front.credentials, secretAccessKey: 'x' };
    await expect(client({ credentials }).send(put())).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    expect(front.effects).toEqual([]);
  });

  test('of a foreign key is refused, and neither key nor token is written down', async () => {
    const accessKeyId = ['ASIA', 'FOREIGNFOREIGN42'].join('');
    const credentials = { accessKeyId, secretAccessKey: 's', sessionToken: 'foreign-token' };
    await expect(client({ credentials }).send(put())).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    });
    const written = JSON.stringify(front.requests.all());
    expect(written).toContain('UnrecognizedClientException');
    expect(written).not.toMatch(/FOREIGN|foreign-token|hunter2/);
  });

  test('with the session token of somebody else is refused', async () => {
    const credentials = { ...front.roleCredentials, sessionToken: 'another' };
    await expect(client({ credentials }).send(put())).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
  });

  test.each([
    ['the clock of the machine', () => 0, undefined],
    ['the clock of the sandbox', () => SANDBOX_NOW.getTime() - Date.now(), undefined],
    [
      'a clock 20 minutes late',
      () => -20 * 60_000,
      /^Signature expired: \d{8}T\d{6}Z is now earlier than/,
    ],
    [
      'a clock years ahead',
      () => SANDBOX_NOW.getTime() - Date.now() + 1e9,
      /^Signature not yet current/,
    ],
  ])('dated by %s', async (_, offset, refusal) => {
    const dated = client({ systemClockOffset: offset() }).send(put());
    if (refusal === undefined) {
      await expect(dated).resolves.toMatchObject({ ARN: 's' });
    } else {
      await expect(dated).rejects.toMatchObject({
        name: 'InvalidSignatureException',
        message: expect.stringMatching(refusal),
      });
    }
  });

  test('for another region is refused', async () => {
    await expect(client({ region: 'us-east-1' }).send(put())).rejects.toMatchObject({
      message: expect.stringContaining('valid region'),
    });
  });

  test('does not cover a body that was changed on the way', async () => {
    const tampering = client();
    tampering.middlewareStack.add(
      (next) => (args) => {
        const { body } = args.request as { body: Uint8Array };
        // The last letter of the last value: still JSON, still as long.
        body[body.length - 3] = 'X'.charCodeAt(0);
        return next(args);
      },
      // After the signature was made.
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(tampering.send(put())).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    expect(front.effects).toEqual([]);
  });
});

describe('an answer', () => {
  test('of an unknown operation is 501 and names it', async () => {
    await expect(client().send(new DescribeSecretCommand({ SecretId: 's' }))).rejects.toMatchObject(
      {
        $metadata: { httpStatusCode: 501 },
        message: 'The sandbox does not simulate secretsmanager:DescribeSecret.',
      },
    );
  });

  test('of an unknown service is 501 and names it', async () => {
    const kms = new KMSClient({
      endpoint: front.url,
      region: 'eu-west-1',
      credentials: front.credentials,
      maxAttempts: 1,
    });
    await expect(kms.send(new ListKeysCommand({}))).rejects.toMatchObject({
      message: expect.stringContaining('kms:TrentService.ListKeys'),
    });
  });

  test('carries the error of the service, and dates as seconds', async () => {
    await expect(client().send(put('missing'))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    });
    await expect(client().send(put('forbidden'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  test('is recorded without the value', async () => {
    await client().send(put());
    expect(front.requests.all()[0]).toMatchObject({
      service: 'secretsmanager',
      operation: 'PutSecretValue',
      status: 200,
      input: { SecretId: 's', SecretString: '[redacted]', ClientRequestToken: 'token' },
    });
  });
});

describe('a fault', () => {
  const fault = { service: 'secretsmanager', operation: 'PutSecretValue' };

  test('before: the error comes instead of the effect, as often as asked', async () => {
    const injected = front.faults.inject({
      ...fault,
      when: 'before',
      error: { code: 'InternalServiceError', status: 500 },
      times: 1,
    });
    await expect(client().send(put())).rejects.toMatchObject({ name: 'InternalServiceError' });
    expect(front.effects).toHaveLength(0);
    await client().send(put());
    expect(injected.fired()).toBe(1);
  });

  test('after: the effect is done and the answer lost', async () => {
    front.faults.inject({ ...fault, when: 'after', times: 1 });
    await expect(client().send(put())).rejects.toThrow(/hang up|ECONNRESET/);
    expect(front.effects).toHaveLength(1);
    expect(front.requests.all()[0]).toMatchObject({ status: 0, errorCode: 'connectionReset' });
  });

  test('after, with a client that tries again, is done twice', async () => {
    front.faults.inject({ ...fault, when: 'after', times: 1 });
    await client({ maxAttempts: 2 }).send(put());
    expect(front.effects).toHaveLength(2);
  });

  test('twice: one call has its effect twice and answers once', async () => {
    front.faults.inject({ ...fault, when: 'twice' });
    expect(await client().send(put())).toMatchObject({ ARN: 's' });
    expect(front.effects).toHaveLength(2);
  });

  test('hits only the calls that match, by input and by principal', async () => {
    const error = { code: 'Throttled' };
    front.faults.inject({ ...fault, when: 'before', match: { SecretId: 'other' }, error });
    front.faults.inject({ ...fault, when: 'before', principal: 'Rotation', error });
    await client().send(put());
    await expect(client().send(put('other'))).rejects.toMatchObject({ name: 'Throttled' });
    await expect(client({ credentials: front.roleCredentials }).send(put())).rejects.toMatchObject({
      name: 'Throttled',
    });
  });

  test('timeout: the connection stays silent until the caller gives up', async () => {
    front.faults.inject({ ...fault, when: 'before', error: 'timeout' });
    const patience = new AbortController();
    const asked = client().send(put(), { abortSignal: patience.signal });
    const outcome = await Promise.race([
      asked.then(
        () => 'answered',
        () => 'failed',
      ),
      new Promise((resolve) => setTimeout(resolve, 100, 'silent')),
    ]);
    patience.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(outcome).toBe('silent');
  });
});

describe('the front door', () => {
  const get = (path: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      request(new URL(path, front.url), { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
  const port = () => new URL(front.url).port;

  test.each([
    ['its own address', () => ({ host: `127.0.0.1:${port()}` }), 200],
    ['localhost', () => ({ host: `localhost:${port()}` }), 200],
    ['a name that resolves to it', () => ({ host: `rebound.example:${port()}` }), 403],
    ['a web page', () => ({ host: `localhost:${port()}`, origin: 'https://example.com' }), 403],
    [
      'a browser without origin',
      () => ({ host: `localhost:${port()}`, 'sec-fetch-site': 'none' }),
      403,
    ],
  ])('called as %s', async (_, headers, status) => {
    expect(await get('/_sandbox/clock', headers())).toBe(status);
  });

  test('refuses a request that nobody signed', async () => {
    expect(await get('/', { host: `127.0.0.1:${port()}` })).toBe(403);
  });
});
