/** `.status` of a Deployment: counts without zeros, and the conditions that `kubectl rollout status` goes by. */
import { timestamp } from './status.ts';

export interface Pods {
  /** Available, of a template before. */
  old: number;
  /** Available, of the newest template. */
  fresh: number;
  /** Of the newest template, not available yet. */
  pending: number;
}

export type Progress = 'done' | 'under way' | 'deadline exceeded';

export interface DeploymentFacts {
  name: string;
  /** Hash of the newest template. */
  template: string;
  observedGeneration: number;
  pods: Pods;
  wanted: number;
  progress: Progress;
  /** When progress last changed. */
  changed: Date;
}

export function deploymentStatus(facts: DeploymentFacts): object {
  const { old, fresh, pending } = facts.pods;
  return {
    ...withoutZeros({
      observedGeneration: facts.observedGeneration,
      replicas: old + fresh + pending,
      updatedReplicas: fresh + pending,
      readyReplicas: old + fresh,
      availableReplicas: old + fresh,
      unavailableReplicas: pending,
    }),
    conditions: [available(facts), progressing(facts)],
  };
}

/** "omitempty" on every count of DeploymentStatus (k8s.io/api/apps/v1). */
const withoutZeros = (counts: Record<string, number>): object =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));

function available({ pods: { old, fresh }, wanted, changed }: DeploymentFacts): object {
  // At most 25% of them may be unavailable, rounded down.
  const isAvailable = old + fresh >= wanted - Math.floor(wanted * 0.25);
  return {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    lastUpdateTime: timestamp(changed),
    lastTransitionTime: timestamp(changed),
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${isAvailable ? 'has' : 'does not have'} minimum availability.`,
  };
}

function progressing({ name, template, progress, changed }: DeploymentFacts): object {
  const replicaSet = `ReplicaSet "${name}-${template}"`;
  const [status, reason, message] = {
    done: ['True', 'NewReplicaSetAvailable', `${replicaSet} has successfully progressed.`],
    'under way': ['True', 'ReplicaSetUpdated', `${replicaSet} is progressing.`],
    'deadline exceeded': [
      'False',
      'ProgressDeadlineExceeded',
      `${replicaSet} has timed out progressing.`,
    ],
  }[progress];
  const at = timestamp(changed);
  return {
    type: 'Progressing',
    status,
    lastUpdateTime: at,
    lastTransitionTime: at,
    reason,
    message,
  };
}
