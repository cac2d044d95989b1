/**
 * `quarterturn gate [secrets…]`: for a pipeline, before a major deployment. Puts one event on the bus of triggers,
 * where the deployment decides what rotates; then waits until it is done. Rotates nothing with the pipeline's own
 * rights, and reads no value.
 */
import type { Command } from 'commander';
import type { GateReport } from '../../domain/reports/gate-report.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { NotRotatedError, UsageError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { gate } from '../gate/gate.ts';
import { wrap } from '../table.ts';

interface GateOptions extends DeploymentOptions {
  within?: string;
  reason?: string;
  wait: boolean;
}

const longestReason = 512;
const longestDays = 365;

export const registerGate: RegisterCommand = (program: Command, run) => {
  deploymentOptions(program.command('gate'))
    .description('rotate before a deployment, and wait; for pipelines')
    .argument('[secrets...]', 'their keys or names (default: all that --within finds)')
    .option('--within <days>', 'only what the schedule would rotate within so many days')
    .option('--reason <text>', 'why; kept with the rotations')
    .option('--no-wait', 'return as soon as the rotations are asked for')
    .action(
      run(async ({ terminal, open }, names: string[], options: GateOptions) => {
        const withinDays = daysOf(options.within);
        if (names.length === 0 && withinDays === undefined) {
          throw new UsageError(
            'Neither secrets nor --within were given; expected which secrets to rotate, or --within <days> for those that are due, e.g. quarterturn gate --within 14.',
          );
        }
        if ((options.reason?.length ?? 0) > longestReason) {
          throw new UsageError(
            `--reason has ${options.reason?.length} characters; expected at most ${longestReason}.`,
          );
        }
        const deployment = await open(options);
        const secrets = names.map((name) => findSecret(deployment.manifest, name));
        for (const secret of secrets) {
          if (secret.kind === 'userManaged') {
            throw new NotRotatedError(
              `"${secret.key}" is user-managed (${secret.purpose}); expected a secret that rotates here. Its owner changes it.`,
            );
          }
        }
        const report = await gate(deployment, terminal, {
          ...(secrets.length > 0 && { secrets: secrets.map(({ key }) => key) }),
          ...(withinDays !== undefined && { withinDays }),
          ...(options.reason !== undefined && { reason: options.reason }),
          wait: options.wait,
          say: options.json ? terminal.err : terminal.out,
        });
        if (options.json) terminal.out(JSON.stringify(report, null, 2));
        else tellEnd(report, terminal);
        return exitCodeOf[report.gate];
      }),
    );
};

const exitCodeOf: Record<GateReport['gate'], ExitCode> = {
  open: exitCodes.ok,
  asked: exitCodes.ok,
  closed: exitCodes.failed,
  interrupted: exitCodes.interrupted,
};

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(days <= longestDays)) {
    throw new UsageError(
      `--within is "${text}"; expected a whole number of days from 0 to ${longestDays}.`,
    );
  }
  return days;
}

function tellEnd(
  { gate: state, problem, secrets }: GateReport,
  terminal: Parameters<typeof gate>[1],
): void {
  for (const { problem: found, next } of secrets) {
    if (found !== undefined) {
      for (const line of wrap(`${found.message} (${found.code})`, terminal.columns)) {
        terminal.err(line);
      }
    }
    if (next !== undefined) terminal.err(`Next: ${next}`);
  }
  if (problem !== undefined) {
    for (const line of wrap(`${problem.message} (${problem.code})`, terminal.columns)) {
      terminal.err(line);
    }
  }
  if (state === 'open') terminal.out('Gate open: everything that was asked for is done.');
  else if (state === 'asked') terminal.out('Asked for; not waited for.');
  else if (state === 'closed') terminal.err('Gate closed: do not deploy yet.');
}
