/** When a rollout is over, and when a copy was made: what the door says of what a cluster answered. */
import { describe, expect, test } from '@jest/globals';
import { parseDeployment, rolloutOf } from '../../doors/kubernetes-deployment.ts';
import { isSynced, parseExternalSecret } from '../../doors/kubernetes-external-secret.ts';

const annotations = { 'kubectl.kubernetes.io/restartedAt': '2031-05-17T19:00:00+02:00' };
const web = {
  metadata: { generation: 3 },
  spec: { replicas: 2, template: { metadata: { annotations } } },
};
const steady = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const exceeded = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };

describe('a rollout', () => {
  test.each([
    ['steady', 'every pod is new and available', steady],
    ['progressing', 'an earlier generation is told', { ...steady, observedGeneration: 2 }],
    ['progressing', 'new pods are missing', { ...steady, updatedReplicas: 1 }],
    ['progressing', 'a pod of before is left', { ...steady, replicas: 3 }],
    ['progressing', 'a new pod is not available', { ...steady, availableReplicas: 1 }],
    ['progressing', 'nothing is told', undefined],
    ['failed', 'the deadline is exceeded', { ...steady, conditions: [exceeded] }],
    [
      'progressing',
      'the deadline of a generation before was exceeded',
      { ...steady, observedGeneration: 2, conditions: [exceeded] },
    ],
  ])('is %s when %s', (expected, _, status) => {
    expect(rolloutOf(parseDeployment({ ...web, status }))).toBe(expected);
  });

  test('was asked for at an instant, whatever its zone; what is no instant is none', () => {
    const at = new Date('2031-05-17T17:00:00Z');
    expect(parseDeployment({ ...web, status: steady }).restartedAt).toEqual(at);
    const odd = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'today' } } };
    const spec = { ...web.spec, template: odd };
    expect(parseDeployment({ ...web, spec, status: steady }).restartedAt).toBeUndefined();
  });
});

describe('a copy', () => {
  const told = (version: string, ready: 'True' | 'False', marker?: string) =>
    parseExternalSecret({
      metadata: { annotations: marker ? { 'force-sync': marker } : null },
      status: {
        refreshTime: '2031-05-17T17:00:00Z',
        syncedResourceVersion: version,
        conditions: [{ type: 'Ready', status: ready, reason: 'SecretSynced' }],
      },
    });
  const before = told('1-a', 'True');

  test('is made when the operator has seen the marker, though its clock shows the same second', () => {
    expect(isSynced(before, told('1-b', 'True', 'v2'), 'v2')).toBe(true);
    expect(isSynced(before, told('1-a', 'True', 'v2'), 'v2')).toBe(false);
  });

  test('is in doubt when the last attempt failed, or somebody set another marker', () => {
    expect(isSynced(before, told('1-b', 'False', 'v2'), 'v2')).toBe(false);
    expect(isSynced(before, told('1-b', 'True', 'v1'), 'v2')).toBe(false);
  });

  test('that was never made has neither time nor version', () => {
    const never = parseExternalSecret({ metadata: {} });
    expect(never).toEqual({ ready: false });
    expect(isSynced(never, told('1-a', 'True', 'v2'), 'v2')).toBe(true);
  });
});
