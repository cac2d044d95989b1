/** A packed package, installed into an empty project: by hand, as npm would, without a network. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { pack } from '../../scripts/pack.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Run {
  code: number | null;
  out: string;
  err: string;
}

export interface Installed {
  /** The empty project; nothing above it has a node_modules. */
  readonly project: string;
  // biome-ignore lint/suspicious/noExplicitAny: a package.json is JSON
  readonly packageJson: any;
  write(file: string, text: string): void;
  /** Runs Node there, with nothing else on its path: no Docker, no esbuild, no npm. */
  node(args: readonly string[], environment?: Readonly<Record<string, string>>): Run;
  /** Lays packages of this checkout beside it. */
  install(names: Iterable<string>): void;
  remove(): void;
}

export function installed(name = 'quarterturn', packing = pack): Installed {
  const project = mkdtempSync(join(tmpdir(), 'quarterturn-project-'));
  const home = join(project, 'node_modules', name);
  mkdirSync(home, { recursive: true });
  const tarball = packing({ root, out: join(project, 'tarball') });
  expectZero(spawnSync('tar', ['-xzf', tarball, '--strip-components', '1', '-C', home]).status);
  const path = join(project, 'path');
  mkdirSync(path);
  symlinkSync(process.execPath, join(path, 'node'));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), text);
  };
  write('package.json', '{ "name": "empty", "private": true }\n');
  const command = join(home, 'dist/esm/bin/installed.js');
  if (existsSync(command)) {
    chmodSync(command, 0o755);
  }
  return {
    project,
    packageJson: JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')),
    write,
    node(args, environment = {}) {
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        cwd: project,
        encoding: 'utf8',
        env: {
          PATH: path,
          HOME: project,
          TMPDIR: tmpdir(),
          CDK_VALIDATION: 'false',
          JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
          ...environment,
        },
      });
      return { code: status, out: stdout, err: stderr };
    },
    install(names) {
      for (const name of names) {
        const place = join(project, 'node_modules', name);
        mkdirSync(dirname(place), { recursive: true });
        symlinkSync(join(root, 'node_modules', name), place);
      }
    },
    remove: () => rmSync(project, { recursive: true, force: true }),
  };
}

const strict = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
};

/** Files of a project as TypeScript sees them, in strict mode. */
export const typed = ({ project }: Installed, files: readonly string[]): ts.Program =>
  ts.createProgram(
    files.map((file) => join(project, file)),
    strict,
  );

/** Paths below the project of the declarations that a published name has in CommonJS. */
export function declaredInCommonJs(
  { project }: Installed,
  names: readonly string[],
): (string | undefined)[] {
  return names.map((name) => {
    const { resolvedModule } = ts.resolveModuleName(
      name,
      join(project, 'any.cts'),
      strict,
      ts.sys,
      undefined,
      undefined,
      ts.ModuleKind.CommonJS,
    );
    return resolvedModule && relative(project, resolvedModule.resolvedFileName);
  });
}

function expectZero(status: number | null): void {
  if (status !== 0) {
    throw new Error(`tar ended with ${status}`);
  }
}
