/** What Kubernetes, Lambda and webhooks show of a restart, and what that means for the consumer. */
import { describe, expect, test } from '@jest/globals';
import type { DeploymentState } from '../../../doors/kubernetes-deployment.ts';
import { KubernetesError } from '../../../doors/kubernetes-error.ts';
import type { ExternalSecretState } from '../../../doors/kubernetes-external-secret.ts';
import type { WebhookMessage } from '../../../doors/webhook.ts';
import type { Looked, Restart, Target } from '../../../lambdas/rollout/platform.ts';
import { kubernetesPlatform } from '../../../lambdas/rollout/platforms/kubernetes.ts';
import { lambdaPlatform, marked } from '../../../lambdas/rollout/platforms/lambda.ts';
import { webhookPlatform } from '../../../lambdas/rollout/platforms/webhook.ts';
import { jwt, v1 } from './world.ts';

const at = new Date('2026-05-17T17:00:10Z');
const later = new Date('2026-05-17T17:01:00Z');
const earlier = new Date('2026-05-17T16:59:00Z');
const restart: Restart = {
  ...{ consumer: 'api', at, id: `${v1}/publish/api` },
  ...{ secretName: jwt, versionId: v1, round: 'publish' },
};

describe('a Kubernetes deployment', () => {
  const target: Target<'kubernetes'> = {
    ...{ by: 'kubernetes', cluster: 'main', namespace: 'shop', deployment: 'api' },
    externalSecrets: [],
  };
  const place = { cluster: 'main', namespace: 'shop', name: 'api' };
  const settled: DeploymentState = {
    ...{ generation: 2, observedGeneration: 2, desired: 2, replicas: 2, updated: 2 },
    ...{ available: 2, unavailable: 0, deadlineExceeded: false, paused: false },
  };
  function platform(state: Partial<DeploymentState>, more: object = {}) {
    const scaled: object[] = [];
    const door = {
      look: async () => ({ ...settled, ...state }),
      scale: async (of: object, replicas: number) => scaled.push({ ...of, replicas }),
      ...more,
    };
    return { ...kubernetesPlatform({ kubernetes: door as never }), scaled };
  }
  const pods = '2 of 2 pods are new, 2 available, 2 in all';

  test.each<[string, Partial<DeploymentState>, Looked]>([
    ['every pod is new', {}, { state: 'steady', detail: pods }],
    [
      'the status still tells of the generation before',
      { observedGeneration: 1 },
      { state: 'inProgress', detail: pods },
    ],
    [
      'a later change is under way, ours is observed',
      { generation: 3 },
      { state: 'inProgress', detail: pods },
    ],
    [
      'the status still tells of the deadline of the generation before',
      { generation: 1, observedGeneration: 1, deadlineExceeded: true },
      { state: 'inProgress', detail: pods },
    ],
    [
      'pods are being replaced',
      { updated: 1, available: 1, replicas: 3 },
      { state: 'inProgress', detail: '1 of 2 pods are new, 1 available, 3 in all' },
    ],
    [
      'Kubernetes gives up waiting',
      { deadlineExceeded: true },
      { state: 'failed', detail: `${pods}; its progress deadline is exceeded` },
    ],
  ])('of which %s', async (_, state, expected) => {
    const { look } = platform(state);
    expect(await look(target, 'generation 2', restart)).toEqual(expected);
  });

  test.each<[string, Partial<DeploymentState>, Looked['state']]>([
    ['all pods are gone', {}, 'steady'],
    ['a pod is still there', { replicas: 1 }, 'inProgress'],
    ['a pod still answers', { available: 1 }, 'inProgress'],
    ['the status tells of the generation before', { observedGeneration: 1 }, 'inProgress'],
    ['somebody scaled it out again at once', { desired: 2 }, 'inProgress'],
  ])('that is stopped, of which %s', async (_, more, state) => {
    const stopped = { desired: 0, replicas: 0, updated: 0, available: 0, ...more };
    const { counts, scaled } = platform(stopped);
    const { replicas, available } = stopped;
    expect(await counts?.stop(target)).toEqual({
      state,
      detail: `${replicas} pods, ${available} available, 0 wanted`,
    });
    // One that is at 0 already is not told again: each change is a generation of its own.
    expect(scaled).toEqual(stopped.desired === 0 ? [] : [{ ...place, replicas: 0 }]);
  });

  test('is started with as many pods as it had', async () => {
    const { counts, scaled } = platform({ desired: 0, replicas: 0, available: 0 });
    expect(await counts?.start(target, { desired: 3 })).toEqual({
      state: 'inProgress',
      detail: '0 pods, 0 available, 3 wanted',
    });
    expect(scaled).toEqual([{ ...place, replicas: 3 }]);
    const running = platform({});
    expect(await running.counts?.start(target, { desired: 2 })).toMatchObject({ state: 'steady' });
    expect(running.scaled).toEqual([]);
  });

  test('that is paused is left alone, and what to do is said; other failures keep their own words', async () => {
    const failing = (error: Error) =>
      platform({}, { restart: async () => Promise.reject(error) }).restart(target, restart);
    await expect(failing(new KubernetesError('paused', 'Paused', 422))).rejects.toMatchObject({
      code: 'ERR_ROTATION_RESTART_REFUSED',
      message:
        'api was not restarted: deployment shop/api is paused. Resume it (kubectl rollout resume), then resume the rotation.',
    });
    const forbidden = new KubernetesError('no right', 'Forbidden', 403);
    await expect(failing(forbidden)).rejects.toBe(forbidden);
    const other = Object.assign(new Error('no way'), { reason: 'Paused' });
    await expect(failing(other)).rejects.toBe(other);
  });

  test('waits for each of its external secrets by name, and marks whom this restart has not marked', async () => {
    const mark = `${at.toISOString()} after `;
    const states: Record<string, ExternalSecretState> = {
      copied: { ready: true, syncedVersion: '2', marker: `${mark}1` },
      first: { ready: true, syncedVersion: '1', marker: `${mark}none` },
      never: { ready: false },
      older: { ready: true, syncedVersion: '2', marker: `${earlier.toISOString()} after 1` },
      same: { ready: true, syncedVersion: '1', marker: `${mark}1` },
      failing: { ready: false, syncedVersion: '2', marker: `${mark}1` },
    };
    const marks: object[] = [];
    const looked: object[] = [];
    const { restart: begin } = platform(
      {},
      {
        lookExternalSecret: async (of: { name: string }) => {
          looked.push(of);
          return states[of.name];
        },
        syncExternalSecret: async (of: { name: string }, marker: string) =>
          marks.push([of.name, marker]),
      },
    );
    const all = { ...target, externalSecrets: Object.keys(states) };
    expect(await begin(all, restart)).toEqual({
      waiting: 'external secrets have not been copied yet: never, older, same, failing',
    });
    expect(marks).toEqual([
      ['never', `${mark}none`],
      ['older', `${mark}2`],
    ]);
    expect(looked[0]).toEqual({ cluster: 'main', namespace: 'shop', name: 'copied' });
  });
});

