/** How another process finds the sandbox that runs: by a file in the sandbox's own folder, which ends with it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** What one has to know to deploy into it. */
const runningSandboxSchema = z.strictObject({
  url: z.url(),
  controlToken: z.string().min(1),
  /** `<name>/<environment>` of the deployment it was started with, and its region. */
  deployment: z.string().min(1),
  region: z.string().min(1),
  postgres: z.strictObject({
    host: z.string().min(1),
    port: z.int(),
    /** PEM of the authority that signed its certificate. */
    ca: z.string().min(1),
  }),
});
export type RunningSandbox = z.infer<typeof runningSandboxSchema>;

const file = (directory: string): string => join(directory, 'sandbox.json');

/** Readable by its owner alone: the token is in it. */
export async function announce(directory: string, sandbox: RunningSandbox): Promise<void> {
  await writeFile(file(directory), JSON.stringify(sandbox, undefined, 2), { mode: 0o600 });
}

export class NoRunningSandboxError extends Error {
  override readonly name = 'NoRunningSandboxError';
  readonly code = 'ERR_ROTATION_NO_RUNNING_SANDBOX';
}

/** @throws NoRunningSandboxError */
export async function findSandbox(directory: string | undefined): Promise<RunningSandbox> {
  if (directory === undefined || directory === '') {
    throw new NoRunningSandboxError(
      'QUARTERTURN_SANDBOX is not set; expected the folder of the sandbox that runs. Start one with `npm run sandbox`, and paste the lines it prints into this terminal.',
    );
  }
  const text = await readFile(file(directory), 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new NoRunningSandboxError(
      `No sandbox runs in ${directory} (QUARTERTURN_SANDBOX): it was stopped, or another one is meant. Start one with \`npm run sandbox\`, and paste the lines it prints into this terminal.`,
    );
  }
  return runningSandboxSchema.parse(JSON.parse(text));
}
