/** Task definitions by family and revision (API_DescribeTaskDefinition). */
import { ServiceException } from '../service.ts';
import type { ContainerDefinition, ExistingService } from './existing-service.ts';

export interface TaskDefinition {
  arn: string;
  family: string;
  revision: number;
  containerDefinitions: readonly ContainerDefinition[];
  registeredAt: Date;
}

export class TaskDefinitions {
  readonly #prefix: string;
  readonly #families = new Map<string, TaskDefinition[]>();

  constructor(place: { account: string; region: string }) {
    this.#prefix = `arn:aws:ecs:${place.region}:${place.account}:task-definition/`;
  }

  /** The latest revision where it says the same, otherwise a new one. */
  register(
    { family, containerDefinitions }: ExistingService['taskDefinition'],
    now: Date,
  ): TaskDefinition {
    const revisions = this.#families.get(family) ?? [];
    const latest = revisions.at(-1);
    if (JSON.stringify(latest?.containerDefinitions) === JSON.stringify(containerDefinitions)) {
      return latest as TaskDefinition;
    }
    const revision = revisions.length + 1;
    const arn = `${this.#prefix}${family}:${revision}`;
    const made = { arn, family, revision, containerDefinitions, registeredAt: now };
    this.#families.set(family, [...revisions, made]);
    return made;
  }

  /** @param named a family (its latest revision), `family:revision` or an ARN */
  find(named: string): TaskDefinition | undefined {
    const name = named.startsWith(this.#prefix) ? named.slice(this.#prefix.length) : named;
    const [family = '', revision] = name.split(':');
    const revisions = this.#families.get(family);
    return revision === undefined ? revisions?.at(-1) : revisions?.[Number(revision) - 1];
  }

  describe(named: string): object {
    const found = this.find(named);
    if (found === undefined) {
      throw new ServiceException('ClientException', 'Unable to describe task definition.');
    }
    const { arn, family, revision, containerDefinitions, registeredAt } = found;
    return {
      taskDefinition: {
        taskDefinitionArn: arn,
        containerDefinitions,
        family,
        revision,
        volumes: [],
        status: 'ACTIVE',
        placementConstraints: [],
        registeredAt,
      },
      tags: [],
    };
  }
}
