/**
 * The command as one file, which loads in a third of a second of work; with `tsx` a start costs a second and a half,
 * and tests start it dozens of times. `npm run proof` starts what a checkout has.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** @param root the run's temporary directory */
export async function bundleCommand(root) {
  if (process.env.PROOF === 'full') return;
  const file = join(root, 'command', 'quarterturn.mjs');
  mkdirSync(join(root, 'command'));
  await build({
    absWorkingDir: join(import.meta.dirname, '..'),
    // The installed command: of the checkout's it lacks the demo, and the sandbox that deploys a configuration.
    entryPoints: ['bin/installed.ts'],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Loaded by `quarterturn sandbox` alone.
    external: ['./sandbox/*'],
    // As in scripts/build.ts: the CommonJS in it asks for Node's own modules.
    banner: {
      js: "import { createRequire as qtCreateRequire } from 'node:module'; const require = qtCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  process.env.QUARTERTURN_TEST_COMMAND = file;
}
