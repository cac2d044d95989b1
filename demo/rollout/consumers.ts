/**
 * The consumers of the demo, and what stands around them: `api` is the reference application, which reads its secrets
 * again by itself; `billing` is a service of ECS that reads its credential when it starts, so that every rotation
 * has to restart it. Both prove through their health that they hold what a rotation made.
 */

import type { RotationConfig } from '../../domain/config/rotation-config.ts';
import type { Endpoint, PostgresDoor } from '../../doors/postgres/door.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { Sandbox } from '../../sandbox/start.ts';
import { present } from '../proof.ts';
import { Balancer } from './balancer.ts';
import { BillingTask, type Release } from './billing-task.ts';
import { ReleasePipeline } from './release-pipeline.ts';

/** Keys of the user-managed secrets that a rollout needs. */
export const rolloutSecrets = ['healthToken', 'webhookKey'] as const;

const service = { cluster: 'pharmacy-dev', name: 'billing' } as const;

export interface BillingDoors {
  sandbox: Pick<Sandbox, 'ecs'>;
  /** With the rights of the consumer `billing`. */
  secrets: SecretsManagerDoor;
  /** Of its database credential. */
  secretName: string;
  door: PostgresDoor;
  endpoint: Endpoint;
  healthToken: string;
  webhookKey: string;
}

export class Consumers {
  readonly api: Balancer;
  readonly #billing: Balancer;
  readonly #pipeline: ReleasePipeline;
  #doors: BillingDoors | undefined;
  #task: BillingTask | undefined;
  #release: Release = { tag: '2025.11.1', works: true };
  readonly #started: Release[] = [];

  private constructor(api: Balancer, billing: Balancer, pipeline: ReleasePipeline) {
    this.api = api;
    this.#billing = billing;
    this.#pipeline = pipeline;
  }

  /** Their addresses are known before there is a deployment, as those of load balancers are. */
  static async open(): Promise<Consumers> {
    const [api, billing, pipeline] = await Promise.all([
      Balancer.open(),
      Balancer.open(),
      ReleasePipeline.open(),
    ]);
    return new Consumers(api, billing, pipeline);
  }

  /** The configuration, with both consumers in it. */
  configure(config: RotationConfig): RotationConfig {
    const health = {
      bearer: 'healthToken',
      consecutive: 1,
      every: '5s',
      within: '1m',
      privateAddresses: 'allowed',
    } as const;
    const userManaged = (purpose: string) =>
      ({ kind: 'userManaged', purpose, remindDays: 90 }) as const;
    return {
      ...config,
      secrets: {
        ...config.secrets,
        healthToken: userManaged('Shows the health function what an application holds.'),
        webhookKey: userManaged('Signs what the deployment pipeline is told.'),
      },
      consumers: [
        ...config.consumers.map((consumer) => ({
          ...consumer,
          reads: [...consumer.reads, 'healthToken'],
          health: {
            ...health,
            credentials: `${this.api.url}/api/credentials/health`,
            probes: [],
          },
        })),
        {
          name: 'billing',
          reads: ['db'],
          steadyWithin: '5m',
          restart: { by: 'ecs', cluster: service.cluster, service: service.name },
          health: {
            ...health,
            credentials: `${this.#billing.url}/api/credentials/health`,
            probes: [
              {
                name: 'a sample invoice',
                method: 'GET',
                url: `${this.#billing.url}/invoices/sample`,
                expect: [200],
              },
            ],
          },
        },
      ],
      rollout: {
        ...config.rollout,
        redeploy: { url: this.#pipeline.url, signingSecret: 'webhookKey' },
      },
    };
  }

  /** What `start` needs of a deployment that stands. */
  prepare(doors: BillingDoors): void {
    this.#doors = doors;
  }

  /** Puts `billing` into the account: from then on ECS starts its tasks, and the pipeline its releases. */
  async start(): Promise<void> {
    const { sandbox, webhookKey } = present(this.#doors, 'the deployment stands');
    const before = this.#release;
    sandbox.ecs.onTasks(async (change) => {
      if (change.service === service.name && change.desiredCount > 0) await this.#replaceTask();
    });
    this.#pipeline.serve(webhookKey, async () => {
      this.#release = before;
    });
    sandbox.ecs.putService({
      ...service,
      desiredCount: 1,
      taskDefinition: {
        family: service.name,
        containerDefinitions: [
          { name: 'billing', environment: [{ name: 'LOG_LEVEL', value: 'info' }] },
        ],
      },
    });
    await this.#replaceTask();
  }

  /** The release whose tasks start from now on. */
  deploy(release: Release): void {
    this.#release = release;
  }

  /** Releases of the tasks that were started, in order. */
  get started(): readonly Release[] {
    return this.#started;
  }

  /** How often the pipeline was told to redeploy the release before. */
  get redeployments(): number {
    return this.#pipeline.redeployed.length;
  }

  /** Does it make invoices? */
  async billingWorks(): Promise<boolean> {
    return (await fetch(`${this.#billing.url}/invoices/sample`)).status === 200;
  }

  async close(): Promise<void> {
    await this.#task?.stop();
    await Promise.all([this.api.close(), this.#billing.close(), this.#pipeline.close()]);
  }

  /** The new one first: whoever asks in between is served by the old one. */
  async #replaceTask(): Promise<void> {
    const doors = present(this.#doors, 'the deployment stands');
    const { secrets, secretName: name, door, endpoint, healthToken } = doors;
    const release = this.#release;
    const task = await BillingTask.start({
      release,
      source: {
        name,
        read: async () => {
          const { secretString, versionId } = present(
            await secrets.getCurrent(name),
            `${name} has a value when billing starts`,
          );
          return { value: secretString, versionId };
        },
      },
      query: (credential, text) =>
        door.withSession(endpoint, credential, (session) => session.query(text)),
      healthToken,
    });
    const old = this.#task;
    this.#task = task;
    this.#started.push(release);
    this.#billing.point(task.url);
    await old?.stop();
  }
}
