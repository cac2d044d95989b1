/**
 * A test file with everything of this tree it imports, as one script: evaluating it again gives new modules, as Jest
 * gives every file, for the price of running their bodies. Packages are loaded once a process.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import { build, type Plugin } from 'esbuild';
import { newSuite, type Suite } from './suite.ts';

type Evaluate = (
  require: (name: string) => unknown,
  module: { exports: unknown },
  exports: unknown,
) => void;

/** One text of one file, exchanged for another. */
export interface Change {
  file: string;
  find: string;
  replace: string;
}

/** In a bundle every file would have the bundle's own place. */
const asItStands = (root: string, change: Change | undefined): Plugin => ({
  name: 'as-it-stands',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const isChanged = change !== undefined && path === join(root, change.file);
      if (!isChanged && !text.includes('import.meta')) return undefined;
      return {
        loader: 'ts',
        contents: (isChanged ? text.replace(change.find, () => change.replace) : text)
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      };
    });
  },
});

/** A process of its own sees no mutant of this one: a test that starts one fails, and is left out for its time. */
const noProcesses = new Proxy(
  {},
  {
    get: (_, name) => () => {
      const error = new Error('no processes here');
      if (name === 'spawnSync') return { error, status: null, stdout: '', stderr: '' };
      throw error;
    },
  },
);

/** Scripts that are kept compiled: they are megabytes each where much is instrumented. */
const kept = 60;

export class Bundles {
  readonly #root: string;
  readonly #folder: string;
  readonly #change: Change | undefined;
  readonly #startsProcesses: boolean;
  readonly #scripts = new Map<string, Evaluate>();

  /** @param folder where bundles are kept: of one root and one change */
  constructor(
    root: string,
    folder: string,
    { change, startsProcesses = false }: { change?: Change; startsProcesses?: boolean } = {},
  ) {
    this.#root = root;
    this.#folder = folder;
    this.#change = change;
    this.#startsProcesses = startsProcesses;
  }

  /** @param file relative to the root @throws what the file throws while it is loaded */
  async load(file: string): Promise<Suite> {
    const evaluate = await this.#script(file);
    const suite = newSuite();
    const require = createRequire(join(this.#root, file));
    const module = { exports: {} };
    const load = (name: string) => {
      if (name === '@jest/globals') return suite.globals;
      return name.endsWith('child_process') && !this.#startsProcesses ? noProcesses : require(name);
    };
    evaluate(load, module, module.exports);
    return suite;
  }

  async #script(file: string): Promise<Evaluate> {
    const known = this.#scripts.get(file);
    if (known !== undefined) {
      this.#scripts.delete(file);
      this.#scripts.set(file, known);
      return known;
    }
    const path = await this.#bundled(file);
    const script = new Script(
      `(function (require, module, exports) {${readFileSync(path, 'utf8')}\n})`,
      { filename: path, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
    );
    const evaluate = script.runInThisContext() as Evaluate;
    this.#scripts.set(file, evaluate);
    const [oldest] = this.#scripts.keys();
    if (this.#scripts.size > kept && oldest !== undefined) this.#scripts.delete(oldest);
    return evaluate;
  }

  /** Made once for all processes of a run: a copy's files never change. */
  async #bundled(file: string): Promise<string> {
    const name = createHash('sha256').update(file).digest('hex').slice(0, 16);
    const path = join(this.#folder, `${name}.cjs`);
    if (existsSync(path)) return path;
    const { outputFiles } = await build({
      absWorkingDir: this.#root,
      entryPoints: [file],
      bundle: true,
      write: false,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      logLevel: 'silent',
      plugins: [asItStands(this.#root, this.#change)],
    });
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(path, outputFiles[0]?.contents ?? '');
    return path;
  }
}