describe('a Lambda function', () => {
  const target = { by: 'lambda', function: 'labels' } as const;
  const platform = (facts: object) =>
    lambdaPlatform({
      functions: { look: async () => ({ variables: [], revisionId: '1', ...facts }) } as never,
    });

  test.each<[string, string | undefined, Looked]>([
    [
      'Successful',
      undefined,
      { state: 'steady', detail: 'the last update of labels is Successful' },
    ],
    [
      'Failed',
      'the image is gone',
      { state: 'failed', detail: 'the last update of labels is Failed (the image is gone)' },
    ],
    [
      'InProgress',
      undefined,
      { state: 'inProgress', detail: 'the last update of labels is InProgress' },
    ],
  ])('whose last update is %s', async (lastUpdateStatus, lastUpdateReason, expected) => {
    const { look } = platform({ lastUpdateStatus, lastUpdateReason, description: '' });
    expect(await look(target, '', restart)).toEqual(expected);
  });

  test('whose description says this restart already is not touched, even while it is updated', async () => {
    const description = marked('Prints labels', at);
    const { restart: begin } = platform({ description, lastUpdateStatus: 'InProgress' });
    expect(await begin(target, restart)).toEqual({ id: at.toISOString() });
  });

  test.each([
    ['', '[quarterturn 2026-05-17T17:00:10.000Z]'],
    ['Prints', 'Prints [quarterturn 2026-05-17T17:00:10.000Z]'],
    [
      'Prints [quarterturn 2026-01-01T00:00:00.000Z]',
      'Prints [quarterturn 2026-05-17T17:00:10.000Z]',
    ],
    [
      '[quarterturn restarts it] Prints',
      '[quarterturn restarts it] Prints [quarterturn 2026-05-17T17:00:10.000Z]',
    ],
    ['x'.repeat(300), `${'x'.repeat(217)} [quarterturn 2026-05-17T17:00:10.000Z]`],
  ])('described %j is described %j', (description, expected) => {
    expect(marked(description, at)).toBe(expected);
  });
});

