/** Races of rotation functions that are processes, over one PostgreSQL and one Secrets Manager behind HTTP. */
import { CredentialStore } from '../../../sandbox/credentials.ts';
import { type AwsService, ServiceException } from '../../../sandbox/service.ts';
import { type Pharmacy, startPharmacy } from '../../lambdas/database/pharmacy.ts';
import { serve } from '../../sandbox/serve.ts';
import type { MemoryDynamoDb } from '../memory-dynamo-db.ts';
import type { Stage } from '../race.ts';
import type { Kind } from '../rooms.ts';
import { stranger } from '../rooms.ts';
import { functionArn, type RaceWorld, secretName } from '../world.ts';
import { Functions } from './functions.ts';
import { RealPostgres } from './real-postgres.ts';

const iam = { authorize: () => undefined };

/** The control table in memory, as a service of the sandbox. */
function dynamoDb(table: MemoryDynamoDb): AwsService {
  const names = ['GetItem', 'PutItem', 'DeleteItem', 'Query'];
  const operations = names.map((name) => [
    name,
    {
      authorize: () => [],
      run: async (input: Record<string, unknown>) => {
        try {
          return table.answer(name, input);
        } catch (error) {
          throw new ServiceException((error as Error).name, (error as Error).message);
        }
      },
    },
  ]);
  return {
    signingName: 'dynamodb',
    protocol: 'json-1.0',
    targetPrefix: 'DynamoDB_20120810',
    operations: Object.fromEntries(operations),
  };
}

export class ProcessStage implements Stage {
  readonly #functions = new Functions();
  readonly #pharmacy: Pharmacy;
  readonly #cluster: RealPostgres;
  readonly #served = new Map<RaceWorld, Promise<Served>>();

  private constructor(pharmacy: Pharmacy, cluster: RealPostgres) {
    this.#pharmacy = pharmacy;
    this.#cluster = cluster;
  }

  static async start(): Promise<ProcessStage> {
    const pharmacy = await startPharmacy();
    await pharmacy.sql(`create role ${stranger.username} login`);
    const cluster = await RealPostgres.of(pharmacy);
    await cluster.set(stranger.username, stranger);
    return new ProcessStage(pharmacy, cluster);
  }

  async room(kind: Kind) {
    if (kind === 'jwt') throw new Error('nothing of a jwt secret is in a database');
    const { settings, ca } = this.#pharmacy[kind];
    return {
      kind,
      cluster: this.#cluster,
      companions: { admin: JSON.stringify(this.#pharmacy.admin) },
      room: () => {
        throw new Error('the function is a process');
      },
      invoke: async (world: RaceWorld, by: string, event: unknown) => {
        const { endpoints, credentials } = await this.#serverOf(world);
        const log = (line: { level: string; event: string; code: unknown }) =>
          void world.log.push({ by, ...line });
        const placed = {
          ...{ endpoints, credentials, settings, ca, secretName, functionArn },
          secretArn: world.secretArn,
          companions: world.companionArns,
          now: world.clock.now().toISOString(),
        };
        return this.#functions.invoke(by, world.schedule, log, placed, event);
      },
    };
  }

  quiet = (): Promise<void> => this.#functions.quiet(() => this.#cluster.blocked());

  /** Of worlds that are over. */
  async clear(): Promise<void> {
    for (const served of this.#served.values()) await (await served).stop();
    this.#served.clear();
  }

  async stop(): Promise<void> {
    await this.clear();
    await this.#functions.stop();
    await this.#cluster.close();
    await this.#pharmacy.server.stop();
  }

  #serverOf(world: RaceWorld): Promise<Served> {
    const known = this.#served.get(world) ?? served(world);
    this.#served.set(world, known);
    return known;
  }
}

interface Served {
  endpoints: { secretsManager: string; dynamoDb: string };
  credentials: { accessKeyId: string; secretAccessKey: string };
  stop(): Promise<void>;
}

async function served(world: RaceWorld): Promise<Served> {
  const store = new CredentialStore();
  const secrets = await serve(world.service, iam, store);
  const table = await serve(dynamoDb(world.table), iam, store);
  return {
    endpoints: { secretsManager: secrets.client.endpoint, dynamoDb: table.client.endpoint },
    credentials: secrets.client.credentials,
    async stop() {
      await secrets.stop();
      await table.stop();
    },
  };
}
