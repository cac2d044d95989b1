/** The door as deployed: EKS over HTTP, the cluster's API over TLS, tokens verified as a cluster verifies them. */
import type { EKSClient } from '@aws-sdk/client-eks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { kubernetes } from '../../doors/kubernetes.ts';
import { rolloutOf } from '../../doors/kubernetes-deployment.ts';
import { isSynced } from '../../doors/kubernetes-external-secret.ts';
import type { PodChange } from '../../sandbox/eks/existing.ts';
import { cluster, namespace, startClusters } from '../sandbox/eks/clusters.ts';

let stage: Awaited<ReturnType<typeof startClusters>>;
const clients: EKSClient[] = [];
beforeAll(async () => {
  stage = await startClusters();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await stage?.stop();
});

const target = { cluster, namespace, name: 'web' };
const at = new Date('2031-05-17T17:00:00.123Z');
let pauses: number[];
beforeEach(() => {
  pauses = [];
  stage.admit('Rollout', 'get', 'patch');
  stage.eks.putDeployment({ ...target, replicas: 3 });
});
afterEach(() => stage.faults.clear());

function door(role = 'Rollout', now = () => new Date()) {
  const client = stage.clientOf(role);
  clients.push(client);
  const sleep = async (pause: number) => void pauses.push(pause);
  return kubernetes({ client, environment: stage.environment, clock: { now, sleep } });
}

const refusal = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: Error) => error,
  );

describe('a restart', () => {
  test('replaces every pod and is over when the last one is available', async () => {
    const { restart, look } = door();
    expect(rolloutOf(await look(target))).toBe('steady');
    expect(await restart(target, at)).toBe(2);
    // The counts still tell of the pods before: nothing was observed yet.
    const asked = await look(target);
    expect(asked).toMatchObject({ generation: 2, observedGeneration: 1, updated: 3, available: 3 });
    expect([asked.restartedAt, rolloutOf(asked)]).toEqual([at, 'progressing']);
    await stage.after(1);
    const underWay = await look(target);
    expect(underWay).toMatchObject({
      observedGeneration: 2,
      replicas: 4,
      updated: 1,
      available: 3,
    });
    expect([underWay.unavailable, rolloutOf(underWay)]).toEqual([1, 'progressing']);
    await stage.after(30);
    const over = await look(target);
    expect(over).toMatchObject({ replicas: 3, updated: 3, available: 3, unavailable: 0 });
    expect(rolloutOf(over)).toBe('steady');
  });

  test('asked for twice with one instant is one rollout', async () => {
    const begun: PodChange[] = [];
    const end = stage.eks.onPods((change) => void begun.push(change));
    const { restart } = door();
    expect([await restart(target, at), await restart(target, at)]).toEqual([2, 2]);
    await stage.clock.settle();
    end();
    expect(begun).toMatchObject([{ deployment: 'web', cause: 'rollout', generation: 2 }]);
  });

  test('whose pods never come up fails when its deadline is exceeded, and a later one heals it', async () => {
    stage.eks.putDeployment({
      ...target,
      progressDeadlineSeconds: 120,
      behaviour: { pods: 'fail' },
    });
    const { restart, look } = door();
    await restart(target, at);
    await stage.after(120);
    expect(rolloutOf(await look(target))).toBe('progressing');
    await stage.after(1);
    const failed = await look(target);
    expect(failed).toMatchObject({ deadlineExceeded: true, available: 2, unavailable: 1 });
    expect(rolloutOf(failed)).toBe('failed');
    stage.eks.behave({ ...target, behaviour: { pods: 'start', steadyAfterSeconds: 5 } });
    await restart(target, new Date(at.getTime() + 1));
    expect(rolloutOf(await look(target))).toBe('progressing');
    await stage.after(6);
    expect(rolloutOf(await look(target))).toBe('steady');
  });

  test('of a paused deployment is refused, for it would start nothing', async () => {
    stage.eks.putDeployment({ ...target, paused: true });
    const { restart, look } = door();
    expect(await refusal(restart(target, at))).toMatchObject({
      code: 'ERR_ROTATION_KUBERNETES',
      reason: 'Paused',
      message: expect.stringContaining('kubectl rollout resume deployment/web -n shop'),
    });
    expect(await look(target)).toMatchObject({ generation: 1, paused: true });
  });
});

