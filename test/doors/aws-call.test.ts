import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { controlTable } from '../../doors/control-table.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';

const value = 'S3cr3t-that-nobody-may-see';
let server: Server;
let answer: { status: number; body: string };

beforeEach(async () => {
  server = createServer((_request, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(answer.body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(() => void server.close());

const client = () => ({
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  region: 'eu-west-1',
  maxAttempts: 1,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
});
const secrets = () => secretsManager(new SecretsManagerClient(client()));

async function told(work: Promise<unknown>): Promise<string> {
  const error = (await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as Error;
  expect(error).toMatchObject({ code: 'ERR_ROTATION_AWS_CALL' });
  return `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
}

test.each([200, 400, 500])('an answer (%d) that is no JSON is not quoted', async (status) => {
  answer = { status, body: `{"SecretString":"${value}` };
  expect(await told(secrets().getValue('arn', 'a'.repeat(36)))).not.toContain('S3cr3t');
});

test('what a validation error quotes of the request is left out, the constraint stays', async () => {
  const message =
    `2 validation errors detected: Value '${value}' at 'secretString' failed to satisfy constraint: ` +
    `Member must have length less than or equal to 65536; Value 'it's\n${value}' at 'rotationToken' ` +
    'failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z]+$';
  answer = { status: 400, body: JSON.stringify({ __type: 'ValidationException', message }) };
  const table = controlTable('control', new DynamoDBClient(client()));
  const text = await told(table.getLease('jwt'));
  expect(text).not.toContain('S3cr3t');
  expect(text).toContain("at 'secretString' failed to satisfy constraint");
  expect(text).toContain('Member must satisfy regular expression');
});

test('of a call that carries a value, what may quote the request is withheld as a whole', async () => {
  const message = `cannot store ${value}`;
  answer = {
    status: 400,
    body: JSON.stringify({ __type: 'InvalidParameterException', Message: message }),
  };
  const put = secrets().putPending({ secretId: 'arn', token: 'a'.repeat(36), secretString: value });
  expect(await told(put)).not.toContain('S3cr3t');
});

test('the message of the service names what is wrong', async () => {
  answer = {
    status: 400,
    body: JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized: arn:x' }),
  };
  const table = controlTable('control', new DynamoDBClient(client()));
  expect(await told(table.getLease('jwt'))).toContain(
    'GetItem failed with AccessDeniedException: not authorized: arn:x',
  );
});
