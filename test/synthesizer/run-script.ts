/**
 * The scripts of a deployment without a process for each: the functions were bundled by the global setup, and
 * the stack is synthesized by the same `bin/app.ts` in a process that has the CDK loaded (`serve.mjs`).
 * `npm run proof`, the demo's and the sandbox's tests and test/bin synthesize as users do.
 */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { AssemblyError, inItsOwnProcess, type RunScript } from '../../demo/assembly.ts';

export const runScript: RunScript = async (what, script, signal, environment = {}) => {
  const socketPath = process.env.QUARTERTURN_TEST_SYNTHESIZER;
  const [file, , output] = script;
  if (socketPath === undefined) return inItsOwnProcess(what, script, signal, environment);
  if (file === 'scripts/build.ts') return;
  const body = JSON.stringify({ configuration: environment.QUARTERTURN_CONFIG, output });
  const { status, said } = await new Promise<{ status?: number | undefined; said: string }>(
    (resolve, reject) => {
      request({ socketPath, method: 'POST', signal }, async (response) =>
        resolve({ status: response.statusCode, said: await text(response) }),
      )
        .once('error', reject)
        .end(body);
    },
  );
  if (status !== 200) throw new AssemblyError(what, status ?? 'no status', said);
};
