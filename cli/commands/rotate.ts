/**
 * `quarterturn rotate <secret…>`: a planned rotation, now or in the next window. Asks whether it may start before
 * anything is changed, leaves who asked and why, calls RotateSecret, and follows the four steps and everything that
 * comes after them: consumers, the activation of a published key, a rollback if it comes to that.
 */
import type { RotationReport } from '../../domain/reports/rotation-report.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type RegisterCommand,
  type Terminal,
} from '../command.ts';
import { UsageError } from '../errors.ts';
import { assertReason, endCode, rotatedSecret, tellProblem } from '../rotation/asked.ts';
import { rotateOne } from '../rotation/rotate-one.ts';
import { everySecret, rotateSeveral } from '../rotation/rotate-several.ts';
import { heading } from '../status/render.ts';

interface RotateOptions extends DeploymentOptions {
  all?: boolean;
  reason?: string;
  wait: boolean;
  waitForWindow?: boolean;
  waitForRows?: boolean;
}

export const registerRotate: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('rotate'))
    .description('rotate secrets now, one after the other, and follow each to the end')
    .argument('[secrets...]', 'keys or names')
    .option('--all', 'every secret that rotates by age, in the order of the configuration')
    .option('--reason <text>', 'why; kept with the rotation and in its audit event')
    .option(
      '--wait-for-window',
      'begin when the schedule would: inside of its window, after freezes',
    )
    .option('--wait-for-rows', 'also wait until every row is under the new key')
    .option('--no-wait', 'return as soon as Secrets Manager has accepted the rotation')
    .action(
      run(async ({ terminal, open }, names: string[], options: RotateOptions) => {
        assertUsage(names, options);
        const { all, json = false, reason, wait, waitForRows, waitForWindow } = options;
        const deployment = await open(options);
        const { manifest, caller } = deployment;
        const { secrets, skipped } = all
          ? await everySecret(deployment)
          : { secrets: names.map((name) => rotatedSecret(manifest, name)), skipped: [] };
        // With --json standard output is the document's alone.
        const say = json ? terminal.err : terminal.out;
        const request = {
          terminal,
          json,
          say,
          reason,
          wait,
          waitForWindow: waitForWindow === true,
          waitForRows: waitForRows === true,
        };
        say(heading({ deployment: manifest, caller }));
        const [only] = secrets;
        if (!all && only !== undefined && secrets.length === 1) {
          const report = await rotateOne(deployment, only, request);
          if (json) terminal.out(JSON.stringify(report, null, 2));
          else tellEnd(report, terminal);
          return exitCodeOf(report);
        }
        const several = await rotateSeveral(deployment, secrets, skipped, {
          ...request,
          tellEnd: (report) => {
            if (!json) tellEnd(report, terminal);
          },
        });
        if (json) terminal.out(JSON.stringify(several, null, 2));
        else if (several.notBegun.length > 0) {
          terminal.err(`Not begun: ${several.notBegun.map(({ key }) => key).join(', ')}.`);
        }
        return (
          several.rotations.map(exitCodeOf).find((code) => code !== exitCodes.ok) ?? exitCodes.ok
        );
      }),
    );
};

function assertUsage(names: readonly string[], { all, reason, wait, waitForRows }: RotateOptions) {
  if (all === true ? names.length > 0 : names.length === 0) {
    throw new UsageError(
      `rotate was given ${names.length === 0 ? 'no secret' : 'secrets and --all'}; expected secrets by key or name, or --all.`,
    );
  }
  const [twice] = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new UsageError(`"${twice}" was named twice; expected each secret once.`);
  }
  if (waitForRows === true && !wait) {
    throw new UsageError('--no-wait waits for nothing; expected it without --wait-for-rows.');
  }
  assertReason(reason);
}

/** Rows that somebody has to look at are a finding; those that are still on their way are nobody's failure. */
function exitCodeOf({ outcome, rows }: RotationReport): ExitCode {
  const forPerson = rows?.state === 'unproven' || rows?.state === 'stopped';
  return outcome === 'finished' && forPerson ? exitCodes.findings : endCode[outcome];
}

function tellEnd(report: RotationReport, terminal: Terminal): void {
  if (report.outcome === 'finished')
    terminal.out(`Rotated: ${report.versionId} was promoted, and its AfterRotation is finished.`);
  tellProblem(report, terminal);
}
