/**
 * Operation `posture`: does what is deployed of a consumer fit a place that holds these secrets (R22, R23)? Doors
 * keep values to themselves; what is judged here is names, words of a list, and where a secret comes from.
 */
import type {
  ConsumerPosture,
  ConsumerPostureFound,
  PostureFinding,
} from '../../../domain/events/operator-requests.ts';
import type { ContainerVariable } from '../../../doors/container-variables.ts';
import type { RolloutDoors } from '../doors.ts';
import type { ConsumerSettings } from '../environment.ts';
import { settingsOf } from '../progress.ts';
import { judge } from './judge.ts';

export async function posture(
  doors: Pick<RolloutDoors, 'consumers' | 'deployed'>,
  { consumer }: ConsumerPosture,
): Promise<ConsumerPostureFound> {
  const settings = settingsOf(doors.consumers, consumer);
  const { looked, variables, unchecked } = await deployedOf(doors, settings);
  const findings: PostureFinding[] = variables.flatMap((variable) =>
    judge(variable, consumer, settings.reads),
  );
  return { consumer, ...(looked !== undefined && { looked }), findings, unchecked };
}

interface Deployed {
  looked?: string;
  variables: readonly ContainerVariable[];
  unchecked: string[];
}

async function deployedOf(
  { deployed }: Pick<RolloutDoors, 'deployed'>,
  { name, restart }: ConsumerSettings,
): Promise<Deployed> {
  switch (restart?.by) {
    case 'ecs': {
      const place = `ECS service ${restart.cluster}/${restart.service}`;
      const service = await deployed.ecs.look(restart);
      if (service?.taskDefinition === undefined) {
        return nothing(`${place} is not there, or has no task definition`);
      }
      const { arn, variables } = await deployed.ecs.taskDefinition(service.taskDefinition);
      return {
        looked: arn,
        variables,
        unchecked: [`${place}: files of environmentFiles and what the image sets are not read`],
      };
    }
    case 'lambda': {
      const { variables } = await deployed.functions.look(restart.function);
      return { looked: `function ${restart.function}`, variables, unchecked: [] };
    }
    case 'kubernetes':
      return nothing(
        `${name} runs in Kubernetes: this role may read its deployment to restart it, and what its pods are given is not looked at`,
      );
    case 'webhook':
      return nothing(`${name} is restarted by a webhook: where it runs, nobody here knows`);
    case undefined:
      return nothing(`${name} names no restart: where it runs, nobody here knows`);
  }
}

const nothing = (why: string): Deployed => ({ variables: [], unchecked: [why] });
