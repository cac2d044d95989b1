/** What a value of the product is for: who accepts it, and how its strategy is made. */
import type { DatabaseTools } from '../../lambdas/database/admin.ts';
import { DatabaseStrategy } from '../../lambdas/database/database-strategy.ts';
import { undisturbed } from '../../lambdas/database/undisturbed.ts';
import type { DatabaseValue } from '../../lambdas/database/value.ts';
import { JwtStrategy } from '../../lambdas/jwt/jwt-strategy.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { RotationWorld, type WorldOptions } from '../in-process/rotation-world.ts';
import { Calls } from '../matrix/calls.ts';
import { Cluster, opens } from '../matrix/postgres/cluster.ts';
import { faultyDoor } from '../matrix/postgres/door.ts';
import { ModelSession } from '../matrix/postgres/model.ts';
import { settingsOf } from '../matrix/rooms/databases.ts';
import { admin, pharmacyServer } from '../matrix/rooms/server.ts';
import { OneLoginStrategy } from './one-login-strategy.ts';

export const kinds = ['jwt', 'oneLogin', 'multiUser', 'singleUser'] as const;
export type Kind = (typeof kinds)[number];

export interface Target {
  world: RotationWorld<unknown>;
  /** Is this text accepted now? */
  accepts(text: string): boolean;
  /** I2: somebody who reads a labelled version is let in. */
  holds(current: string, labelled: readonly string[]): boolean;
}

export async function targetOf(kind: Kind): Promise<Target> {
  return kind === 'jwt' || kind === 'oneLogin' ? inMemory(kind) : database(kind);
}

const start = (options: Omit<WorldOptions<never>, 'control'>): Promise<RotationWorld<unknown>> =>
  RotationWorld.start({
    ...options,
    control: inMemoryControlTable(),
  } as unknown as WorldOptions<unknown>);

async function inMemory(kind: 'jwt' | 'oneLogin'): Promise<Target> {
  const login = kind === 'oneLogin' ? new OneLoginStrategy() : undefined;
  const strategy =
    login ??
    new JwtStrategy({
      field: 'JWT_SECRET',
      bits: 512,
      encoding: 'base64',
      acceptForSeconds: 30 * 86_400,
    });
  const world = await start({ room: () => ({ strategy: strategy as never, companions: {} }) });
  const accepts = (text: string) => login?.accepted.has(JSON.parse(text).id) ?? true;
  return {
    world,
    accepts,
    holds: (_current, labelled) => labelled.some(accepts),
  };
}

/** The product's own strategy, against the model of PostgreSQL that the crash matrix measures on a real server. */
async function database(scheme: 'multiUser' | 'singleUser'): Promise<Target> {
  const cluster = new Cluster(pharmacyServer);
  const door = faultyDoor(
    new Calls(),
    async (endpoint, credential) => new ModelSession(cluster, endpoint, credential),
  );
  const world = await start({
    companions: { admin: JSON.stringify(admin) },
    room: ({ faults, companions }) => {
      const tools: DatabaseTools = {
        settings: { ...settingsOf[scheme], ADMIN_SECRET_ARN: companions.admin ?? '' },
        door: { withSession: faults.around('postgres', door).withSession },
        ca: 'no authority',
        sleep: async () => undefined,
      };
      return {
        strategy: new DatabaseStrategy(tools) as never,
        companions,
        undisturbed: ((value: DatabaseValue, companion: never, work: () => Promise<never>) =>
          undisturbed(tools, value, companion, work)) as never,
      };
    },
  });
  // The sockets of a function that was killed are closed with it; else its advisory lock would stand for ever.
  const { handler } = world;
  (world as { handler: typeof handler }).handler = (event) =>
    handler(event).finally(() => door.cutAll());
  const roleOf = (text: string) => cluster.state.roles.get(JSON.parse(text).username);
  const accepts = (text: string): boolean => {
    const role = roleOf(text);
    return role?.canLogin === true && opens(role.verifier ?? '', JSON.parse(text).password);
  };
  return {
    world,
    accepts,
    // An emergency shuts the one role out before it sets it anew.
    holds: (current, labelled) =>
      scheme === 'multiUser'
        ? accepts(current)
        : labelled.some(accepts) || roleOf(current)?.canLogin === false,
  };
}
