/**
 * Records what a release leaves behind: its template, and every secret, label and record after rotations.
 * Run in a checkout of that release (README.md beside this file); every key in the output is a test's own.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type SecretKey, World } from '../integration/world.ts';

const [assembly = '', target = ''] = process.argv.slice(2);
const keys: readonly SecretKey[] = ['db', 'legacyDb', 'jwt', 'pii'];

/** Bundles differ with every release; what a template says of them does not. */
function normalisedTemplate(): string {
  const file = readdirSync(assembly).find((name) => name.endsWith('.template.json')) ?? '';
  let text = readFileSync(join(assembly, file), 'utf8');
  const hashes = [...new Set(text.match(/\b[0-9a-f]{64}(?=\.zip\b)/g))];
  hashes.forEach((hash, index) => {
    text = text.replaceAll(hash, `asset-${index + 1}`);
  });
  const template = JSON.parse(text);
  for (const resource of Object.values<Record<string, unknown>>(template.Resources)) {
    delete resource.Metadata;
  }
  return JSON.stringify(template);
}

async function state(world: World) {
  const { sandbox, server, application } = world.stage;
  const administrator = world.accessOf(
    sandbox.createPrincipal('recorder', {
      policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
    }),
  );
  const secrets: Record<string, unknown> = {};
  for (const key of keys) {
    const stages = await world.stages(key);
    const versions = [];
    for (const versionId of await world.versionIds(key)) {
      const labels = stages[versionId];
      if (labels !== undefined) {
        versions.push({ versionId, labels, value: await world.valueOf(key, versionId) });
      }
    }
    secrets[key] = { versions };
  }
  const { manifest } = world.stage.operator;
  const { Items } = await new DynamoDBClient(administrator).send(
    new ScanCommand({ TableName: manifest.controlTable }),
  );
  const { Parameters } = await new SSMClient(administrator).send(
    new GetParametersByPathCommand({ Path: '/quarterturn', Recursive: true }),
  );
  const sealed = (await application.cipher()).seal('patients.phone', 1, '+1 555 0100');
  return {
    at: sandbox.clock.now().toISOString(),
    secrets: { ...secrets, dbAdmin: { versions: [{ value: await world.ownValue('dbAdmin') }] } },
    controlTable: Items,
    manifest: Parameters?.map(({ Name, Value }) => ({ Name, Value })),
    issued: { token: await application.issueToken('usr-0001'), sealed: await sealed },
    endpoint: { host: server.host, port: server.port },
  };
}

const world = await World.withValues(keys);
try {
  for (const key of keys) {
    await world.rotate(key, 'planned');
  }
  await world.preemptAndRotate('db', 'rollback');
  await world.rotate('db');
  // A release may be deployed while something is still to be done after a rotation.
  world.stage.sandbox.dropNextEvent('Secret Label Updated', { labelUpdated: 'AWSCURRENT' });
  await world.rotate('jwt', 'planned');
  const { endpoint, ...rest } = await state(world);
  const text = JSON.stringify(rest, undefined, 1)
    // Recorded in environment dev, as all that runs locally; the example deploys prod.
    .replaceAll('pharmacy/dev', 'pharmacy/prod')
    .replaceAll('quarterturn-pharmacy-dev', 'quarterturn-pharmacy-prod')
    .replaceAll(`:${endpoint.port}/`, ':{{port}}/')
    .replaceAll(`\\"port\\":${endpoint.port}`, '\\"port\\":{{port}}');
  writeFileSync(join(target, 'template.json'), `${normalisedTemplate()}\n`);
  writeFileSync(join(target, 'state.json'), `${text}\n`);
} finally {
  await world.stop();
}
