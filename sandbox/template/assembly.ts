/** Reads a synthesized cloud assembly (`cdk.out`): one stack's template, and where its assets lie. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SandboxLoadError } from './load-error.ts';

export interface TemplateResource {
  Type: string;
  Properties?: Record<string, unknown>;
  DependsOn?: string | readonly string[];
  Condition?: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

export interface Template {
  Parameters?: Record<string, { Type: string; Default?: unknown }>;
  Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, TemplateResource>;
  Outputs?: Record<string, { Value: unknown; Condition?: string }>;
}

export interface Stack {
  name: string;
  /** As the stack's environment names it; absent for an environment-agnostic stack. */
  region?: string;
  account?: string;
  terminationProtection: boolean;
  template: Template;
  /** Key of the object in the bootstrap bucket → file or folder that would be uploaded there. */
  assets: ReadonlyMap<string, string>;
}

interface Artifact {
  type: string;
  environment?: string;
  properties?: {
    templateFile?: string;
    file?: string;
    directoryName?: string;
    stackName?: string;
    terminationProtection?: boolean;
  };
}

interface AssetManifest {
  files?: Record<
    string,
    { source: { path: string }; destinations: Record<string, { objectKey: string }> }
  >;
}

/** @throws SandboxLoadError when there is no assembly, or not exactly one stack of that name */
export function readStack(assembly: string, stackName?: string): Stack {
  const stacks = stacksOf(assembly).filter(
    ({ name }) => stackName === undefined || name === stackName,
  );
  const [stack] = stacks;
  if (stack === undefined || stacks.length > 1) {
    const names = stacksOf(assembly).map(({ name }) => name);
    throw new SandboxLoadError(
      `${assembly} holds the stacks ${names.join(', ') || '(none)'}, wanted ` +
        `${stackName ?? 'exactly one'}. Name one of them as stackName.`,
    );
  }
  return stack.read();
}

function stacksOf(folder: string): { name: string; read: () => Stack }[] {
  const manifest = readJsonFile(join(folder, 'manifest.json')) as {
    artifacts?: Record<string, Artifact>;
  };
  const artifacts = Object.entries(manifest.artifacts ?? {});
  const own = artifacts
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([id, artifact]) => {
      const name = artifact.properties?.stackName ?? id;
      return { name, read: () => readOne(folder, name, artifact, artifacts) };
    });
  const nested = artifacts
    .filter(([, { type }]) => type === 'cdk:cloud-assembly')
    .flatMap(([, { properties }]) => stacksOf(join(folder, properties?.directoryName ?? '')));
  return [...own, ...nested];
}

function readOne(
  folder: string,
  name: string,
  { environment = '', properties }: Artifact,
  artifacts: [string, Artifact][],
): Stack {
  const [account = '', region = ''] = environment.replace(/^aws:\/\//, '').split('/');
  const assets = new Map<string, string>();
  for (const [, artifact] of artifacts) {
    if (artifact.type === 'cdk:asset-manifest') {
      collectAssets(folder, artifact.properties?.file ?? '', assets);
    }
  }
  return {
    name,
    ...(/^\d{12}$/.test(account) && { account }),
    ...(region !== '' && !region.startsWith('unknown') && { region }),
    terminationProtection: properties?.terminationProtection === true,
    template: readJsonFile(join(folder, properties?.templateFile ?? '')) as Template,
    assets,
  };
}

function collectAssets(folder: string, file: string, assets: Map<string, string>): void {
  const { files } = readJsonFile(join(folder, file)) as AssetManifest;
  for (const { source, destinations } of Object.values(files ?? {})) {
    for (const { objectKey } of Object.values(destinations)) {
      assets.set(objectKey, join(folder, source.path));
    }
  }
}

function readJsonFile(file: string): unknown {
  if (!existsSync(file)) {
    throw new SandboxLoadError(
      `${file} does not exist. Synthesize the stack first (npm run synth).`,
    );
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}
