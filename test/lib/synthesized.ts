/** A configuration as the template it becomes, and questions to that template. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import type { RotationConfig } from '../../domain/config/rotation-config.ts';
import { QuarterturnStack } from '../../lib/quarterturn-stack.ts';
import { withRooms } from './rooms.ts';

export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
  Properties: any;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

export interface Statement {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
  Principal?: any;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
  Condition?: any;
}

export class Synthesized {
  readonly text: string;
  readonly resources: Readonly<Record<string, Resource>>;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
  readonly template: any;
  /** Contents of the files in each asset, by function name. */
  readonly assets: Readonly<Record<string, (file: string) => string>>;

  readonly files: AssetFiles;

  constructor(text: string, files: AssetFiles) {
    this.text = text;
    this.files = files;
    this.template = JSON.parse(text);
    this.resources = this.template.Resources;
    this.assets = assetsOf(files);
  }

  /** The resources of one type whose logical id matches. */
  all(type: string, id = /./): Resource[] {
    return Object.entries(this.resources)
      .filter(([logicalId, resource]) => resource.Type === type && id.test(logicalId))
      .map(([, resource]) => resource);
  }

  one(type: string, id = /./): Resource {
    const found = this.all(type, id);
    if (found.length !== 1 || found[0] === undefined) {
      throw new Error(`expected one ${type} ${id}, found ${found.length}`);
    }
    return found[0];
  }

  idOf(resource: Resource): string {
    return Object.keys(this.resources).find((id) => this.resources[id] === resource) ?? '';
  }

  /** Statements of the policies of that id, and of those that several roles share, one of that id among them. */
  statements(id: RegExp): Statement[] {
    const shares = ({ Properties }: Resource): boolean =>
      (Properties.Roles?.length ?? 0) > 1 &&
      Properties.Roles.some(({ Ref }: { Ref?: string }) => id.test(Ref ?? ''));
    const managed = this.all('AWS::IAM::ManagedPolicy');
    const policies = [
      ...this.all('AWS::IAM::Policy', id),
      ...managed.filter((policy) => id.test(this.idOf(policy)) || shares(policy)),
    ];
    return policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  }

  statement(id: RegExp, sid: string): Statement {
    const found = this.statements(id).filter(({ Sid }) => Sid === sid);
    if (found.length !== 1 || found[0] === undefined) {
      throw new Error(`expected one statement ${sid} in ${id}, found ${found.length}`);
    }
    return found[0];
  }
}

/** The resources of the stack and of the stacks nested in it. */
export function everyResource(config: RotationConfig): Readonly<Record<string, Resource>> {
  return withRooms((lambdasDirectory, directory) => {
    const outdir = join(directory, 'cdk.out');
    const app = new App({ outdir });
    new QuarterturnStack(app, { config, configDirectory: '.', lambdasDirectory });
    app.synth();
    const templates = readdirSync(outdir).filter((file) => file.endsWith('.template.json'));
    const read = (file: string) => JSON.parse(readFileSync(join(outdir, file), 'utf8')).Resources;
    return Object.assign({}, ...templates.map(read));
  });
}

/**
 * What one file of tests has synthesized from a configuration, another takes as it is: half of them begin with the same
 * two. Those of a folder are made each time: they read what lies there.
 */
export function synthesize(config: RotationConfig, configDirectory = '.'): Synthesized {
  if (configDirectory !== '.') return synthesizeAnew(config, configDirectory);
  const contents = createHash('sha256').update(JSON.stringify(config)).digest('hex');
  const file = join(tmpdir(), 'synthesized', `${contents}.json`);
  if (existsSync(file)) {
    const { text, files } = JSON.parse(readFileSync(file, 'utf8')) as Kept;
    return new Synthesized(text, files);
  }
  const made = synthesizeAnew(config);
  mkdirSync(dirname(file), { recursive: true });
  // Whole or not at all for the other worker.
  const written = `${file}.${process.pid}`;
  writeFileSync(written, JSON.stringify({ text: made.text, files: made.files } satisfies Kept));
  renameSync(written, file);
  return made;
}

/** Text by file, by function. */
type AssetFiles = Record<string, Record<string, string>>;
interface Kept {
  text: string;
  files: AssetFiles;
}

const assetsOf = (files: AssetFiles) =>
  Object.fromEntries(
    Object.entries(files).map(([name, texts]) => [
      name,
      (file: string) => texts[file] ?? `no ${file}`,
    ]),
  );

/** As `synthesize`, whatever was made before. */
export function synthesizeAnew(config: RotationConfig, configDirectory = '.'): Synthesized {
  return withRooms((lambdasDirectory, directory) => {
    const app = new App({ outdir: join(directory, 'cdk.out') });
    const stack = new QuarterturnStack(app, { config, configDirectory, lambdasDirectory });
    const { stacks } = app.synth();
    const path = stacks[0]?.templateFullPath ?? '';
    const text = readFileSync(path, 'utf8');
    const made: AssetFiles = {};
    for (const resource of Object.values(JSON.parse(text).Resources) as Resource[]) {
      if (resource.Type === 'AWS::Lambda::Function') {
        const hash = resource.Properties.Code.S3Key.replace('.zip', '');
        const files: Record<string, string> = {};
        for (const file of [
          'index.mjs',
          'columns.json',
          'neighbours.json',
          'ca.pem',
          'databases.json',
          'consumers.json',
          'ca-api.pem',
        ]) {
          try {
            files[file] = readFileSync(join(directory, 'cdk.out', `asset.${hash}`, file), 'utf8');
          } catch {
            // not every asset has every file
          }
        }
        made[resource.Properties.FunctionName] = files;
      }
    }
    void stack;
    return new Synthesized(text, made);
  });
}
