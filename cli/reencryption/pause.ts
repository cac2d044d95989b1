/** `quarterturn reencrypt pause | resume <secret>`: workers wait after the batch they are at, or go on. */
import { reencryptionPausedSchema } from '../../domain/events/reencryption.ts';
import { ask } from '../adoption/examine.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { type Asked, asked } from './context.ts';
import { startExecution } from './machine.ts';
import { concluded, followed } from './status.ts';

export const registerPause: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('pause'))
    .description('workers wait after the batch they are at')
    .argument('<secret>', 'an encryption secret, by key or name')
    .action(
      run(async (context, name: string, options: DeploymentOptions) => {
        const given = await asked(context, 'pause', name, options);
        const { jobId } = await setPaused(given, 'pauseReencryption');
        if (jobId === undefined) {
          const record = await given.deployment.controlTable.getReencryption(given.secret.name);
          return nothing(
            given,
            record?.state === 'due'
              ? 'It is due and has begun no row: there is nothing to pause before `reencrypt status` says under way.'
              : 'No job is active: there is nothing to pause.',
          );
        }
        given.say(`Job ${jobId} is paused: workers wait, and cost nothing while they do.`);
        return concluded(
          given,
          given.report('changed', { state: 'paused', next: given.next('resume <secret>') }),
        );
      }),
    );
};

export const registerResume: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('resume'))
    .description('takes a pause off, and starts an execution where none is alive')
    .argument('<secret>', 'an encryption secret, by key or name')
    .option('--follow', 'stay, with a progress bar, until it has ended')
    .action(
      run(async (context, name: string, options: DeploymentOptions & { follow?: boolean }) => {
        const given = await asked(context, 'resume', name, options);
        const { controlTable, stepFunctions } = given.deployment;
        const record = await controlTable.getReencryption(given.secret.name);
        // Due: nobody opened the job yet, so the ledger cannot know of it.
        const isOpen = record !== undefined && ['due', 'active', 'stopped'].includes(record.state);
        const { jobId } = await setPaused(given, 'resumeReencryption');
        if (jobId === undefined && !isOpen) {
          return nothing(given, 'No job is active, and none is due: there is nothing to resume.');
        }
        const live =
          record?.execution !== undefined && (await stepFunctions.isRunning(record.execution));
        const execution = live ? undefined : await startExecution(given, { again: false });
        given.say(
          execution === undefined
            ? 'Its execution is alive and goes on.'
            : `A new execution goes on where the ledger ends: ${execution}`,
        );
        if (options.follow) return followed(given, execution);
        return concluded(
          given,
          given.report('started', {
            ...(execution !== undefined && { execution }),
            next: given.next('status <secret> --follow'),
          }),
        );
      }),
    );
};

const setPaused = (
  { deployment, secret }: Asked,
  operation: 'pauseReencryption' | 'resumeReencryption',
) =>
  ask(
    deployment,
    secret.reencryption.function,
    { operation, secret: secret.name },
    reencryptionPausedSchema,
  );

function nothing(given: Asked, words: string) {
  given.say(words);
  if (given.json) given.terminal.out(JSON.stringify(given.report('nothingToDo'), null, 2));
  return exitCodes.ok;
}
