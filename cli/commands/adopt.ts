/**
 * `quarterturn adopt <secret>`: takes an existing secret over where it stands. Looks at everything first, says what
 * stands in the way and the command that resolves it; then, confirmed, prepares the database, tags the secret and
 * records since when its material is in use. The record is written last: a run that was cut off is run again, and a
 * secret that has one is left as it is.
 */

import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { tagKeys } from '../../domain/config/names.ts';
import {
  type BootstrapExecuted,
  type BootstrapPlanAnswer,
  bootstrapExecutedSchema,
} from '../../domain/events/operator-requests.ts';
import type { AdoptionReport } from '../../domain/reports/adoption-report.ts';
import { ask, blocking, type Examination, examine } from '../adoption/examine.ts';
import {
  renderBootstrap,
  renderOutcome,
  renderRefusals,
  renderRehearsal,
} from '../adoption/render.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type OpenDeployment,
  type RegisterCommand,
  type Terminal,
} from '../command.ts';
import { documentHead } from '../document-head.ts';
import { NotAdoptableError, UsageError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { heading } from '../status/render.ts';

interface AdoptOptions extends DeploymentOptions {
  since?: string;
  dryRun?: boolean;
  yes?: boolean;
}

/** What an adoption record holds (domain/events/control-records.ts). */
const longestName = 256;

export const registerAdopt: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('adopt'))
    .description('take an existing secret over, after saying what stands in the way')
    .argument('<secret>', 'its key or name; the configuration names it with `adopt`')
    .option(
      '--since <date>',
      'since when its value is in use (2026-05-17, or an instant in UTC; default: since AWSCURRENT was made)',
    )
    .option('--dry-run', 'look at everything, change nothing')
    .option('--yes', 'do not ask')
    .action(
      run(async ({ terminal, open }, name: string, options: AdoptOptions) => {
        const deployment = await open(options);
        const since =
          options.since === undefined ? undefined : instantOf(options.since, deployment);
        const secret = adoptable(deployment, name);
        const say = options.json ? () => undefined : terminal.out;
        say(heading({ deployment: deployment.manifest, caller: deployment.caller }));
        const report = await adopt(deployment, secret, { ...options, since }, terminal, say);
        if (options.json) terminal.out(JSON.stringify(report, null, 2));
        else for (const line of renderOutcome(report)) terminal.out(line);
        return exitCodeOf[report.outcome];
      }),
    );
};

const exitCodeOf: Record<AdoptionReport['outcome'], ExitCode> = {
  adopted: exitCodes.ok,
  alreadyAdopted: exitCodes.ok,
  dryRun: exitCodes.ok,
  refused: exitCodes.failed,
  needsBootstrap: exitCodes.failed,
  notConfirmed: exitCodes.failed,
};

/** @throws UnknownSecretError, NotAdoptableError */
function adoptable({ manifest }: OpenDeployment, name: string): RotatedManifestSecret {
  const secret = findSecret(
    manifest,
    name,
    'To adopt another one, name it in the configuration with adopt: { secretArn, kmsKeyArn }, and deploy.',
  );
  if (secret.kind === 'userManaged') {
    throw new NotAdoptableError(
      `"${secret.key}" is user-managed (${secret.purpose}): its owners change it, and there is nothing to adopt.`,
    );
  }
  if (secret.origin === 'new') {
    throw new NotAdoptableError(
      `"${secret.key}" was made by this deployment; expected one whose configuration has adopt: { secretArn, kmsKeyArn }. Nothing was changed.`,
    );
  }
  if (secret.kind === 'database' && secret.operator === undefined) {
    throw new NotAdoptableError(
      `"${secret.key}" was deployed by an earlier release, which has no operator to prepare its database; expected this one. Deploy the stack with it. Nothing was changed.`,
    );
  }
  return secret;
}

/** @throws UsageError */
function instantOf(text: string, { clock }: OpenDeployment): string {
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(text)
    ? new Date(text)
    : undefined;
  // 30 February rolls over to another day.
  if (
    at === undefined ||
    Number.isNaN(at.getTime()) ||
    !at.toISOString().startsWith(text.slice(0, 10))
  ) {
    throw new UsageError(
      `--since "${text}" is no date; expected 2026-05-17, or an instant such as 2026-05-17T17:00:00Z.`,
    );
  }
  if (at.getTime() > clock.now().getTime()) {
    throw new UsageError(`--since ${text} lies in the future; expected a date that has passed.`);
  }
  return at.toISOString();
}

