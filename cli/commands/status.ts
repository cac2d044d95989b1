/** `quarterturn status`: every secret of a deployment, and what needs a person. Changes nothing. */
import {
  type DeploymentOptions,
  deploymentOptions,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { findSecret } from '../find-secret.ts';
import { statusReport } from '../status/gather.ts';
import { renderStatus } from '../status/render.ts';

export const registerStatus: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('status'))
    .description('state, age and next due date of every secret, and what needs a person')
    .argument('[secret]', 'one secret, by key or name, with its versions and rotations')
    .action(
      run(async ({ terminal, open }, secret: string | undefined, options: DeploymentOptions) => {
        const deployment = await open(options);
        const only = secret === undefined ? undefined : findSecret(deployment.manifest, secret);
        const report = await statusReport(deployment, only);
        if (options.json) terminal.out(JSON.stringify(report, null, 2));
        else for (const line of renderStatus(report, terminal)) terminal.out(line);
        return report.findings > 0 ? exitCodes.findings : exitCodes.ok;
      }),
    );
};
