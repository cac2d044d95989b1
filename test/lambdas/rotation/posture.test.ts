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
