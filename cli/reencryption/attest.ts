/** `quarterturn reencrypt attest <secret>`: somebody vouches for a store that cannot be counted from here. */
import { storeAttestedSchema } from '../../domain/events/reencryption.ts';
import { ask } from '../adoption/examine.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { UsageError } from '../errors.ts';
import { confirmed, notConfirmed } from './confirm.ts';
import { asked, callerOf } from './context.ts';

interface AttestOptions extends DeploymentOptions {
  store: string;
  evidence: string;
  yes?: boolean;
}

const longestEvidence = 256;

export const registerAttest: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('attest'))
    .description('vouch that a store nobody can count holds nothing under an older key')
    .argument('<secret>', 'an encryption secret, by key or name')
    .requiredOption('--store <name>', 'as declared in `reencryption.stores`')
    .requiredOption('--evidence <text>', 'where it can be looked up, e.g. a ticket')
    .option('--yes', 'do not ask')
    .action(
      run(async (context, name: string, options: AttestOptions) => {
        const { store, evidence, yes } = options;
        if (evidence.trim() === '' || evidence.length > longestEvidence) {
          throw new UsageError(
            `--evidence has ${evidence.trim().length} characters; expected 1 to ${longestEvidence}.`,
          );
        }
        const given = await asked(context, 'attest', name, options);
        const { deployment, secret, terminal, json } = given;
        const { stores } = secret.reencryption;
        if (!stores.includes(store)) {
          throw new UsageError(
            `"${store}" is no declared store of "${secret.key}"; expected ${stores.length === 0 ? 'one in `reencryption.stores`, which declares none' : `one of ${stores.join(', ')}`}. Nothing was changed.`,
          );
        }
        const by = callerOf(deployment);
        const question = `Does ${store} hold nothing of ${secret.name} under an older key, as ${by} vouches (${evidence})?`;
        if (!(await confirmed(given, question, yes))) return notConfirmed(given);
        const { kid } = await ask(
          deployment,
          secret.reencryption.function,
          { operation: 'attestStore', secret: secret.name, store, evidence, by },
          storeAttestedSchema,
        );
        const next = given.next('verify <secret> --follow');
        if (json) {
          const report = given.report('changed', { attested: { store, kid }, next });
          terminal.out(JSON.stringify(report, null, 2));
        } else {
          terminal.out(`Recorded: ${store} holds key ${kid} only, says ${by}.`);
          terminal.out(`Next, once everything is vouched for: ${next}`);
        }
        return exitCodes.ok;
      }),
    );
};
