import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SecretCache } from '../../client/secret-cache.ts';
import { injectedSecret } from '../../client/sources/injected.ts';
import { secretsManagerSecret } from '../../client/sources/secrets-manager.ts';

describe('injectedSecret', () => {
  test('is what the environment held when the process started, and says that it never refreshes', async () => {
    const environment: Record<string, string> = { KEY: 'one' };
    const source = injectedSecret('KEY', environment);
    environment.KEY = 'two';
    expect(await source.read()).toEqual({ value: 'one' });
    expect(source).toMatchObject({ refreshes: false, name: 'the environment variable KEY' });
    const cache = new SecretCache(source, { parse: String });
    expect((await cache.get()).value).toBe('one');
    expect(cache.maximumAge).toBe(Number.POSITIVE_INFINITY);
  });

  test('refuses a variable that is not there, and a label that only Secrets Manager knows', async () => {
    const settings = expect.objectContaining({ code: 'ERR_ROTATION_CLIENT_SETTINGS' });
    expect(() => injectedSecret('KEY', {})).toThrow(settings);
    expect(() => injectedSecret('KEY', { KEY: '' })).toThrow(settings);
    await expect(injectedSecret('KEY', { KEY: 'x' }).read('AWSPENDING')).rejects.toEqual(settings);
  });
});

/** The wire of Secrets Manager, answered by hand: what the SDK asks, and what it makes of the answer. */
describe('secretsManagerSecret', () => {
  const asked: { operation: string; body: unknown }[] = [];
  let answer: (operation: string) => { status: number; body: object } | 'nothing';
  let server: Server;
  let client: SecretsManagerClient;

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
        asked.push({ operation, body: JSON.parse(body) });
        const given = answer(operation);
        if (given !== 'nothing') {
          response.writeHead(given.status, { 'content-type': 'application/x-amz-json-1.1' });
          response.end(JSON.stringify(given.body));
        }
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    client = new SecretsManagerClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
  });
  afterAll(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  const value = { status: 200, body: { SecretString: 'hunter2', VersionId: 'v1' } };
  const failure = (name: string) => ({
    status: 400,
    body: { __type: name, message: 'about hunter2' },
  });

  test('asks for AWSCURRENT with GetSecretValue and nothing else', async () => {
    asked.length = 0;
    answer = () => value;
    const source = secretsManagerSecret({ secretId: 'shop/prod/jwt', client });
    expect(await source.read()).toEqual({ value: 'hunter2', versionId: 'v1' });
    expect(await source.read('AWSPENDING')).toMatchObject({ value: 'hunter2' });
    expect(asked).toEqual([
      {
        operation: 'GetSecretValue',
        body: { SecretId: 'shop/prod/jwt', VersionStage: 'AWSCURRENT' },
      },
      {
        operation: 'GetSecretValue',
        body: { SecretId: 'shop/prod/jwt', VersionStage: 'AWSPENDING' },
      },
    ]);
  });

  test('asks when it rotates next only where it is told to', async () => {
    answer = (operation) =>
      operation === 'DescribeSecret'
        ? { status: 200, body: { NextRotationDate: 1779037200 } }
        : value;
    const source = secretsManagerSecret({ secretId: 'x', client, nextRotationDate: true });
    expect(await source.read()).toMatchObject({
      nextRotationDate: new Date('2026-05-17T17:00:00.000Z'),
    });
  });

  test.each([
    ['AccessDeniedException', 'kms:Decrypt'],
    ['ResourceNotFoundException', 'region'],
    ['DecryptionFailure', 'kms:Decrypt'],
    ['SomethingNewException', 'API_GetSecretValue'],
  ])('names %s and what to do, and nothing of request or answer', async (name, advice) => {
    answer = () => failure(name);
    const error = await secretsManagerSecret({ secretId: 'x', client })
      .read()
      .catch((caught) => caught);
    expect(error).toMatchObject({ code: 'ERR_ROTATION_SECRET_READ', reason: name });
    expect(error.message).toContain(advice);
    expect(error).not.toHaveProperty('cause');
    expect(`${error.message}${error.stack}`).not.toContain('hunter2');
  });

  test('an answer that does not come is given up', async () => {
    answer = () => 'nothing';
    const limit = new AbortController();
    const source = secretsManagerSecret({
      secretId: 'x',
      client,
      system: { timeLimit: () => limit.signal },
    });
    const asking = source.read().catch((caught) => caught);
    setImmediate(() => limit.abort());
    expect(await asking).toMatchObject({ reason: 'Timeout' });
  });

  test('refuses a value that is binary, an empty name, and a time limit of nothing', async () => {
    answer = () => ({ status: 200, body: { SecretBinary: 'aHVudGVyMg==', VersionId: 'v1' } });
    await expect(secretsManagerSecret({ secretId: 'x', client }).read()).rejects.toMatchObject({
      message: expect.stringContaining('SecretBinary'),
    });
    const settings = expect.objectContaining({ code: 'ERR_ROTATION_CLIENT_SETTINGS' });
    expect(() => secretsManagerSecret({ secretId: '' })).toThrow(settings);
    expect(() => secretsManagerSecret({ secretId: 'x', timeLimit: 0 })).toThrow(settings);
  });
});
