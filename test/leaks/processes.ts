/** What every account of a machine sees of its processes (proc(5)), and what function processes leave on their disk. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `ps`: the arguments of every process that is there now. Elsewhere than on Linux nothing is seen. */
export async function processArguments(): Promise<string[]> {
  return (await processes()).map(({ args }) => args);
}

export interface FunctionProcess {
  readonly name: string;
  readonly args: string;
  readonly environment: string;
  /** The folder it has as `/tmp`. */
  readonly folder: string;
}

/** Those of one sandbox, idle or at work. */
export async function functionProcesses(sandboxUrl: string): Promise<FunctionProcess[]> {
  const found: FunctionProcess[] = [];
  for (const { pid, args } of await processes()) {
    if (!args.includes('runner.mjs')) continue;
    const environment = await textOf(pid, 'environ');
    const of = (name: string) => new RegExp(`(?:^|\n)${name}=(.*)`).exec(environment)?.[1] ?? '';
    if (of('AWS_ENDPOINT_URL') !== sandboxUrl) continue;
    found.push({ name: of('AWS_LAMBDA_FUNCTION_NAME'), args, environment, folder: of('TMPDIR') });
  }
  return found;
}

/** Files below, with their contents: nothing of a function may be left there. */
export async function leftBehind(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name));
}

async function processes(): Promise<{ pid: string; args: string }[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const read = await Promise.all(
    pids.map(async (pid) => ({ pid, args: (await textOf(pid, 'cmdline')).replaceAll('\n', ' ') })),
  );
  return read.filter(({ args }) => args !== '');
}

/** Gone meanwhile, or somebody else's: nothing. */
async function textOf(pid: string, file: 'cmdline' | 'environ'): Promise<string> {
  const text = await readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
  return text.replaceAll('\0', '\n');
}
