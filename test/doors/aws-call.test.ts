import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsUnansweredError, clientDefaults } from '../../doors/aws-call.ts';
import { controlTable } from '../../doors/control-table.ts';
import { kmsRandom } from '../../doors/random.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';

const value = 'S3cr3t-that-nobody-may-see';
let server: Server;
let answer: { status: number; body: string };
/** What the server does with a request instead of answering it. */
let answering: ((socket: Socket) => void) | undefined;

beforeEach(async () => {
  answering = undefined;
  server = createServer((request, response) => {
    if (answering !== undefined) {
      answering(request.socket);
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(answer.body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

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

describe('a call that gets no answer', () => {
  const network = 'main (vpc-0a1b2c3d, sg-0a1b2c3d)';
  afterEach(() => {
    delete process.env.NETWORK;
  });

  /** With the defaults every door has, but one attempt and little patience. */
  const impatient = () => ({
    ...clientDefaults,
    ...client(),
    requestHandler: { ...clientDefaults.requestHandler, requestTimeout: 50 },
  });
  const failure = (work: Promise<unknown>): Promise<AwsUnansweredError> =>
    work.then(
      () => Promise.reject(new Error('expected a failure')),
      (error) => error,
    );
  const random = () => kmsRandom(new KMSClient(impatient())).bytes(1);

  test('because the connection is dropped names service, host, network and what to check', async () => {
    process.env.NETWORK = network;
    answering = (socket) => socket.destroy();
    const error = await failure(random());
    const { port } = server.address() as AddressInfo;
    expect(error).toBeInstanceOf(AwsUnansweredError);
    expect(error).toMatchObject({
      code: 'ERR_ROTATION_AWS_UNANSWERED',
      awsCode: 'ECONNRESET',
      call: 'GenerateRandom',
      service: 'kms',
      endpoint: `127.0.0.1:${port}`,
      network,
    });
    expect(error.message).toBe(
      `GenerateRandom failed with ECONNRESET: kms at 127.0.0.1:${port} did not answer. ` +
        `The function stands in network ${network}: check that this VPC has an endpoint for the service ` +
        'with private DNS (or a gateway endpoint in the route table of the subnets), that the endpoint ' +
        'admits port 443 from that security group, and that the group lets it out; docs/network.md',
    );
  });

  test('because nobody listens, or ever says a word, is one, too', async () => {
    answering = () => undefined;
    expect(await failure(random())).toMatchObject({
      code: 'ERR_ROTATION_AWS_UNANSWERED',
      awsCode: 'ETIMEDOUT',
    });
    const nobody = { ...impatient(), endpoint: 'http://127.0.0.1:1' };
    expect(await failure(kmsRandom(new KMSClient(nobody)).bytes(1))).toMatchObject({
      awsCode: 'ECONNREFUSED',
      endpoint: '127.0.0.1:1',
    });
  });

  test('by a process outside of every network says so', async () => {
    answering = (socket) => socket.destroy();
    const error = await failure(random());
    expect(error.network).toBeUndefined();
    expect(error.message).toContain('stands in no network of the deployment');
  });

  test('prints nothing that does not look like a network of the deployment', async () => {
    process.env.NETWORK = 'postgres://user:S3cr3t@host';
    answering = (socket) => socket.destroy();
    expect((await failure(random())).message).not.toContain('S3cr3t');
  });

  test('waits two seconds for a connection and five for an answer, and then gives up', () => {
    expect(clientDefaults.requestHandler).toEqual({
      connectionTimeout: 2_000,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
    });
  });
});
