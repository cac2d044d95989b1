/** The `.d.ts` of what entry points publish. Types themselves are checked by `npm run check`. */
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/**
 * Entry points and what their types name, no more: what no published type names stays at home.
 * @returns text of every declaration file, by its path in the tree
 */
export function declarations(root: string, entries: readonly string[]): Map<string, string> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { tsBuildInfoFile: _, ...options } = ts.parseJsonConfigFileContent(
    config,
    ts.sys,
    root,
  ).options;
  const program = ts.createProgram(
    entries.map((entry) => join(root, entry)),
    {
      ...options,
      noEmit: false,
      noCheck: true,
      incremental: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: root,
      outDir: root,
    },
  );
  const texts = new Map<string, string>();
  const open = [...entries];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    const target = file.replace(/\.ts$/, '.d.ts');
    const source = program.getSourceFile(join(root, file));
    if (source === undefined || texts.has(target)) {
      continue;
    }
    const { diagnostics } = program.emit(source, (path, text) => {
      texts.set(relative(root, path), withJavaScriptNames(text));
    });
    if (diagnostics.length > 0) {
      throw new Error(`declarations of ${file} cannot be written:\n${told(root, diagnostics)}`);
    }
    for (const { fileName } of ts.preProcessFile(texts.get(target) ?? '', true, true)
      .importedFiles) {
      if (fileName.startsWith('.')) {
        open.push(join(dirname(file), fileName).replace(/\.js$/, '.ts'));
      }
    }
  }
  return texts;
}

/** An emitted declaration keeps `./x.ts`, which not every reader of it takes for `./x.d.ts`. */
const withJavaScriptNames = (text: string) =>
  text.replaceAll(/((?:from|import)\s*\(?\s*['"])(\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1$2.js$3');

const told = (root: string, diagnostics: readonly ts.Diagnostic[]) =>
  ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  });
