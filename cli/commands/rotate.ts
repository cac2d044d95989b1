/**
 * `quarterturn rotate <secret>`: a planned rotation, now. Asks whether it may start before anything is
 * changed, leaves who asked and why, calls RotateSecret, and follows the four steps and AfterRotation.
 */
import { isRotated, type RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { rotationInProgress } from '../../domain/policy/labels.ts';
import type { RotationReport } from '../../domain/reports/rotation-report.ts';
import { askForRotation } from '../../doors/ask-for-rotation.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type OpenDeployment,
  type RegisterCommand,
  type Terminal,
} from '../command.ts';
import { NotRotatedError, UsageError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { type Ending, type Following, follow, type Happening } from '../rotation/follow.ts';
import { type Outcome, outcomeOf, refusedOutcome } from '../rotation/outcome.ts';
import { lines, list, type Progress } from '../rotation/progress.ts';
import { commandsFor } from '../status/commands.ts';
import { heading } from '../status/render.ts';
import { wrap } from '../table.ts';

interface RotateOptions extends DeploymentOptions {
  reason?: string;
  wait: boolean;
}

/** What of an intent record holds (domain/events/control-records.ts). */
const longestReason = 1024;
const longestName = 256;

export const registerRotate: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('rotate'))
    .description('rotate one secret now, and follow it to the end')
    .argument('<secret>', 'its key or name')
    .option('--reason <text>', 'why; kept with the rotation and in its audit event')
    .option('--no-wait', 'return as soon as Secrets Manager has accepted the rotation')
    .action(
      run(async ({ terminal, open }, name: string, options: RotateOptions) => {
        if ((options.reason?.length ?? 0) > longestReason) {
          throw new UsageError(
            `--reason has ${options.reason?.length} characters; expected at most ${longestReason}.`,
          );
        }
        const deployment = await open(options);
        const secret = findSecret(deployment.manifest, name);
        if (!isRotated(secret)) {
          throw new NotRotatedError(
            `"${secret.key}" is user-managed (${secret.purpose}); expected a secret that rotates here, or one with an inbox. Its owner changes it.`,
          );
        }
        const report = await rotate(deployment, secret, options, terminal);
        if (options.json) terminal.out(JSON.stringify(report, null, 2));
        else tellEnd(report, terminal);
        return exitCodeOf[report.outcome];
      }),
    );
};

const exitCodeOf: Record<RotationReport['outcome'], ExitCode> = {
  finished: exitCodes.ok,
  started: exitCodes.ok,
  refused: exitCodes.failed,
  failed: exitCodes.failed,
  stopped: exitCodes.failed,
  stalled: exitCodes.failed,
  interrupted: exitCodes.interrupted,
};

async function rotate(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  { reason, wait, json }: RotateOptions,
  terminal: Terminal,
): Promise<RotationReport> {
  const { manifest, caller, clock, secretsManager } = deployment;
  const commands = commandsFor(deployment);
  // With --json standard output is the document's alone.
  const say = json ? terminal.err : terminal.out;
  say(heading({ deployment: manifest, caller }));
  const report = (outcome: Outcome, more: Partial<RotationReport> = {}): RotationReport => ({
    report: 'quarterturn-rotation',
    version: 1,
    at: clock.now().toISOString(),
    deployment: { name: manifest.name, environment: manifest.environment },
    caller: { ...caller },
    secret: { key: secret.key, name: secret.name },
    followed: false,
    steps: [],
    promoted: false,
    ...outcome,
    ...more,
  });

  const described = await secretsManager.describe(secret.name);
  let versionId = rotationInProgress(described.versionIdsToStages);
  let followed = versionId !== undefined;
  if (versionId === undefined) {
    if (!(await mayLogOut(secret, terminal))) {
      const refusal = {
        code: 'ERR_ROTATION_NOT_CONFIRMED',
        message: 'Not confirmed. Nothing was changed.',
      };
      return report({ outcome: 'refused', problem: refusal });
    }
    const asked = await askForRotation(deployment, secret, described, {
      token: await deployment.newToken(),
      requestedBy: caller.arn.slice(0, longestName),
      reason,
    });
    if (asked.outcome === 'refused') {
      return report(refusedOutcome(asked.refusal, secret.key, commands));
    }
    versionId = asked.token;
    if (asked.outcome === 'inProgress') {
      // Somebody else was quicker, between our look and our call.
      const again = await secretsManager.describe(described.arn);
      versionId = rotationInProgress(again.versionIdsToStages) ?? asked.token;
      followed = versionId !== asked.token;
    }
  }
  const record = followed
    ? await deployment.controlTable.getRotation(secret.name, versionId)
    : undefined;
  say(
    followed
      ? `${secret.name}: rotation ${versionId} is in progress already (by ${record?.provenance.requestedBy ?? 'the console or the native rule'}); following that one.`
      : `${secret.name}: rotation ${versionId} has begun.`,
  );
  if (record?.failure !== undefined) {
    say(
      `Until now: ${record.failure.step} failed at ${record.failure.at}: ${record.failure.message}`,
    );
  }
  if (!wait) {
    return report({ outcome: 'started', next: commands.look(secret.key) }, { versionId, followed });
  }

  const ended = await terminal.untilInterrupted(async (interrupted) => {
    const following: Following = {
      secret,
      secretArn: described.arn,
      token: versionId,
      known: record?.failure,
      interrupted,
    };
    const progress = terminal.stream && !json ? list(terminal.stream) : lines(say);
    const happened = await tellAll(follow(deployment, following), progress);
    const promoted = happened.some(({ kind }) => kind === 'promoted');
    const ending = happened.at(-1) as Ending;
    const failure = 'failure' in ending ? ending.failure : undefined;
    return {
      outcome: outcomeOf(ending, following, promoted, commands),
      steps: happened.flatMap((one) => {
        if (one.kind !== 'step') return [];
        const { step, outcome, milliseconds } = one;
        return [{ step, outcome, milliseconds }];
      }),
      promoted,
      ...(failure !== undefined && { failure }),
    };
  });
  const { outcome, ...more } = ended;
  return report(outcome, { ...more, versionId, followed });
}

async function tellAll(
  happenings: AsyncIterable<Happening>,
  progress: Progress,
): Promise<Happening[]> {
  const happened: Happening[] = [];
  for await (const happening of happenings) {
    happened.push(happening);
    progress.tell(happening);
  }
  await progress.done();
  return happened;
}

/** Only readers of the whole keyset accept tokens of the key before. */
async function mayLogOut(secret: RotatedManifestSecret, terminal: Terminal): Promise<boolean> {
  if (secret.kind !== 'jwt' || !secret.logsEveryoneOut) return true;
  terminal.err(
    `This logs everyone out: readers of ${secret.name} know one key (readers: 'scalar'), so every token signed until now is refused.`,
  );
  return terminal.interactive ? terminal.confirm('Rotate it now?') : true;
}

function tellEnd({ outcome, problem, next, versionId }: RotationReport, terminal: Terminal): void {
  if (outcome === 'finished')
    terminal.out(`Rotated: ${versionId} was promoted, and its AfterRotation is finished.`);
  const tell = outcome === 'interrupted' ? terminal.out : terminal.err;
  if (problem !== undefined) {
    for (const line of wrap(`${problem.message} (${problem.code})`, terminal.columns)) tell(line);
  }
  if (next !== undefined) tell(`Next: ${next}`);
}
