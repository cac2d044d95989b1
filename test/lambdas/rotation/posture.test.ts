import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { assertTrustedEnvironment } from '../../../lambdas/rotation/posture.ts';

test('an environment as the deployment makes it is trusted, and so is an endpoint on loopback', () => {
  expect(() =>
    assertTrustedEnvironment({
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    }),
  ).not.toThrow();
});

test.each([
  ['AWS_ENDPOINT_URL', 'https://secrets.example.com'],
  ['AWS_ENDPOINT_URL_SECRETS_MANAGER', 'http://127.0.0.1.evil.example'],
  ['AWS_ENDPOINT_URL', 'http://127.0.0.1@evil.example/'],
  ['NODE_OPTIONS', '--require /tmp/evil.js'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
  ['NODE_EXTRA_CA_CERTS', '/tmp/ca.pem'],
  ['AWS_LAMBDA_EXEC_WRAPPER', '/opt/wrapper'],
  ['https_proxy', 'http://evil.example'],
])('%s=%s is refused by name, its value is not told', (name, value) => {
  expect.assertions(2);
  try {
    assertTrustedEnvironment({ [name]: value });
  } catch (error) {
    expect(error).toMatchObject({
      code: 'ERR_ROTATION_UNTRUSTED_ENVIRONMENT',
      message: expect.stringContaining(name),
    });
    expect(String(error)).not.toContain(value);
  }
});

/** Invokes a bundle in a process that ends with its first request, and tells where that would have gone. */
const invoke = `
  import http from 'node:http';
  import https from 'node:https';
  import { syncBuiltinESMExports } from 'node:module';
  http.request = https.request = ({ host, hostname }) => {
    process.stdout.write(host ?? hostname);
    process.exit();
  };
  syncBuiltinESMExports();
  const { handler } = await import(process.argv[1]);
  await handler({ operation: 'rehearse' }, { invokedFunctionArn: 'x' });`;

test.each([
  ['AWS_CONFIG_FILE', (home: string) => ({ AWS_CONFIG_FILE: join(home, '.aws/config') })],
  ['HOME', (home: string) => ({ HOME: home, USERPROFILE: home })],
])('no file that %s leads to sends a function elsewhere', (_name, variables) => {
  const home = mkdtempSync(join(tmpdir(), 'quarterturn-posture-'));
  try {
    mkdirSync(join(home, '.aws'));
    writeFileSync(join(home, '.aws/config'), '[default]\nendpoint_url = http://evil.example\n');
    const bundle = resolve('dist/lambdas/jwt/index.mjs');
    const asked = execFileSync(process.execPath, ['--input-type=module', '-e', invoke, bundle], {
      env: {
        ...variables(home),
        ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
        SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:x-AbCdEf',
        ...{ SECRET_NAME: 'x', CONTROL_TABLE: 't', ARMED: 'true', ENVIRONMENT: 'prod' },
        ...{ FIELD: 'F', BITS: '512', ENCODING: 'base64', ACCEPT_FOR_SECONDS: '60' },
      },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 30_000,
    });
    expect(asked).toBe('secretsmanager.eu-west-1.amazonaws.com');
  } finally {
    rmSync(home, { recursive: true });
  }
});
