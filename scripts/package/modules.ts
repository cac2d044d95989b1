/** The modules an entry point reaches, as TypeScript reads their imports, and the packages they need. */
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

export interface Reached {
  /** Paths in the tree, sorted. */
  readonly files: readonly string[];
  /** Package → the modules that import it. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

/** Types are not followed: what only they name is not there when the module runs. */
export function reachedFrom(root: string, entry: string): Reached {
  const files = new Set<string>();
  const packages = new Map<string, string[]>();
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) {
      continue;
    }
    files.add(file);
    const text = transpiled(join(root, file), ts.ModuleKind.ESNext);
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (fileName.startsWith('.')) {
        const path = normalize(join(dirname(file), fileName)).replace(/\.js$/, '.ts');
        if (existsSync(join(root, path))) {
          open.push(path);
        }
      } else if (!isBuiltin(fileName)) {
        const name = fileName.split('/', fileName.startsWith('@') ? 2 : 1).join('/');
        packages.set(name, [...(packages.get(name) ?? []), file]);
      }
    }
  }
  return { files: [...files].sort(), packages };
}

const isBuiltin = (name: string) => name.startsWith('node:') || builtinModules.includes(name);

/** What was written of a text: two entry points reach most modules both, and what is packed was read for its imports. */
const written = new Map<string, string>();

/** JavaScript of one module, its imports ending with `.js`; as CommonJS or as it is. */
export function transpiled(
  file: string,
  module: ts.ModuleKind,
  source = readFileSync(file, 'utf8'),
): string {
  const key = JSON.stringify([file, module, source]);
  const text = written.get(key) ?? transpile(file, module, source);
  written.set(key, text);
  return text;
}

function transpile(file: string, module: ts.ModuleKind, source: string): string {
  const commonjs = module === ts.ModuleKind.CommonJS;
  const { outputText } = ts.transpileModule(source, {
    fileName: file,
    compilerOptions: {
      module,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ES2023,
      rewriteRelativeImportExtensions: true,
      // The tree is written for it; CommonJS has no module syntax to keep.
      verbatimModuleSyntax: !commonjs,
      esModuleInterop: true,
    },
  });
  return outputText;
}
