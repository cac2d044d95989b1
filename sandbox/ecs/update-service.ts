/** What of UpdateService's input changes a service, and what its deployment controller refuses (API_UpdateService). */
import { ServiceException } from '../service.ts';
import type { ContainerService } from './container-service.ts';
import type { TaskDefinition, TaskDefinitions } from './task-definitions.ts';

/** Anything else would change the service in a way that is not simulated. */
const KNOWN = new Set([
  'cluster',
  'service',
  'desiredCount',
  'taskDefinition',
  'forceNewDeployment',
]);

/** @throws ServiceException InvalidParameterException, ClientException */
export function changeOf(
  service: ContainerService,
  input: Record<string, unknown>,
  definitions: TaskDefinitions,
): { desiredCount?: number; deploy?: TaskDefinition } {
  const unknown = Object.keys(input).filter((member) => !KNOWN.has(member));
  if (unknown.length > 0) {
    throw new ServiceException(
      'NotSimulatedException',
      `The sandbox does not simulate ${unknown.join(', ')} of UpdateService.`,
      501,
    );
  }
  const { desiredCount, taskDefinition, forceNewDeployment } = input;
  if (
    desiredCount !== undefined &&
    !(Number.isInteger(desiredCount) && Number(desiredCount) >= 0)
  ) {
    throw refused('Invalid desired count.');
  }
  const controller = service.spec.deploymentController ?? 'ECS';
  const refusal = refusals[controller];
  if (refusal !== undefined && taskDefinition !== undefined) {
    throw refused(`Unable to update task definition on services with ${refusal}`);
  }
  if (refusal !== undefined && forceNewDeployment === true) {
    throw refused(`Cannot force a new deployment on services with ${refusal}`);
  }
  const current = service.deployments[0]?.definition;
  const wanted = taskDefinition === undefined ? current : definitions.find(String(taskDefinition));
  if (wanted === undefined) {
    throw new ServiceException('ClientException', 'TaskDefinition not found.');
  }
  const deploys = forceNewDeployment === true || wanted !== current;
  return {
    ...(desiredCount !== undefined && { desiredCount: Number(desiredCount) }),
    ...(deploys && { deploy: wanted }),
  };
}

/** The first as recorded in issue trackers; of EXTERNAL no text is known. */
const refusals: Readonly<Record<string, string | undefined>> = {
  CODE_DEPLOY:
    'a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
  EXTERNAL: 'an EXTERNAL deployment controller.',
};

const refused = (message: string) => new ServiceException('InvalidParameterException', message);
