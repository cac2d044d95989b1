/**
 * Which functions of the product an attack has called, counted by V8 itself (inspector protocol,
 * Profiler.takePreciseCoverage): a list of what is covered, kept by hand, would say so for ever.
 */
import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { modules, root } from './product.ts';

export interface Reached {
  /** `<file>: <function>` of every function that was called since. */
  stop(): ReadonlySet<string>;
}

interface Coverage {
  result: {
    url: string;
    functions: { functionName: string; ranges: { count: number }[] }[];
  }[];
}

export function countCalls(): Reached {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  return {
    stop() {
      let taken: Coverage = { result: [] };
      session.post('Profiler.takePreciseCoverage', (error, coverage) => {
        if (error !== null) throw error;
        taken = coverage as Coverage;
      });
      session.post('Profiler.stopPreciseCoverage');
      session.disconnect();
      const called = new Set<string>();
      for (const { url, functions } of taken.result) {
        const file = url.startsWith('file:') ? fileURLToPath(url) : url;
        if (!file.startsWith(`${root}/`)) continue;
        for (const { functionName, ranges } of functions) {
          if (functionName !== '' && (ranges[0]?.count ?? 0) > 0) {
            called.add(`${file.slice(root.length + 1)}: ${functionName}`);
          }
        }
      }
      return called;
    },
  };
}

/** `export function f(text: string, …)`, `export const f = (given: unknown) =>`. */
const exported =
  /^export (?:async )?(?:function\*? (\w+)(?:<[^(]*>)?\(|const (\w+)(?:\s*:[^=]+)? = (?:async )?(?:<[^(]*>)?\()\s*(?:\{[^}]*\}|\w+)\??\s*:\s*([^,)=]+)/gm;
const saysSo =
  /^(parse|read|decode|unescape|inflate|classify|split|open|is[A-Z]|assert|check|verify|sighting|answer)/;
const ofText = /^(string|Buffer|Uint8Array|readonly string\[\]|Json|string \| undefined)\b/;

/** What takes `unknown`, and what takes a text or bytes and says by its name that it reads them. Handlers start a function. */
export const parsers: readonly string[] = modules
  .filter(({ file }) => !/handler\.ts$/.test(file))
  .flatMap(({ file, text }) =>
    [...text.matchAll(exported)].flatMap(([, declared, constant, type = '']) => {
      const name = declared ?? constant ?? '';
      const isParser = type.trim() === 'unknown' || (saysSo.test(name) && ofText.test(type.trim()));
      return isParser ? [`${file}: ${name}`] : [];
    }),
  );

/** Where something is decoded that a type says nothing about. */
const decodes =
  /\bJSON\.parse\(|new X509Certificate\(|inflateRawSync\(|gunzipSync\(|decodeURIComponent\(/;
export const decoders: readonly string[] = modules
  .filter(({ file, text }) => decodes.test(text) && !/handler\.ts$/.test(file))
  .map(({ file }) => file);
