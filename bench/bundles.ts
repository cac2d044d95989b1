/**
 * Every bundle that was built, each with the environment that a deployment with everything on gives it. No deployment of
 * the example has all of them: the template is read, and what only a deployment knows stands in for itself.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../demo/assembly.ts';
import { readStack, type Template } from '../sandbox/template/assembly.ts';
import { type Names, Resolver } from '../sandbox/template/intrinsics.ts';
import { everything } from '../test/lib/everything.ts';
import type { DeployedFunction } from './cold-starts.ts';

const built = join(import.meta.dirname, '..', 'dist', 'lambdas');

export function bundles(): string[] {
  return readdirSync(built, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * In the order of their names; the folders last as long as `work`.
 * @throws when one is of no function of the template: a room that nobody deploys
 */
export async function withEveryBundle<T>(
  work: (functions: readonly DeployedFunction[]) => T,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-bundles-'));
  try {
    const { signal } = new AbortController();
    const { template, assets } = readStack(await synthesize(everything, '', directory, signal));
    const resolver = new Resolver(template, standIns(template));
    const deployed = new Map<string, Omit<DeployedFunction, 'room'>>();
    for (const { Type, Properties } of Object.values(template.Resources)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      const { Code, Environment } = resolver.resolve(Properties) as {
        Code: { S3Key?: string };
        Environment?: { Variables?: Record<string, string> };
      };
      const folder = assets.get(Code.S3Key ?? '');
      if (folder === undefined) continue;
      const bundle = readFileSync(join(folder, 'index.mjs'), 'utf8');
      const environment = Environment?.Variables ?? {};
      deployed.set(bundle, deployed.get(bundle) ?? { folder, environment });
    }
    const functions = bundles().map((room) => {
      const found = deployed.get(readFileSync(join(built, room, 'index.mjs'), 'utf8'));
      if (found === undefined) throw new Error(`No function of the template is of ${room}.`);
      return { room, ...found };
    });
    return work(functions);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const pseudo: Readonly<Record<string, string>> = {
  'AWS::AccountId': '000000000000',
  'AWS::Region': 'eu-west-1',
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};
/** Loading calls nobody: what only a deployment knows need only be of its form. */
function standIns({ Resources }: Template): Names {
  const arn = (service: string, name: string) =>
    `arn:aws:${service}:eu-west-1:000000000000:${name}`;
  const typeOf = (logicalId: string) => Resources[logicalId]?.Type;
  const refs: Readonly<Record<string, (logicalId: string) => string>> = {
    'AWS::SecretsManager::Secret': (name) => arn('secretsmanager', `secret:${name}-AbCdEf`),
    'AWS::SNS::Topic': (name) => arn('sns', name),
    'AWS::S3::Bucket': (name) => name.toLowerCase(),
  };
  const ref = (name: string) => pseudo[name] ?? refs[typeOf(name) ?? '']?.(name) ?? name;
  const attribute = (logicalId: string, attribute: string) => {
    if (attribute === 'RegionalDomainName') return `${ref(logicalId)}.s3.eu-west-1.amazonaws.com`;
    if (!attribute.endsWith('Arn')) return logicalId;
    return ref(logicalId).startsWith('arn:') ? ref(logicalId) : arn('service', logicalId);
  };
  return { ref, attribute };
}
