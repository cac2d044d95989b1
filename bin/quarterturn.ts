/** The `quarterturn` command. On-call has no configuration: it is read for what needs it, and only then. */
import { join, relative, resolve } from 'node:path';
import { main } from '../cli/main.ts';
import { parseRotationConfig } from '../domain/config/rotation-config.ts';
import { readConfiguration } from './configuration-file.ts';

const exitCode = await main(process.argv.slice(2), {
  async demo(chapter, options) {
    const { playDemo } = await import('../demo/main.ts');
    return playDemo((await configuration()).config, chapter, options);
  },
  async sandbox(options) {
    const { keepRunning } = await import('../demo/main.ts');
    return keepRunning(await configuration(), options);
  },
  async sandboxDeploy() {
    const { deployIntoSandbox } = await import('../demo/main.ts');
    return deployIntoSandbox(await configuration(), process.env.QUARTERTURN_SANDBOX);
  },
});

if (exitCode > 128) {
  // Everything that was open is closed; the interrupted work itself may still wait for something.
  process.exit(exitCode);
}
process.exitCode = exitCode;

/** That of the checkout, or the one QUARTERTURN_CONFIG names, as for `npx cdk`. */
async function configuration() {
  const named = process.env.QUARTERTURN_CONFIG;
  const file = named ? resolve(named) : join(import.meta.dirname, '..', 'rotation.config.ts');
  const config = parseRotationConfig(await readConfiguration(file));
  const nearby = relative(process.cwd(), file);
  return { config, file: nearby.startsWith('..') ? file : nearby };
}
