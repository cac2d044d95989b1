/** `npm run sandbox:deploy`: what `npx cdk deploy` is for AWS, for the sandbox that runs. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { buildFunctions, localConfig, synthesize } from './assembly.ts';
import { findSandbox, NoRunningSandboxError, type RunningSandbox } from './running-sandbox.ts';
import { onCall, policiesOfTeam } from './stage.ts';
import type { Report } from './terminal/scene.ts';

export class SandboxDeploymentError extends Error {
  override readonly name = 'SandboxDeploymentError';
  readonly code = 'ERR_ROTATION_SANDBOX_DEPLOYMENT';
}

interface Deploying {
  config: RotationConfig;
  /** The sandbox's folder: the value of QUARTERTURN_SANDBOX. */
  directory: string | undefined;
  onClose(close: () => Promise<void>): void;
}

/** What the sandbox answers of a deployment; after a rollback with status 400. */
interface Deployed {
  status?: string;
  message?: string;
  events?: { type: string; status: string; logicalId: string }[];
}

/** @throws NoRunningSandboxError, SandboxDeploymentError, AssemblyError, NotTheExampleError */
export async function deploy(
  { config, directory, onClose }: Deploying,
  report: Report,
): Promise<void> {
  const sandbox = await findSandbox(directory);
  const local = localConfig(config, sandbox.postgres);
  const named = `${local.name}/${local.environment} in ${local.region}`;
  const running = `${sandbox.deployment} in ${sandbox.region}`;
  if (named !== running) {
    throw new SandboxDeploymentError(
      `The configuration names ${named}; expected ${running}, the deployment of the sandbox that runs: another one is another stack. Start another sandbox for it.`,
    );
  }
  const place = mkdtempSync(join(directory ?? '', 'deploy-'));
  const processes = new AbortController();
  onClose(async () => processes.abort());
  report.doing('bundling the functions, synthesizing the stack');
  await buildFunctions(processes.signal);
  const { ca } = sandbox.postgres;
  const assembly = await synthesize(local, ca, place, processes.signal).catch(async (error) => {
    await rm(place, { recursive: true, force: true });
    throw error;
  });

  report.doing(`deploying it into ${sandbox.url}`);
  const { status, message, events = [] } = await ask<Deployed>(sandbox, 'deploy', { assembly });
  if (status === undefined || message !== undefined) {
    throw new SandboxDeploymentError(
      `The deployment failed: ${message ?? 'no status was answered'}${status?.includes('ROLLBACK_COMPLETE') ? ' What it had changed is as it was before.' : ''}`,
    );
  }
  for (const event of events) {
    report.changed(`${words[event.status] ?? event.status} ${event.type} ${event.logicalId}`);
  }
  report.changed(events.length === 0 ? 'nothing differs from what stands' : status);

  // A longer list of secrets may have given on-call another page of its policy.
  const resources = await ask<Record<string, { type: string }>>(sandbox, 'resources');
  const managedPolicies = policiesOfTeam(Object.entries(resources));
  await ask(sandbox, 'principals', { name: onCall, managedPolicies });
}

/** @param body absent: GET */
async function ask<Answer>(
  { url, controlToken }: RunningSandbox,
  control: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(`${url}/_sandbox/${control}`, {
    headers: { authorization: `Bearer ${controlToken}` },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  }).catch(() => {
    throw new NoRunningSandboxError(
      `No sandbox answers on ${url}; it was stopped. Start one with \`npm run sandbox\`, and paste the lines it prints into this terminal.`,
    );
  });
  return (await response.json()) as Answer;
}

const words: Readonly<Record<string, string>> = {
  CREATE_COMPLETE: 'created',
  UPDATE_COMPLETE: 'updated',
  DELETE_COMPLETE: 'deleted',
  DELETE_SKIPPED: 'retained',
};
