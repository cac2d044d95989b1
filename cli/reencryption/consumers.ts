/**
 * `quarterturn reencrypt consumers <secret>`: maintenance mode waits for somebody to say that nothing reads or
 * writes these rows; this says so, or takes it back.
 */

import type { ConsumersRecord, ReencryptionRecord } from '../../domain/events/control-records.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { NotReencryptedError, UsageError } from '../errors.ts';
import { confirmed, notConfirmed } from './confirm.ts';
import { asked, callerOf } from './context.ts';
import { minute } from './render.ts';

interface ConsumersOptions extends DeploymentOptions {
  stopped?: boolean;
  started?: boolean;
  yes?: boolean;
}

export const registerConsumers: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('consumers'))
    .description(
      'maintenance mode: say that nothing reads or writes these rows, or that it may again',
    )
    .argument('<secret>', 'an encryption secret, by key or name')
    .option('--stopped', 'every consumer is stopped')
    .option('--started', 'consumers run, or are about to')
    .option('--yes', 'do not ask')
    .action(
      run(async (context, name: string, options: ConsumersOptions) => {
        const { stopped, started, yes } = options;
        if (stopped && started) {
          throw new UsageError(
            'Found --stopped and --started; expected one of them, or none to look.',
          );
        }
        const given = await asked(context, 'consumers', name, options);
        const { deployment, secret, terminal, json } = given;
        const { controlTable, clock } = deployment;
        if (secret.reencryption.mode !== 'maintenance') {
          throw new NotReencryptedError(
            `"${secret.key}" is re-encrypted with mode online, while consumers read and write; expected mode maintenance. Nothing was changed.`,
          );
        }
        const rows = await controlTable.getReencryption(secret.name);
        const told = (said: ConsumersRecord | undefined) => tellOf(said, rows);
        if (!stopped && !started) {
          const consumers = await controlTable.getConsumers(secret.name);
          if (json) {
            const report = given.report('told', { ...(consumers && { consumers }) });
            terminal.out(JSON.stringify(report, null, 2));
          } else terminal.out(told(consumers));
          return exitCodes.ok;
        }
        const question = stopped
          ? `Is every consumer of ${secret.name} stopped? A row written from now on would be lost to the new key.`
          : `May consumers of ${secret.name} run? A job that rewrites its rows is not stopped by this.`;
        if (!(await confirmed(given, question, yes))) return notConfirmed(given);
        const consumers = {
          stopped: stopped === true,
          by: callerOf(deployment),
          at: clock.now().toISOString(),
        };
        await controlTable.putConsumers(secret.name, consumers);
        if (json) terminal.out(JSON.stringify(given.report('changed', { consumers }), null, 2));
        else terminal.out(told(consumers));
        return exitCodes.ok;
      }),
    );
};

/** Only what was said since the maintenance is due is heard by it: consumers run again between two of them. */
function tellOf(
  said: ConsumersRecord | undefined,
  rows: Pick<ReencryptionRecord, 'state' | 'at' | 'dueSince'> | undefined,
): string {
  if (said === undefined) {
    return 'Nobody said yet whether consumers are stopped: they count as running.';
  }
  const words = `Consumers are ${said.stopped ? 'stopped' : 'running'}, said ${said.by}, ${minute(said.at)}.`;
  if (!said.stopped) {
    return words;
  }
  if (rows === undefined || rows.state === 'verified' || rows.state === 'closed') {
    return `${words} No maintenance waits for it; the next one counts only what is said after it came due.`;
  }
  const due = rows.dueSince ?? rows.at;
  return Date.parse(said.at) >= Date.parse(due)
    ? words
    : `${words} That was before this maintenance came due, ${minute(due)}, and does not count: say it again when they are stopped.`;
}
