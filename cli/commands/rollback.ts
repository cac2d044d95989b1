/** `quarterturn rollback <secret>`: what was in use before is in use again, in the target, and proven. */
import type { RollBackReport } from '../../domain/reports/rollback-report.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type RegisterCommand,
  type Terminal,
} from '../command.ts';
import { assertReason, endCode, rotatedSecret, tellProblem } from '../rotation/asked.ts';
import { rollBack } from '../rotation/roll-back.ts';
import { heading } from '../status/render.ts';

interface RollBackOptions extends DeploymentOptions {
  to?: string;
  reason?: string;
  yes?: boolean;
  wait: boolean;
}

export const registerRollback: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('rollback'))
    .description('put an earlier value back into use, after saying what that means')
    .argument('<secret>', 'its key or name')
    .option('--to <version>', 'a date label, a day (UTC), or a version id (default: AWSPREVIOUS)')
    .option('--reason <text>', 'why; kept with the rollback, its hold and its audit event')
    .option('--yes', 'do not ask')
    .option('--no-wait', 'return as soon as Secrets Manager has accepted the rollback')
    .action(
      run(async ({ terminal, open }, name: string, options: RollBackOptions) => {
        assertReason(options.reason);
        const deployment = await open(options);
        const secret = rotatedSecret(deployment.manifest, name);
        const { to, reason, yes = false, wait, json = false } = options;
        // With --json standard output is the document's alone.
        const say = json ? terminal.err : terminal.out;
        say(heading({ deployment: deployment.manifest, caller: deployment.caller }));
        const request = { to, reason, yes, wait, json, terminal, say };
        const report = await rollBack(deployment, secret, request);
        if (json) terminal.out(JSON.stringify(report, null, 2));
        else tellEnd(report, terminal);
        return endCode[report.outcome];
      }),
    );
};

function tellEnd(report: RollBackReport, terminal: Terminal): void {
  if (report.outcome === 'finished') {
    terminal.out(
      `Rolled back: ${report.versionId} is AWSCURRENT, and its AfterRotation is finished.${report.hold === undefined ? '' : ` On hold until ${report.hold.until}.`}`,
    );
  }
  tellProblem(report, terminal);
}
