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
  const files = new Set([entry]);
  const packages = new Map<string, string[]>();
  // A set is walked to its end, and whatever is added on the way as well.
  for (const file of files) {
    for (const name of importsOf(readFileSync(join(root, file), 'utf8'))) {
      if (name.startsWith('.')) {
        const path = normalize(join(dirname(file), name));
        if (existsSync(join(root, path))) {
          files.add(path);
        }
      } else if (!isBuiltin(name)) {
        const of = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
        packages.set(of, [...(packages.get(of) ?? []), file]);
      }
    }
  }
  return { files: [...files].sort(), packages };
}

/** By text: entry points reach most modules both. */
const known = new Map<string, readonly string[]>();

/** What a module still asks for once its types are gone; as `verbatimModuleSyntax` has it, `import { type A }` stays. */
function importsOf(source: string): readonly string[] {
  const found: string[] = [];
  const note = (node: ts.Node | undefined) => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push(node.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isImportDeclaration(node)) {
      if (node.importClause?.isTypeOnly !== true) note(node.moduleSpecifier);
    } else if (ts.isExportDeclaration(node)) {
      if (!node.isTypeOnly) note(node.moduleSpecifier);
    } else {
      if (ts.isCallExpression(node) && asksForModule(node.expression)) note(node.arguments[0]);
      ts.forEachChild(node, visit);
    }
  };
  if (!known.has(source)) {
    visit(ts.createSourceFile('module.ts', source, ts.ScriptTarget.ES2023));
    known.set(source, found);
  }
  return known.get(source) ?? [];
}

const asksForModule = (called: ts.Expression): boolean =>
  called.kind === ts.SyntaxKind.ImportKeyword ||
  (ts.isIdentifier(called) && called.text === 'require');

const isBuiltin = (name: string) => name.startsWith('node:') || builtinModules.includes(name);

/** What was written of a text. */
const written = new Map<string, string>();
const keyOf = (file: string, module: ts.ModuleKind, source: string) =>
  JSON.stringify([file, module, source]);

/** JavaScript of one module, its imports ending with `.js`; as CommonJS or as it is. */
export function transpiled(
  file: string,
  module: ts.ModuleKind,
  source = readFileSync(file, 'utf8'),
): string {
  const key = keyOf(file, module, source);
  const text = written.get(key) ?? transpile(new Map([[file, source]]), module).get(file) ?? '';
  written.set(key, text);
  return text;
}

/** Writes many modules beforehand, for a third of what each costs alone. */
export function transpileTogether(files: readonly string[], module: ts.ModuleKind): void {
  const sources = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  for (const [file, source] of sources) {
    if (written.has(keyOf(file, module, source))) sources.delete(file);
  }
  for (const [file, text] of transpile(sources, module)) {
    written.set(keyOf(file, module, sources.get(file) ?? ''), text);
  }
}

/**
 * As `ts.transpileModule`, each by itself and nothing resolved, but in one program: it makes a type checker for each
 * program, which takes longer than a module.
 * @param sources text by file
 * @returns JavaScript by file
 */
function transpile(
  sources: ReadonlyMap<string, string>,
  module: ts.ModuleKind,
): Map<string, string> {
  const commonjs = module === ts.ModuleKind.CommonJS;
  const options: ts.CompilerOptions = {
    module,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2023,
    rewriteRelativeImportExtensions: true,
    // The tree is written for it; CommonJS has no module syntax to keep.
    verbatimModuleSyntax: !commonjs,
    esModuleInterop: true,
    isolatedModules: true,
    noLib: true,
    noResolve: true,
    noCheck: true,
    types: [],
  };
  const program = ts.createProgram([...sources.keys()], options, {
    getSourceFile: (file, languageVersion) => {
      const source = sources.get(file);
      return source === undefined ? undefined : ts.createSourceFile(file, source, languageVersion);
    },
    getDefaultLibFileName: () => 'lib.d.ts',
    writeFile: () => undefined,
    getCurrentDirectory: () => '',
    getDirectories: () => [],
    getCanonicalFileName: (file) => file,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (file) => sources.has(file),
    readFile: () => undefined,
  });
  const texts = new Map<string, string>();
  for (const file of sources.keys()) {
    program.emit(program.getSourceFile(file), (_, text) => texts.set(file, text));
  }
  return texts;
}
