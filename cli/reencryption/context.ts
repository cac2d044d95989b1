/** What every command of `quarterturn reencrypt` begins with: the deployment, and a secret whose rows are rewritten. */

import type { Manifest, ManifestSecret } from '../../domain/config/manifest.ts';
import type { ReencryptionReport } from '../../domain/reports/reencryption-report.ts';
import type { CommandContext, DeploymentOptions, OpenDeployment, Terminal } from '../command.ts';
import { documentHead } from '../document-head.ts';
import { NotReencryptedError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { heading } from '../status/render.ts';

type EncryptionSecret = Extract<ManifestSecret, { kind: 'encryption' }>;
export type RewrittenSecret = EncryptionSecret & {
  reencryption: NonNullable<EncryptionSecret['reencryption']>;
};

export interface Asked {
  readonly deployment: OpenDeployment;
  readonly secret: RewrittenSecret;
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Progress and headings: standard output, or, where a document goes there, standard error. */
  readonly say: (line: string) => void;
  /** A command line of this deployment, to paste. */
  readonly next: (subcommand: string) => string;
  report(
    outcome: ReencryptionReport['outcome'],
    more?: Partial<ReencryptionReport>,
  ): ReencryptionReport;
}

/** @throws UnknownSecretError, NotReencryptedError */
export async function asked(
  { terminal, open }: CommandContext,
  command: string,
  name: string,
  options: DeploymentOptions,
): Promise<Asked> {
  const deployment = await open(options);
  const { manifest, caller } = deployment;
  const secret = rewritten(manifest, name);
  const json = options.json === true;
  const say = json ? terminal.err : terminal.out;
  say(heading({ deployment: manifest, caller }));
  return {
    deployment,
    secret,
    terminal,
    json,
    say,
    next: (subcommand) =>
      `npx quarterturn reencrypt ${subcommand.replace('<secret>', secret.key)} --deployment ${manifest.name}/${manifest.environment}`,
    report: (outcome, more = {}) => ({
      report: 'quarterturn-reencryption',
      ...documentHead(deployment),
      command,
      secret: { key: secret.key, name: secret.name },
      outcome,
      ...more,
    }),
  };
}

function rewritten(manifest: Manifest, name: string): RewrittenSecret {
  const secret = findSecret(manifest, name);
  if (secret.kind !== 'encryption') {
    throw new NotReencryptedError(
      `"${secret.key}" is of kind ${secret.kind}; expected an encryption secret: only its key is one that rows are under.`,
    );
  }
  const { reencryption } = secret;
  if (reencryption === undefined) {
    throw new NotReencryptedError(
      `"${secret.key}" has no \`reencryption\` in the configuration, so its rows stay under the keys they were written with; expected one with \`login\` and \`backupRetention\`: docs/reencryption.md. Nothing was changed.`,
    );
  }
  return { ...secret, reencryption };
}

/** What the records hold (domain/events/control-records.ts). */
const longestName = 256;
export const callerOf = ({ caller }: OpenDeployment): string => caller.arn.slice(0, longestName);