describe('a webhook', () => {
  const target: Target<'webhook'> = {
    ...{ by: 'webhook', url: 'https://deploy.example.com/restart?who=api' },
    signingSecret: 'pharmacy/prod/hooks',
  };
  function hooked(status: number, key: string | null = 'whsec_key') {
    const sent: WebhookMessage[] = [];
    const asked: string[] = [];
    const { restart: begin, look } = webhookPlatform({
      webhook: {
        send: async (message: WebhookMessage) => {
          sent.push(message);
          return status;
        },
      } as never,
      secretsManager: {
        getCurrentValue: async (name: string) => {
          asked.push(name);
          return key ?? undefined;
        },
      } as never,
      deployment: 'pharmacy/prod',
      clock: { now: () => later, sleep: async () => undefined },
    });
    return { begin, look, sent, asked };
  }
  const id = `restart_${v1}_publish_api_${at.getTime()}`;

  test('is told who is restarted, for which version and round, in a signed message of this attempt', async () => {
    const { begin, look, sent, asked } = hooked(200);
    expect(await begin(target, restart)).toEqual({ id });
    expect(asked).toEqual(['pharmacy/prod/hooks']);
    const data = { deployment: 'pharmacy/prod', consumer: 'api', secret: jwt };
    expect(sent).toEqual([
      {
        ...{ url: target.url, id, at: later, key: 'whsec_key' },
        body: {
          ...{ type: 'consumer.restart', timestamp: at.toISOString() },
          data: { ...data, versionId: v1, round: 'publish' },
        },
      },
    ]);
    expect(await look(target, id, restart)).toEqual({
      state: 'steady',
      detail: 'the webhook at deploy.example.com has accepted it',
    });
  });

  test.each([200, 204, 299])('that answers %d has accepted', async (status) => {
    expect(await hooked(status).begin(target, restart)).toEqual({ id });
  });

  test.each([429, 500, 503])('that answers %d is asked again later', async (status) => {
    expect(await hooked(status).begin(target, restart)).toEqual({
      waiting: `the webhook at deploy.example.com answered ${status}, expected 2xx`,
    });
  });

  test.each([199, 300, 302, 400, 428, 430, 499])('that answers %d has refused', async (status) => {
    await expect(hooked(status).begin(target, restart)).rejects.toMatchObject({
      code: 'ERR_ROTATION_RESTART_REFUSED',
      message: `api was not restarted: the webhook at deploy.example.com answered ${status}, expected 2xx. Mend it, then resume.`,
    });
  });

  test('without a key to sign with is told nothing', async () => {
    const { sent, begin } = hooked(200, null);
    await expect(begin(target, restart)).rejects.toMatchObject({
      code: 'ERR_ROTATION_RESTART_REFUSED',
      message:
        'api was not restarted: the signing secret pharmacy/prod/hooks has no value. Put one into it, and give the receiver the same; then resume.',
    });
    expect(sent).toEqual([]);
  });
});
