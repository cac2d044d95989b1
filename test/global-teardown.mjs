/** Fails the run when a test left a file or a process behind. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { stopSynthesizer } from './synthesizer/start.mjs';

/** Caches of the tools themselves, of the global setup, and of test/lib/synthesized.ts. */
const cachesOfTools =
  /^(command$|synthesized$|postgres-templates|tsx-\d+|node-compile-cache|jest_|v8-compile-cache)/;

export default async function teardown() {
  await stopSynthesizer();
  const root = process.env.TMPDIR;
  const files = readdirSync(root).filter((name) => !cachesOfTools.test(name));
  const processes = processesNaming(root);
  rmSync(root, { recursive: true, force: true });
  if (files.length > 0 || processes.length > 0) {
    throw new Error(
      `Tests left something behind.\n  files: ${files.join(', ') || 'none'}\n  processes: ${processes.join('\n    ') || 'none'}`,
    );
  }
}

/** Linux: every process that was started with a path below `root`. */
function processesNaming(root) {
  let ids;
  try {
    ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  } catch {
    return [];
  }
  return ids.map(commandLine).filter((line) => line.includes(root));
}

function commandLine(id) {
  try {
    return `${id} ${readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ')}`;
  } catch {
    // It ended while we looked.
    return '';
  }
}
