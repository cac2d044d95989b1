/**
 * Reads the configuration a deployment names: a module with a default export, or JSON. Whatever is wrong
 * with the file itself is said in one line with its place; a stack trace of the loader helps nobody.
 */
import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidConfigError } from '../domain/config/rotation-config.ts';
import { redact } from '../domain/config/show.ts';

const modules: ReadonlySet<string> = new Set(['.ts', '.mts', '.js', '.mjs']);

/** The document, unchecked. @throws InvalidConfigError naming the file */
export async function readConfiguration(file: string): Promise<unknown> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new InvalidConfigError([
      `${file}: found no such file; expected a configuration (copy rotation.config.ts, or name another one with \`-c config=<file>\` or QUARTERTURN_CONFIG)`,
    ]);
  }
  const extension = extname(file);
  if (extension === '.json') {
    return fromJson(file);
  }
  if (!modules.has(extension)) {
    throw new InvalidConfigError([
      `${file}: found a file that ends in "${extension}"; expected .ts, .mts, .js, .mjs or .json`,
    ]);
  }
  return fromModule(file);
}

function fromJson(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    throw new InvalidConfigError([
      `${file}${placeOf(String(error), text)}: found what is not JSON; expected one object, without comments and trailing commas`,
    ]);
  }
}

/** V8 tells the position, and quotes what stands there: only the position is taken. */
function placeOf(message: string, text: string): string {
  const position =
    /at position (\d+)/.exec(message)?.[1] ??
    (/end of JSON|Unterminated/.test(message) ? text.length : undefined);
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

async function fromModule(file: string): Promise<unknown> {
  let loaded: { default?: unknown };
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    // The file may have called a `defineRotation` of another copy of this package.
    const refused = (error as { code?: unknown }).code === 'ERR_ROTATION_CONFIG_INVALID';
    throw refused ? error : new InvalidConfigError([asWritten(file, error)]);
  }
  const found = loaded.default;
  if (found === undefined) {
    const names = Object.keys(loaded);
    throw new InvalidConfigError([
      `${file}: found ${names.length === 0 ? 'no export' : `no default export, but ${names.join(', ')}`}; expected \`export default defineRotation({ … })\``,
    ]);
  }
  if (typeof found === 'function' || found instanceof Promise) {
    throw new InvalidConfigError([
      `${file}: found a ${typeof found === 'function' ? 'function' : 'promise'} as default export; expected the configuration itself: call it, or await it, in the file`,
    ]);
  }
  return found;
}

/** What its own code threw. The place is in the stack, or for a syntax error in esbuild's message. */
function asWritten(file: string, error: unknown): string {
  const { name = 'Error', message = String(error), stack = '' } = error as Partial<Error>;
  const [, line, column] =
    new RegExp(`${escaped(file)}:(\\d+):(\\d+)`).exec(`${message}\n${decodeURI(stack)}`) ?? [];
  const place = line === undefined ? '' : `:${line}:${column}`;
  const first =
    message.split('\n').find((text) => text.includes('ERROR:')) ?? message.split('\n')[0] ?? '';
  const said = redact(first.replace(/^.*ERROR:\s*/, '').slice(0, 300));
  return `${file}${place}: found a file that cannot be loaded (${name}: ${said}); expected a module that exports the configuration`;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
