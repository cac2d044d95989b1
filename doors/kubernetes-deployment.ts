/** A Deployment as Kubernetes tells it, and when its rollout is over. */
import * as z from 'zod';

/** Sent by `kubectl rollout restart`, too: a pod template with another value here is another template. */
export const restartedAtAnnotation = 'kubectl.kubernetes.io/restartedAt';

export interface DeploymentState {
  /** Counts changes of what is wanted. */
  generation: number;
  /** The generation that the counts below are about. */
  observedGeneration: number;
  /** Pods that are wanted. */
  desired: number;
  /** Pods there are. */
  replicas: number;
  /** Of the newest template. */
  updated: number;
  /** Ready for long enough. */
  available: number;
  unavailable: number;
  /** No progress for `progressDeadlineSeconds`; Kubernetes goes on trying and undoes nothing by itself. */
  deadlineExceeded: boolean;
  /** Changes of the template start no rollout until it is resumed. */
  paused: boolean;
  /** Of the last restart, whoever asked for it. */
  restartedAt?: Date | undefined;
}

/** Zeros are left out of a status (DeploymentStatus, "omitempty"). */
const count = z.number().int().nonnegative().default(0);

const deploymentSchema = z.object({
  metadata: z.object({ generation: z.number().int() }),
  spec: z.object({
    replicas: z.number().int().nonnegative().default(1),
    paused: z.boolean().default(false),
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }).nullish(),
    }),
  }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      unavailableReplicas: count,
      conditions: z
        .array(z.object({ type: z.string(), reason: z.string().optional() }))
        .default([]),
    })
    .prefault({}),
});

/** @throws ZodError */
export function parseDeployment(answer: unknown): DeploymentState {
  const { metadata, spec, status } = deploymentSchema.parse(answer);
  const restartedAt = spec.template.metadata?.annotations?.[restartedAtAnnotation];
  return {
    generation: metadata.generation,
    observedGeneration: status.observedGeneration,
    desired: spec.replicas,
    replicas: status.replicas,
    updated: status.updatedReplicas,
    available: status.availableReplicas,
    unavailable: status.unavailableReplicas,
    deadlineExceeded: status.conditions.some(
      ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
    ),
    paused: spec.paused,
    restartedAt: instant(restartedAt),
  };
}

/** A person may have written anything there. */
function instant(text: string | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * - steady:      every pod wanted is of the newest template and available, no other is left
 * - failed:      the deadline of this generation is exceeded
 * - progressing: neither yet; also while the status still tells of an earlier generation
 *
 * In the order in which `kubectl rollout status` looks.
 */
export function rolloutOf(state: DeploymentState): 'steady' | 'failed' | 'progressing' {
  if (state.observedGeneration < state.generation) return 'progressing';
  if (state.deadlineExceeded) return 'failed';
  const { desired, replicas, updated, available } = state;
  return updated >= desired && replicas <= updated && available >= updated
    ? 'steady'
    : 'progressing';
}