test('a deployment is scaled to nothing and up again', async () => {
  const { scale, look } = door();
  expect(await scale(target, 0)).toBe(2);
  await stage.after(1);
  expect(await look(target)).toMatchObject({ desired: 0, replicas: 0, updated: 0, available: 0 });
  expect(rolloutOf(await look(target))).toBe('steady');
  expect(await scale(target, 3)).toBe(3);
  await stage.after(1);
  expect(await look(target)).toMatchObject({ desired: 3, available: 0, unavailable: 3 });
  await stage.after(30);
  expect(rolloutOf(await look(target))).toBe('steady');
});

describe('an external secret', () => {
  const secret = { cluster, namespace, name: 'jwt' };

  test('is copied once more after a marker, and says so by another version', async () => {
    stage.eks.putExternalSecret(secret);
    const { syncExternalSecret, lookExternalSecret } = door();
    const before = await lookExternalSecret(secret);
    expect(before).toMatchObject({ ready: true, reason: 'SecretSynced', marker: undefined });
    await syncExternalSecret(secret, 'v2');
    await stage.after(4);
    expect(isSynced(before, await lookExternalSecret(secret), 'v2')).toBe(false);
    await syncExternalSecret(secret, 'v2');
    await stage.after(1);
    const after = await lookExternalSecret(secret);
    expect(after).toMatchObject({ ready: true, marker: 'v2', refreshTime: stage.clock.now() });
    expect(isSynced(before, after, 'v2')).toBe(true);
    expect(isSynced(before, after, 'v3')).toBe(false);
  });

  test('that cannot be copied is not ready, and is as soon as it can', async () => {
    stage.eks.putExternalSecret({ ...secret, behaviour: { sync: 'fails' } });
    const { syncExternalSecret, lookExternalSecret } = door();
    const before = await lookExternalSecret(secret);
    await syncExternalSecret(secret, 'v2');
    await stage.after(5);
    const failing = await lookExternalSecret(secret);
    expect(failing).toMatchObject({ ready: false, reason: 'SecretSyncedError' });
    expect(failing.refreshTime).toEqual(before.refreshTime);
    expect(isSynced(before, failing, 'v2')).toBe(false);
    stage.eks.behaveSync({ ...secret, behaviour: { sync: 'succeeds' } });
    await stage.after(10);
    expect(isSynced(before, await lookExternalSecret(secret), 'v2')).toBe(true);
  });

  test('of an operator that serves v1beta1 only is found there; without an operator it is missed', async () => {
    const { eks } = stage;
    for (const version of ['v1beta1', 'none'] as const) {
      await eks.putCluster({ name: version, externalSecretsVersion: version });
      const principalArn = 'arn:aws:iam::000000000000:role/Rollout';
      const rules = [{ verbs: ['get', 'patch'], resource: 'externalsecrets' }] as const;
      eks.putAccessEntry({ cluster: version, principalArn, rules });
      eks.putExternalSecret({ ...secret, cluster: version });
    }
    const { syncExternalSecret, lookExternalSecret } = door();
    await syncExternalSecret({ ...secret, cluster: 'v1beta1' }, 'v2');
    expect(await lookExternalSecret({ ...secret, cluster: 'v1beta1' })).toMatchObject({
      marker: 'v2',
    });
    expect(await refusal(lookExternalSecret({ ...secret, cluster: 'none' }))).toMatchObject({
      status: 404,
      message: expect.stringContaining('without the External Secrets Operator there is none'),
    });
  });
});

