/** Everything an emergency could change, as it stands: secrets, roles, rows, consumers, records. */
import { createHash } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { EmergencyStage } from './emergency-stage.ts';
import { administrator } from './sinks.ts';

/** Texts by name: equal, byte by byte, when nothing was changed. Of values only a hash. */
export async function snapshot(stage: EmergencyStage): Promise<Record<string, string>> {
  const [secrets, database, consumers, records] = await Promise.all([
    secretsOf(stage),
    databaseOf(stage),
    stage.consumers(),
    recordsOf(stage),
  ]);
  return { ...secrets, ...database, ...records, consumers: JSON.stringify(consumers) };
}

const hashed = (text: string) => createHash('sha256').update(text).digest('hex');

async function secretsOf({ world }: EmergencyStage): Promise<Record<string, string>> {
  const client = new SecretsManagerClient(administrator(world));
  const found = world.stage.operator.manifest.secrets.map(async ({ key, name: SecretId }) => {
    const [described, versions, policy] = await Promise.all([
      client.send(new DescribeSecretCommand({ SecretId })),
      client.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true })),
      client.send(new GetResourcePolicyCommand({ SecretId })),
    ]);
    // A read is no change, and is told of by the day.
    const { LastAccessedDate: _read, $metadata: _call, ...description } = described;
    const values = await Promise.all(
      (versions.Versions ?? []).map(async ({ VersionId, VersionStages, CreatedDate }) => {
        const value = await client
          .send(new GetSecretValueCommand({ SecretId, VersionId }))
          .then(({ SecretString = '' }) => hashed(SecretString))
          .catch((error: Error) => error.name);
        return { VersionId, VersionStages, CreatedDate, value };
      }),
    );
    return [
      `secret ${key}`,
      JSON.stringify({ description, policy: policy.ResourcePolicy, values }),
    ];
  });
  const all = Object.fromEntries(await Promise.all(found));
  client.destroy();
  return all;
}

/** Roles with their verifiers and settings, memberships, and every row of every table. */
function databaseOf({ world }: EmergencyStage): Promise<Record<string, string>> {
  return world.stage.asSuperuser(async (session) => {
    const texts = async (from: string) =>
      (await session.query<{ text: string }>(`SELECT x::text AS text FROM ${from} x`))
        .map(({ text }) => text)
        .toSorted()
        .join('\n');
    const tables = await session.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const rows: Record<string, string> = {};
    for (const { name } of tables) rows[`rows of ${name}`] = hashed(await texts(name));
    return {
      ...rows,
      roles: hashed(await texts('pg_authid')),
      settings: await texts('pg_db_role_setting'),
      memberships: await texts('pg_auth_members'),
    };
  });
}

/** What is remembered, but of emergencies, drills and the messages that tell of them. */
async function recordsOf({ world }: EmergencyStage): Promise<Record<string, string>> {
  const client = new DynamoDBClient(administrator(world));
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName: world.stage.operator.manifest.controlTable }),
  );
  client.destroy();
  return Object.fromEntries(
    Items.map(({ pk, sk, ...rest }) => [`record ${pk?.S} ${sk?.S}`, JSON.stringify(rest)])
      .filter(([name = '']) => !/^record (emergency|drilled|sent)#/.test(name))
      .toSorted(),
  );
}
