/** The pharmacy's database as a deployment meets it: roles, schema, and the rotator of the bootstrap. */
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import { executeBootstrap, planBootstrap } from '../doors/postgres/bootstrap.ts';
import type { Credential, Endpoint, PostgresDoor } from '../doors/postgres/door.ts';
import { scramVerifier } from '../doors/postgres/scram.ts';
import { localRandom } from '../doors/random.ts';
import { identity, legacyGrants, legacyRole, schema } from './data/schema.sql.ts';

export const adminUsername = 'quarterturn_rotator';

/**
 * Makes the database, the application's role and its tables, then runs the bootstrap SQL for every
 * database secret, each as the superuser.
 * @returns the rotator's credential, for the secret its owner keeps
 */
export async function prepareDatabase(
  door: PostgresDoor,
  endpoint: Endpoint,
  superuser: Credential,
  secrets: readonly DatabaseConfig[],
): Promise<Credential> {
  const admin = {
    username: adminUsername,
    password: (await localRandom.bytes(24)).toString('base64url'),
  };
  const verifier = scramVerifier(admin.password);
  await door.withSession({ ...endpoint, dbname: 'postgres' }, superuser, async (session) => {
    // The role the application has logged in with until today.
    await session.query(`CREATE ROLE ${identity} LOGIN`);
    await session.query(`CREATE DATABASE ${endpoint.dbname} OWNER ${identity}`);
  });
  await door.withSession(endpoint, superuser, async (session) => {
    await session.transaction(async () => {
      await session.query(`SET LOCAL ROLE ${identity}`);
      for (const statement of schema) {
        await session.query(statement);
      }
    });
    for (const { scheme, roles, identity: owner } of secrets) {
      const plan = {
        scheme,
        roles,
        admin: { username: admin.username, verifier },
        ...(scheme === 'multiUser' && owner !== undefined ? { identity: owner } : {}),
      };
      await executeBootstrap(session, await planBootstrap(session, plan));
    }
    if (secrets.some(({ roles }) => roles.includes(legacyRole))) {
      for (const grant of legacyGrants) {
        await session.query(grant);
      }
    }
  });
  return admin;
}
