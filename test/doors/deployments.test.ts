/** Doors with the shell's own settings, here through the real SDK against the stand-in of Parameter Store. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { manifestOf } from '../../domain/config/manifest.ts';
import { encodeManifest } from '../../domain/config/manifest-parts.ts';
import { manifestParameterName } from '../../domain/config/names.ts';
import { deployments } from '../../doors/deployments.ts';
import exampleConfig from '../../rotation.config.ts';
import { SandboxClock } from '../../sandbox/clock.ts';
import { KmsService } from '../../sandbox/kms/service.ts';
import { SsmService } from '../../sandbox/ssm/service.ts';
import { serve } from '../sandbox/serve.ts';

const example = manifestOf(exampleConfig);
const scopes = Array.from({ length: 13 }, (_, at) => ({
  name: `pharmacy-${String(at).padStart(2, '0')}`,
  environment: 'prod',
}));

let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  const clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
  const place = { account: '000000000000', region: 'eu-west-1', clock };
  const iam = { authorize: () => undefined };
  const ssm = new SsmService({ ...place, iam, kms: new KmsService({ ...place, iam }) });
  for (const scope of scopes) {
    const [part = ''] = encodeManifest({ ...example, ...scope });
    ssm.createParameter(manifestParameterName(scope), 'String', part);
  }
  // Part 2 of a manifest, a parameter of somebody else's, and one whose path only begins alike.
  ssm.createParameter(manifestParameterName(scopes[0] ?? example, 2), 'String', 'part 2');
  ssm.createParameter('/quarterturn/notes', 'String', 'x');
  ssm.createParameter('/quarterturned/other/prod/manifest', 'String', 'x');
  server = await serve(ssm, iam);
});
afterAll(() => server.stop());

const before = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_')) delete process.env[name];
  }
  const { endpoint, credentials } = server.client;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
});
afterEach(() => {
  process.env = { ...before };
});

describe('deployments', () => {
  test('lists all of them, page after page, and nothing else', async () => {
    expect(await deployments('eu-west-1').list()).toEqual(scopes);
  });

  test('reads a manifest; of one that does not exist it says so', async () => {
    const door = deployments('eu-west-1');
    const [first = example] = scopes;
    expect(await door.manifest(first)).toEqual({ ...example, ...first });
    expect(await door.manifest({ name: 'nothing', environment: 'prod' })).toBeUndefined();
  });

  test('knows where each service would be called, without a call', async () => {
    const { endpoint } = server.client;
    process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:8000';
    process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = 'https://secretsmanager.eu-west-1.amazonaws.com';
    expect(await deployments('eu-west-1').endpoints()).toEqual({
      sts: endpoint,
      ssm: endpoint,
      lambda: endpoint,
      states: endpoint,
      logs: endpoint,
      events: endpoint,
      dynamodb: 'http://127.0.0.1:8000',
      secretsmanager: 'https://secretsmanager.eu-west-1.amazonaws.com',
      sns: endpoint,
      s3: endpoint,
      iam: endpoint,
    });
    delete process.env.AWS_ENDPOINT_URL;
    expect(await deployments('eu-central-1').endpoints()).toMatchObject({
      ssm: 'https://ssm.eu-central-1.amazonaws.com',
    });
  });

  test('without a region, and without credentials, nothing is called', async () => {
    await expect(deployments().caller()).rejects.toMatchObject({ code: 'ERR_ROTATION_NO_REGION' });
    delete process.env.AWS_ACCESS_KEY_ID;
    process.env.AWS_EC2_METADATA_DISABLED = 'true';
    await expect(deployments('eu-west-1').caller()).rejects.toMatchObject({
      code: 'ERR_ROTATION_NO_CREDENTIALS',
    });
  });

  test('an endpoint nobody listens on is named as such', async () => {
    process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
    await expect(deployments('eu-west-1').caller()).rejects.toMatchObject({
      code: 'ERR_ROTATION_ENDPOINT_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
