/** The deployment circuit breaker of rolling updates (API_DeploymentCircuitBreaker). */
import { type Deployment, newDeployment } from './deployment.ts';
import type { ExistingService } from './existing-service.ts';

/** "0.5 * desired task count", at least 3 and at most 200 (API_ServiceDeploymentCircuitBreaker). */
const thresholdOf = (desiredCount: number): number =>
  Math.min(200, Math.max(3, Math.ceil(0.5 * desiredCount)));

export const trips = (
  { failedTasks }: Deployment,
  { deploymentConfiguration, deploymentController = 'ECS' }: ExistingService,
  desiredCount: number,
): boolean =>
  deploymentController === 'ECS' &&
  deploymentConfiguration?.deploymentCircuitBreaker?.enable === true &&
  failedTasks >= thresholdOf(desiredCount);

/**
 * "the service is rolled back to the last deployment that completed successfully": a deployment of its own, whose
 * reason names itself.
 * @returns nothing where nobody wants it, where it is the rollback that failed, or where none ever completed
 */
export function rollbackOf(
  failed: Deployment,
  deployments: readonly Deployment[],
  { deploymentConfiguration }: ExistingService,
  now: Date,
): Deployment | undefined {
  const last = deployments.find(({ rolloutState }) => rolloutState === 'COMPLETED');
  const wanted = deploymentConfiguration?.deploymentCircuitBreaker?.rollback === true;
  if (!wanted || failed.isRollback || last === undefined) return undefined;
  const back = newDeployment(last.definition, 'PRIMARY', now);
  return {
    ...back,
    isRollback: true,
    rolloutStateReason: `ECS deployment circuit breaker: rolling back to deploymentId ${back.id}.`,
  };
}
