/** `quarterturn reencrypt verify <secret>`: counts and opens every row once more, by a new execution. */
import { type DeploymentOptions, deploymentOptions, type RegisterCommand } from '../command.ts';
import { asked } from './context.ts';
import { startExecution } from './machine.ts';
import { concluded, followed } from './status.ts';

export const registerVerify: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('verify'))
    .description('sweeps, opens and counts every row once more')
    .argument('<secret>', 'an encryption secret, by key or name')
    .option('--follow', 'stay, with a progress bar, until it has ended')
    .action(
      run(async (context, name: string, options: DeploymentOptions & { follow?: boolean }) => {
        const given = await asked(context, 'verify', name, options);
        const { controlTable, stepFunctions } = given.deployment;
        const record = await controlTable.getReencryption(given.secret.name);
        const alive =
          record?.execution !== undefined && (await stepFunctions.isRunning(record.execution));
        if (alive) {
          given.say('An execution is at work on it and verifies at its end; none is started.');
          if (options.follow) return followed(given);
          return concluded(
            given,
            given.report('nothingToDo', { next: given.next('status <secret> --follow') }),
          );
        }
        const execution = await startExecution(given, { again: true });
        given.say(`Every row is looked at again: ${execution}`);
        if (options.follow) return followed(given, execution);
        return concluded(
          given,
          given.report('started', { execution, next: given.next('status <secret> --follow') }),
        );
      }),
    );
};
