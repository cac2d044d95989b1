/**
 * Deployments in EKS. What pods read at their start comes from Secrets of the cluster, so those that the External
 * Secrets Operator copies are copied first: pods that start before it has would start with the old value.
 */
import type { KubernetesDoor, KubernetesTarget } from '../../../doors/kubernetes.ts';
import { rolloutOf } from '../../../doors/kubernetes-deployment.ts';
import { KubernetesError } from '../../../doors/kubernetes-error.ts';
import { type ExternalSecretState, isSynced } from '../../../doors/kubernetes-external-secret.ts';
import { RestartRefusedError } from '../errors.ts';
import type { ConsumerPlatform, Looked, Restart, Target } from '../platform.ts';

export interface KubernetesTools {
  kubernetes: KubernetesDoor;
}

type Deployment = Target<'kubernetes'>;
const placeOf = ({ cluster, namespace, deployment }: Deployment): KubernetesTarget => ({
  cluster,
  namespace,
  name: deployment,
});

export function kubernetesPlatform({ kubernetes }: KubernetesTools): ConsumerPlatform<Deployment> {
  /** @returns names of those that have not copied since this restart asked for it */
  async function unsynced(target: Deployment, { at }: Restart): Promise<string[]> {
    const left: string[] = [];
    for (const name of target.externalSecrets) {
      const place = { cluster: target.cluster, namespace: target.namespace, name };
      const state = await kubernetes.lookExternalSecret(place);
      const before = copiedBefore(state, at);
      if (before === undefined) {
        await kubernetes.syncExternalSecret(place, markerOf(at, state));
        left.push(name);
      } else if (!isSynced({ ...state, syncedVersion: before }, state, state.marker ?? '')) {
        left.push(name);
      }
    }
    return left;
  }

  return {
    async restart(target, restart) {
      const left = await unsynced(target, restart);
      if (left.length > 0) {
        return { waiting: `external secrets have not been copied yet: ${left.join(', ')}` };
      }
      try {
        return { id: `generation ${await kubernetes.restart(placeOf(target), restart.at)}` };
      } catch (error) {
        if (error instanceof KubernetesError && error.reason === 'Paused') {
          throw new RestartRefusedError(
            restart.consumer,
            `deployment ${target.namespace}/${target.deployment} is paused`,
            'Resume it (kubectl rollout resume), then resume the rotation.',
          );
        }
        throw error;
      }
    },

    async look(target, id) {
      const state = await kubernetes.look(placeOf(target));
      const generation = Number(id.replace(/\D/g, ''));
      const { desired, updated, available, replicas } = state;
      const detail = `${updated} of ${desired} pods are new, ${available} available, ${replicas} in all`;
      if (state.observedGeneration < generation) return { state: 'inProgress', detail };
      const found = rolloutOf(state);
      return {
        state: found === 'progressing' ? 'inProgress' : found,
        detail: found === 'failed' ? `${detail}; its progress deadline is exceeded` : detail,
      };
    },

    counts: {
      read: async (target) => ({ desired: (await kubernetes.look(placeOf(target))).desired }),
      stop: (target) => scaled(target, 0),
      start: (target, { desired }) => scaled(target, desired),
    },
  };

  async function scaled(target: Deployment, desired: number): Promise<Looked> {
    const place = placeOf(target);
    const before = await kubernetes.look(place);
    if (before.desired !== desired) await kubernetes.scale(place, desired);
    const state = await kubernetes.look(place);
    const isOver =
      state.desired === desired &&
      state.observedGeneration >= state.generation &&
      state.replicas === desired &&
      state.available === desired;
    return {
      state: isOver ? 'steady' : 'inProgress',
      detail: `${state.replicas} pods, ${state.available} available, ${desired} wanted`,
    };
  }
}

/** The state that was copied last stands in the marker itself: so nothing has to be kept from call to call. */
const markerOf = (at: Date, { syncedVersion }: ExternalSecretState): string =>
  `${at.toISOString()} after ${syncedVersion ?? 'none'}`;

/** Undefined: the marker is not this restart's. */
function copiedBefore({ marker }: ExternalSecretState, at: Date): string | undefined {
  const start = `${at.toISOString()} after `;
  return marker?.startsWith(start) ? marker.slice(start.length) : undefined;
}
