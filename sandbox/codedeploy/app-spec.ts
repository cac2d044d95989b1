/** The revision of a deployment to ECS: an AppSpec that names a task definition ("AppSpec File example for ECS"). */
import { createHash } from 'node:crypto';
import { ServiceException } from '../service.ts';

/**
 * @returns the task definition, or why CodeDeploy would not know it
 * @throws ServiceException RevisionRequiredException, InvalidRevisionException
 */
export function taskDefinitionIn(revision: unknown): { named: string } | { problem: string } {
  if (typeof revision !== 'object' || revision === null) {
    throw new ServiceException('RevisionRequiredException', 'RevisionLocation must be specified');
  }
  const { revisionType, appSpecContent } = revision as Record<string, unknown>;
  const { content, sha256 } = (appSpecContent ?? {}) as Record<string, unknown>;
  if (revisionType !== 'AppSpecContent' || typeof content !== 'string') {
    throw new ServiceException(
      'InvalidRevisionException',
      'The revision of a deployment to Amazon ECS is expected as revisionType AppSpecContent with its content.',
    );
  }
  if (sha256 !== undefined && sha256 !== createHash('sha256').update(content).digest('hex')) {
    throw new ServiceException('InvalidRevisionException', 'The SHA256 of the content is another.');
  }
  if (!content.trimStart().startsWith('{')) {
    throw new ServiceException(
      'NotSimulatedException',
      'The sandbox does not simulate AppSpecs in YAML: AWS takes JSON, too.',
      501,
    );
  }
  const named = targetOf(content);
  return named === undefined
    ? { problem: 'The AppSpec names no AWS::ECS::Service with a TaskDefinition and its container.' }
    : { named };
}

interface Target {
  Type?: unknown;
  Properties?: { TaskDefinition?: unknown; LoadBalancerInfo?: Record<string, unknown> };
}

function targetOf(content: string): string | undefined {
  let spec: { Resources?: { TargetService?: Target }[] };
  try {
    spec = JSON.parse(content);
  } catch {
    return undefined;
  }
  const { Type, Properties } = spec.Resources?.[0]?.TargetService ?? {};
  const { ContainerName, ContainerPort } = Properties?.LoadBalancerInfo ?? {};
  const isWhole = typeof ContainerName === 'string' && ContainerPort !== undefined;
  const named = Properties?.TaskDefinition;
  return Type === 'AWS::ECS::Service' && isWhole && typeof named === 'string' ? named : undefined;
}