describe('a refusal', () => {
  test('names the access entry that is missing', async () => {
    const error = await refusal(door('Stranger').look(target));
    expect(error).toMatchObject({ name: 'KubernetesError', status: 401, reason: 'Unauthorized' });
    expect(error.message).toContain('aws eks create-access-entry --cluster-name prod');
  });

  test('names the rule that is missing', async () => {
    stage.admit('Rollout', 'get');
    const error = await refusal(door().restart(target, at));
    expect(error).toMatchObject({ status: 403, reason: 'Forbidden' });
    expect(error.message).toContain('cannot patch resource "deployments" in API group "apps"');
    expect(error.message).toContain(
      'apiGroups ["apps"], resources ["deployments"], resourceNames ["web"], verbs ["get", "patch"]',
    );
  });

  test('names what is not there: a deployment, a cluster', async () => {
    const missing = await refusal(door().look({ ...target, name: 'none' }));
    expect(missing).toMatchObject({ status: 404, reason: 'NotFound' });
    expect(missing.message).toContain('deployments.apps "none" not found');
    const nowhere = await refusal(door().look({ ...target, cluster: 'nowhere' }));
    expect(nowhere).toMatchObject({ awsCode: 'ResourceNotFoundException' });
  });

  test('of a number of pods that is none tells why', async () => {
    const error = await refusal(door().scale(target, -1));
    expect(error).toMatchObject({ status: 422, reason: 'Invalid' });
    expect(error.message).toContain('spec.replicas: Invalid value: -1');
  });

  test.each([
    ['../../v1', 'web'],
    ['shop', 'web/scale'],
    ['shop', 'web?watch=1'],
    ['Shop', 'web'],
    ['a.b', 'web'],
    ['', 'web'],
    ['shop', '..'],
  ])('of the name %j/%j comes before the cluster is asked', async (space, name) => {
    const before = stage.requests.all().length;
    const error = await refusal(door().look({ cluster, namespace: space, name }));
    expect(error).toMatchObject({ reason: 'InvalidName' });
    expect(stage.requests.all()).toHaveLength(before);
  });

  test('of a token that is too old holds nothing of the token', async () => {
    const error = await refusal(
      door('Rollout', () => new Date(Date.now() - 16 * 60_000)).look(target),
    );
    expect(error).toMatchObject({ status: 401 });
    expect(`${error.message}${error.stack}${error.cause}`).not.toMatch(/k8s-aws-v1|X-Amz/);
  });
});

describe('a request', () => {
  test('whose answer is lost is sent again, and has one effect', async () => {
    const { fired } = stage.faults.inject({
      service: 'kubernetes',
      operation: 'patchDeployments',
      when: 'after',
      error: 'connectionReset',
      times: 2,
    });
    expect(await door().restart(target, at)).toBe(2);
    expect([fired(), pauses]).toEqual([2, [100, 300]]);
  });

  test('is given up in the end, with where it went and what to look at', async () => {
    stage.faults.inject({ service: 'kubernetes', operation: 'getDeployments', when: 'before' });
    const error = await refusal(door().look(target));
    expect(error).toMatchObject({
      name: 'KubernetesUnansweredError',
      code: 'ERR_ROTATION_KUBERNETES_UNANSWERED',
      reason: 'ECONNRESET',
    });
    expect(error.message).toContain(new URL(stage.api).host);
    expect(pauses).toEqual([100, 300, 900]);
  });

  test('to a busy server waits, too; one that is refused does not', async () => {
    const busy = { code: 'TooManyRequests', message: 'too many requests', status: 429 };
    const operation = 'getDeployments';
    stage.faults.inject({
      service: 'kubernetes',
      operation,
      when: 'before',
      error: busy,
      times: 1,
    });
    expect(await door().look(target)).toMatchObject({ generation: 1 });
    expect(pauses).toEqual([100]);
    await refusal(door('Stranger').look(target));
    expect(pauses).toEqual([100]);
  });

  test('to a cluster that was made anew finds it the next time', async () => {
    const moved = { ...target, cluster: 'moved' };
    const principalArn = 'arn:aws:iam::000000000000:role/Rollout';
    const rules = [{ verbs: ['get'], resource: 'deployments' }] as const;
    const make = async () => {
      await stage.eks.putCluster({ name: 'moved' });
      stage.eks.putAccessEntry({ cluster: 'moved', principalArn, rules });
      stage.eks.putDeployment(moved);
    };
    await make();
    const one = door();
    await one.look(moved);
    await make();
    expect(await refusal(one.look(moved))).toMatchObject({ name: 'KubernetesUnansweredError' });
    expect(await one.look(moved)).toMatchObject({ generation: 1 });
  });

  test('asks EKS once where the cluster is', async () => {
    const described = () =>
      stage.iam.asked.filter(({ check }) => check.action === 'eks:DescribeCluster').length;
    const before = described();
    const one = door();
    await Promise.all([one.look(target), one.look(target)]);
    await one.look(target);
    expect(described() - before).toBe(1);
  });
});
