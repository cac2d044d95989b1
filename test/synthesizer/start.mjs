/** Starts and ends the synthesizer of a run: called by the global setup and the global teardown. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Bytes; sun_path holds 104 on macOS and 108 on Linux. */
const longestSocketPath = 100;
let running;

/** @param root the run's temporary directory */
export async function startSynthesizer(root) {
  const socket = join(root, 'synthesizer.sock');
  // The full form synthesizes each stack in a process of its own, as the demo does.
  if (process.env.PROOF === 'full' || Buffer.byteLength(socket) > longestSocketPath) return;
  running = spawn(process.execPath, [join(import.meta.dirname, 'serve.mjs'), socket], {
    // As demo/assembly.ts: no AWS_* or NODE_* reaches a synthesis that is to stay local.
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: root,
      JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await Promise.race([once(running.stdout, 'data'), once(running, 'exit')]);
  if (running.exitCode !== null) throw new Error('The synthesizer of the tests did not start.');
  running.stdout.resume();
  process.env.QUARTERTURN_TEST_SYNTHESIZER = socket;
}

export async function stopSynthesizer() {
  if (running === undefined || running.exitCode !== null) return;
  const ended = once(running, 'exit');
  running.stdin.end();
  await ended;
}
