/** The recorded release as something to start from: an assembly, and the state its deployment had. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ExplicitAccess } from '../../doors/explicit-access.ts';

const recorded = join(import.meta.dirname, 'recorded');
const stackName = 'Quarterturn-pharmacy-dev';

/** The example deploys prod; a database on this machine is dev's alone. */
const inDev = (text: string): string =>
  text.replaceAll(/pharmacy([/-])prod/g, 'pharmacy$1dev').replaceAll('"prod"', '"dev"');

export interface RecordedVersion {
  versionId: string;
  labels: string[];
  value: string;
}

/** When it was recorded. */
export const recordedAt = (): Date => new Date(recordedState(0, '').at);

export interface RecordedState {
  at: string;
  secrets: Record<string, { versions: RecordedVersion[] }>;
  controlTable: Record<string, AttributeValue>[];
  manifest: { Name: string; Value: string }[];
  issued: { token: string; sealed: string };
}

/**
 * @param port of the database the recorded values name
 * @param adminArn of the secret they name as their admin's: its last six characters are chance
 */
export function recordedState(port: number, adminArn: string): RecordedState {
  const text = readFileSync(join(recorded, 'state.json'), 'utf8');
  return JSON.parse(
    inDev(text)
      .replaceAll('{{port}}', String(port))
      .replaceAll(/arn:aws:secretsmanager:[\w:/-]*\/dbAdmin-\w{6}/g, adminArn),
  );
}

/**
 * Its functions are gone: what stands in for them answers every step, and is replaced by the upgrade.
 * @param withPolicies without: the secrets as the first moment of a deployment finds them, for the state to be
 * written into
 */
export function previousAssembly(folder: string, withPolicies: boolean): string {
  const template = JSON.parse(inDev(readFileSync(join(recorded, 'template.json'), 'utf8')));
  if (!withPolicies) {
    for (const [logicalId, { Type }] of Object.entries<{ Type: string }>(template.Resources)) {
      if (Type === 'AWS::SecretsManager::ResourcePolicy') {
        delete template.Resources[logicalId];
      }
    }
    for (const resource of Object.values<{ DependsOn?: string[] }>(template.Resources)) {
      if (resource.DependsOn !== undefined) {
        resource.DependsOn = resource.DependsOn.filter((id) => id in template.Resources);
      }
    }
  }
  const text = JSON.stringify(template);
  mkdirSync(join(folder, 'asset.gone'), { recursive: true });
  const write = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  write('asset.gone/index.mjs', 'export const handler = async () => ({});');
  write(`${stackName}.template.json`, text);
  const files = (text.match(/asset-\d+\.zip/g) ?? []).map((objectKey) => [
    objectKey,
    { source: { path: 'asset.gone' }, destinations: { current: { objectKey } } },
  ]);
  write('assets.json', { files: Object.fromEntries(files) });
  write('manifest.json', {
    artifacts: {
      assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
      [stackName]: {
        type: 'aws:cloudformation:stack',
        environment: 'aws://unknown-account/eu-west-1',
        properties: { templateFile: `${stackName}.template.json`, terminationProtection: true },
      },
    },
  });
  return folder;
}

/** Writes the values with their labels and ids, oldest first, and the items of the control table. */
export async function restore(state: RecordedState, access: ExplicitAccess): Promise<void> {
  const secretsManager = new SecretsManagerClient(access);
  for (const [key, { versions }] of Object.entries(state.secrets)) {
    const rank = ({ labels = [] }: RecordedVersion) =>
      ['AWSPREVIOUS', 'AWSCURRENT'].findIndex((label) => labels.includes(label));
    for (const { versionId, labels, value } of versions.toSorted((a, b) => rank(a) - rank(b))) {
      await secretsManager.send(
        new PutSecretValueCommand({
          SecretId: `pharmacy/dev/${key}`,
          SecretString: value,
          ...(versionId && { ClientRequestToken: versionId }),
          // AWSPREVIOUS follows AWSCURRENT by itself.
          ...(labels && {
            VersionStages: labels.map((it) => (it === 'AWSPREVIOUS' ? 'AWSCURRENT' : it)),
          }),
        }),
      );
    }
  }
  const dynamoDb = new DynamoDBClient(access);
  for (const Item of state.controlTable) {
    await dynamoDb.send(new PutItemCommand({ TableName: 'quarterturn-pharmacy-dev', Item }));
  }
}