type Options = Pick<AdoptOptions, 'dryRun' | 'yes' | 'json'> & { since: string | undefined };

async function adopt(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  options: Options,
  terminal: Terminal,
  say: (line: string) => void,
): Promise<AdoptionReport> {
  const { manifest, caller, clock, controlTable, secretsManager } = deployment;
  const { key, name, kind, armed } = secret;
  const report = (
    outcome: AdoptionReport['outcome'],
    more: Partial<AdoptionReport> = {},
  ): AdoptionReport => ({
    report: 'quarterturn-adoption',
    ...documentHead(deployment),
    secret: { key, name, kind, armed },
    outcome,
    refusals: [],
    ...more,
  });
  const before = await controlTable.getAdoption(name);
  if (before !== undefined) {
    return report('alreadyAdopted', { materialSince: before.materialSince });
  }

  const seen = await examine(deployment, secret);
  tell(seen, say, terminal.columns);
  const { refusals, rehearsal, bootstrap } = seen;
  const found = { refusals, rehearsal, ...(bootstrap && { bootstrap }) };
  const { versionId } = rehearsal;
  if (
    refusals.length > 0 ||
    versionId === undefined ||
    blocking([...rehearsal.findings, ...(bootstrap?.findings ?? [])]).length > 0
  ) {
    return report('refused', found);
  }
  if (bootstrap !== undefined && bootstrap.statements.length > 0 && bootstrap.runBy === undefined) {
    return report('needsBootstrap', found);
  }
  const materialSince = options.since ?? (await sinceCurrent(deployment, name));
  if (options.dryRun) {
    return report('dryRun', { ...found, materialSince });
  }
  if (!options.yes && !(await confirmed(terminal, secret, bootstrap, options))) {
    return report('notConfirmed', { ...found, materialSince });
  }

  const executed = bootstrap && (await prepare(deployment, secret, bootstrap));
  await secretsManager.tag(name, {
    [tagKeys.name]: manifest.name,
    [tagKeys.environment]: manifest.environment,
    [tagKeys.kind]: kind,
    [tagKeys.cadenceDays]: String(secret.cadenceDays),
  });
  const stored = await controlTable.putAdoption(name, {
    at: clock.now().toISOString(),
    by: caller.arn.slice(0, longestName),
    materialSince,
    versionId,
  });
  return report(stored === 'stored' ? 'adopted' : 'alreadyAdopted', {
    ...found,
    materialSince,
    ...(executed && { executed }),
  });
}

function tell(
  { refusals, rehearsal, bootstrap }: Examination,
  say: (line: string) => void,
  columns: number,
): void {
  const lines = [
    ...renderRefusals(refusals, columns),
    ...renderRehearsal(rehearsal, columns),
    ...(bootstrap === undefined ? [] : renderBootstrap(bootstrap, columns)),
  ];
  for (const line of lines) say(line);
}

/** When AWSCURRENT was made: the clocks of AWS and of this machine may differ by seconds. */
async function sinceCurrent(
  { secretsManager, clock }: OpenDeployment,
  name: string,
): Promise<string> {
  const now = clock.now();
  const made = await secretsManager.currentSince(name);
  return (made !== undefined && made < now ? made : now).toISOString();
}

async function confirmed(
  terminal: Terminal,
  { name }: RotatedManifestSecret,
  bootstrap: BootstrapPlanAnswer | undefined,
  { json }: Options,
): Promise<boolean> {
  if (json || !terminal.interactive) return false;
  const statements = bootstrap?.statements.length ?? 0;
  return terminal.confirm(
    statements > 0
      ? `Run these ${statements} statements, and adopt ${name}?`
      : `Tag ${name}, and record its age?`,
  );
}

async function prepare(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  { statements, digest }: BootstrapPlanAnswer,
): Promise<BootstrapExecuted | undefined> {
  if (secret.kind !== 'database' || secret.operator === undefined || statements.length === 0) {
    return undefined;
  }
  const request = { operation: 'executeBootstrap', secret: secret.name, digest };
  return ask(deployment, secret.operator, request, bootstrapExecutedSchema);
}
