/** The API of a cluster over TLS, as any client of Kubernetes would call it. */
import { execFile } from 'node:child_process';
import { request } from 'node:https';
import { promisify } from 'node:util';
import { DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { clusterToken } from '../../../doors/kubernetes-token.ts';
import { Sha256 } from '../../../doors/node-sha256.ts';
import { account, cluster, namespace, region, startClusters } from './clusters.ts';

let stage: Awaited<ReturnType<typeof startClusters>>;
let client: EKSClient;
let ca: string;
beforeAll(async () => {
  stage = await startClusters();
  client = stage.clientOf('Rollout');
  const described = await client.send(new DescribeClusterCommand({ name: cluster }));
  ca = Buffer.from(described.cluster?.certificateAuthority?.data ?? '', 'base64').toString();
});
afterAll(async () => {
  client?.destroy();
  await stage?.stop();
});
beforeEach(() => {
  stage.admit('Rollout', 'get', 'patch');
  stage.eks.putDeployment({ cluster, namespace, name: 'web' });
  stage.eks.putExternalSecret({ cluster, namespace, name: 'jwt' });
});

const web = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
const jwt = `/apis/external-secrets.io/v1/namespaces/${namespace}/externalsecrets/jwt`;
const token = (name = cluster, now = new Date()) =>
  clusterToken(client, name, stage.environment, now);

interface Sent {
  path?: string;
  bearer?: string | undefined;
  patch?: { type: string; body: string };
}

async function call({ path = web, patch, ...sent }: Sent = {}) {
  const bearer = 'bearer' in sent ? sent.bearer : await token();
  return new Promise<{ status: number; body: string; json: () => Record<string, unknown> }>(
    (answered, failed) => {
      const headers = {
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...(patch && { 'content-type': patch.type }),
      };
      const method = patch ? 'PATCH' : 'GET';
      request(new URL(path, stage.api), { method, headers, ca, agent: false }, async (answer) => {
        let body = '';
        for await (const chunk of answer) body += chunk;
        answered({ status: answer.statusCode ?? 0, body, json: () => JSON.parse(body) });
      })
        .on('error', failed)
        .end(patch?.body);
    },
  );
}

const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';

test('EKS describes the cluster: where its API is, and by which authority it is known', async () => {
  const { cluster: found } = await client.send(new DescribeClusterCommand({ name: cluster }));
  expect(found).toMatchObject({
    name: cluster,
    arn: `arn:aws:eks:${region}:${account}:cluster/${cluster}`,
    endpoint: stage.api,
    status: 'ACTIVE',
    resourcesVpcConfig: { endpointPublicAccess: true },
  });
  const { cluster: other } = await startedCluster('private');
  expect(other?.certificateAuthority?.data).not.toBe(found?.certificateAuthority?.data);
  expect(other?.resourcesVpcConfig?.endpointPublicAccess).toBe(false);
});

async function startedCluster(name: string) {
  await stage.eks.putCluster({ name, endpointPublicAccess: false });
  return client.send(new DescribeClusterCommand({ name }));
}

describe('a token', () => {
  test('that `aws eks get-token` makes is good', async () => {
    const { accessKeyId, secretAccessKey, sessionToken = '' } = stage.role('Rollout');
    const { stdout } = await promisify(execFile)(
      'aws',
      ['eks', 'get-token', '--cluster-name', cluster, '--region', region],
      {
        env: {
          PATH: process.env.PATH ?? '',
          HOME: '/nonexistent',
          AWS_ACCESS_KEY_ID: accessKeyId,
          AWS_SECRET_ACCESS_KEY: secretAccessKey,
          AWS_SESSION_TOKEN: sessionToken,
          AWS_STS_REGIONAL_ENDPOINTS: 'regional',
        },
      },
    );
    const bearer: string = JSON.parse(stdout).status.token;
    expect((await call({ bearer })).status).toBe(200);
    // The door's differs from it in nothing but what differs between any two.
    const own = await clusterToken(client, cluster, {}, new Date());
    expect(shapeOf(own)).toEqual(shapeOf(bearer));
    expect((await call({ bearer: own })).status).toBe(200);
  });

  test('is good for fifteen minutes, by the machine and by the clock of the sandbox', async () => {
    const minutes = (count: number) => new Date(Date.now() - count * 60_000);
    expect((await call({ bearer: await token(cluster, minutes(14)) })).status).toBe(200);
    expect((await call({ bearer: await token(cluster, minutes(16)) })).status).toBe(401);
    expect((await call({ bearer: await token(cluster, stage.clock.now()) })).status).toBe(200);
  });

  test('is good for one cluster, and not a letter of it may change', async () => {
    expect((await call({ bearer: await token('other') })).status).toBe(401);
    const good = await token();
    const url = Buffer.from(good.slice('k8s-aws-v1.'.length), 'base64url').toString();
    const changed = [
      (text: string) => text.replace('X-Amz-Expires=60', 'X-Amz-Expires=900'),
      (text: string) => text.replace('X-Amz-Expires=60', 'X-Amz-Expires=901'),
      (text: string) => text.replace('GetCallerIdentity', 'AssumeRole'),
      (text: string) => `${text}&RoleArn=x`,
      (text: string) => `${text}&Action=GetCallerIdentity`,
      (text: string) => text.replace('127.0.0.1', 'sts.example.com'),
      (text: string) => text.replace(/:\d+\//, ':1/'),
      (text: string) => text.replace('/?', '/x?'),
      (text: string) => text.replace(/X-Amz-Signature=\w{4}/, 'X-Amz-Signature=0000'),
      (text: string) => text.replace('host%3Bx-k8s-aws-id', 'host'),
      (text: string) => text.replace(/&X-Amz-Security-Token=[^&]*/, ''),
      (text: string) => text.replace(/LOCALROLE\w+/, 'AKIAIOSFODNN7EXAMPLE'),
    ];
    const statuses = changed.map(async (change) => {
      expect(change(url)).not.toBe(url);
      const bearer = `k8s-aws-v1.${Buffer.from(change(url)).toString('base64url')}`;
      return (await call({ bearer })).status;
    });
    expect(await Promise.all(statuses)).toEqual(changed.map(() => 401));
    for (const bearer of [good.replace('v1', 'v2'), `${good}=`, 'nonsense', 'k8s-aws-v1.']) {
      expect((await call({ bearer })).status).toBe(401);
    }
  });
});

test.each([
  ['another action', { Action: 'GetSessionToken' }, 'host', 60],
  ['a parameter more', { Action: 'GetCallerIdentity', Policy: '{}' }, 'host', 60],
  ['too long a life', { Action: 'GetCallerIdentity' }, 'host', 901],
  ['another host', { Action: 'GetCallerIdentity' }, 'sts.example.com', 60],
])('a token signed well for %s is refused', async (_, query, where, expiresIn) => {
  const { host } = new URL(stage.environment.AWS_ENDPOINT_URL);
  const at = where === 'host' ? host : where;
  const headers = { host: at, 'x-k8s-aws-id': cluster };
  const credentials = stage.role('Rollout');
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const asked = { Version: '2011-06-15', ...query };
  const sent = { method: 'GET', protocol: 'http:', hostname: at, path: '/', headers, query: asked };
  const signed = await signer.presign(sent, { expiresIn });
  const url = `http://${at}/?${new URLSearchParams(signed.query as Record<string, string>)}`;
  const bearer = `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
  expect((await call({ bearer })).status).toBe(401);
});

/** Everything of a token but who signed when. */
function shapeOf(bearer: string): object {
  const { origin, pathname, searchParams } = new URL(
    Buffer.from(bearer.slice('k8s-aws-v1.'.length), 'base64url').toString(),
  );
  const ofEach = /^X-Amz-(Credential|Date|Signature|Security-Token)$/;
  const entries = [...searchParams].map(([name, value]) => [name, ofEach.test(name) ? '…' : value]);
  return { origin, pathname, query: Object.fromEntries(entries) };
}

describe('a refusal', () => {
  test('of a token is Unauthorized, of nobody at all Forbidden', async () => {
    expect((await call({ bearer: 'x' })).json()).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    });
    expect((await call({ bearer: undefined })).json()).toMatchObject({
      code: 403,
      message:
        'deployments.apps "web" is forbidden: User "system:anonymous" cannot get resource "deployments" in API group "apps" in the namespace "shop"',
      details: { name: 'web', group: 'apps', kind: 'deployments' },
    });
  });

  test('of what a rule does not name comes before whether it is there', async () => {
    stage.eks.putAccessEntry({
      cluster,
      principalArn: `arn:aws:iam::${account}:role/functions/Rollout`,
      rules: [{ verbs: ['get'], resource: 'deployments', namespace, name: 'web' }],
    });
    const statuses = [web, jwt, web.replace('web', 'none'), web.replace(namespace, 'other')];
    const answers = await Promise.all(statuses.map((path) => call({ path })));
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 403, 403]);
    const patch = { type: merge, body: '{}' };
    expect((await call({ patch })).status).toBe(403);
  });

  test.each([
    [
      'a version nobody serves',
      { path: web.replace('apps/v1', 'apps/v2') },
      404,
      '404 page not found\n',
    ],
    [
      'what Kubernetes has and the sandbox has not',
      { path: '/api/v1/secrets' },
      501,
      'NotSimulated',
    ],
    [
      'a strategic merge of a custom resource',
      { path: jwt, patch: { type: strategic, body: '{}' } },
      415,
      'UnsupportedMediaType',
    ],
    [
      'lists in a strategic merge',
      { patch: { type: strategic, body: '{"spec":{"template":{"spec":{"containers":[]}}}}' } },
      501,
      'NotSimulated',
    ],
    [
      'JSON Patch',
      { patch: { type: 'application/json-patch+json', body: '[]' } },
      501,
      'NotSimulated',
    ],
    ['what is no JSON', { patch: { type: merge, body: '{' } }, 400, 'BadRequest'],
  ])('of %s', async (_, sent, status, text) => {
    const answer = await call(sent);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(text);
  });
});

describe('a patch', () => {
  test('changes what is wanted, and nothing that is the server’s', async () => {
    const body = JSON.stringify({
      metadata: { name: 'x', generation: 9, uid: 'x', annotations: { team: 'blue' } },
      spec: { template: { metadata: { annotations: { a: '1', b: null } } } },
      status: { replicas: 9 },
    });
    const patch = { type: strategic, body };
    const patched = (await call({ patch })).json();
    expect(patched).toMatchObject({
      metadata: { name: 'web', generation: 2, annotations: { team: 'blue' } },
      spec: {
        replicas: 2,
        template: { metadata: { annotations: { a: '1' }, labels: { app: 'web' } } },
      },
      status: { observedGeneration: 1, replicas: 2 },
    });
    expect((await call()).json()).toEqual(patched);
  });

  test('takes away what it sets to null', async () => {
    const set = async (value: string | null) => {
      const body = JSON.stringify({ metadata: { annotations: { a: value, b: '1' } } });
      return (await call({ patch: { type: merge, body } })).json();
    };
    expect(await set('1')).toMatchObject({ metadata: { annotations: { a: '1', b: '1' } } });
    expect(await set(null)).toHaveProperty('metadata.annotations', { b: '1' });
  });

  test('of annotations alone is no generation, and of nothing no rollout', async () => {
    const body = JSON.stringify({ metadata: { annotations: { team: 'blue' } } });
    const patched = (await call({ patch: { type: merge, body } })).json();
    expect(patched).toMatchObject({ metadata: { generation: 1 } });
    await stage.clock.settle();
    expect((await call()).json()).toEqual(patched);
  });

  test('of the template is told as `kubectl rollout status` reads it, without zeros', async () => {
    const body = JSON.stringify({ spec: { template: { metadata: { annotations: { a: '2' } } } } });
    await call({ patch: { type: merge, body } });
    await stage.after(1);
    const { status } = (await call()).json() as { status: { conditions: object[] } };
    expect(status).toMatchObject({ replicas: 3, updatedReplicas: 1, unavailableReplicas: 1 });
    expect(status.conditions).toMatchObject([
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' },
    ]);
    await stage.after(30);
    const over = (await call()).json() as { status: { conditions: object[] } };
    expect(over.status).not.toHaveProperty('unavailableReplicas');
    expect(over.status.conditions[1]).toMatchObject({ reason: 'NewReplicaSetAvailable' });
  });
});

describe('who listens for pods', () => {
  const annotate = (value: string) => ({
    type: merge,
    body: JSON.stringify({ spec: { template: { metadata: { annotations: { at: value } } } } }),
  });
  const conditions = async () =>
    ((await call()).json() as { status: { conditions: { reason: string }[] } }).status.conditions;

  test('is awaited before they are available', async () => {
    let comeUp = (): void => undefined;
    const up = new Promise<void>((resolve) => {
      comeUp = resolve;
    });
    let end = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      end = stage.eks.onPods(() => {
        resolve();
        return up;
      });
    });
    await call({ patch: annotate('1') });
    const moved = stage.after(60);
    await asked;
    // The clock waits for whoever listens, and with it everything that comes later.
    expect((await conditions())[1]?.reason).toBe('ReplicaSetUpdated');
    comeUp();
    await moved;
    end();
    expect((await conditions())[1]?.reason).toBe('NewReplicaSetAvailable');
  });

  test('and cannot start them has pods that never are', async () => {
    const end = stage.eks.onPods(async () => {
      throw new Error('the new process does not come up');
    });
    await call({ patch: annotate('1') });
    await stage.after(601);
    end();
    expect((await conditions())[1]).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    });
  });
});

test('calls stand in the request log, by whom, and what was changed', async () => {
  await call({ patch: { type: merge, body: '{"spec":{"replicas":4}}' } });
  expect(stage.requests.all().at(-1)).toMatchObject({
    principal: `arn:aws:iam::${account}:role/functions/Rollout`,
    service: 'kubernetes',
    operation: 'patchDeployments',
    input: { cluster, namespace, name: 'web', patch: { spec: { replicas: 4 } } },
    status: 200,
  });
});
