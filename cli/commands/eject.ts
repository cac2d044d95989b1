/**
 * `quarterturn eject <secret>`: takes a secret out of rotation for good. Says first what would be done; confirmed,
 * the secret's own function removes the labels and switches the rotation off, then the tags go. The value stays.
 */
import { isRotated, type ManifestSecret } from '../../domain/config/manifest.ts';
import { tagKeys } from '../../domain/config/names.ts';
import {
  type EjectAnswer,
  type EjectRequest,
  ejectAnswerSchema,
} from '../../domain/events/eject-operation.ts';
import { readAs } from '../../domain/events/read-as.ts';
import type { EjectionReport } from '../../domain/reports/ejection-report.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type OpenDeployment,
  type RegisterCommand,
  type Terminal,
} from '../command.ts';
import { FunctionAnswerError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { heading } from '../status/render.ts';
import { wrap } from '../table.ts';

interface EjectOptions extends DeploymentOptions {
  dryRun?: boolean;
  yes?: boolean;
}

export const registerEject: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('eject'))
    .description('take a secret out of rotation, and leave a value that any application reads')
    .argument('<secret>', 'its key or name')
    .option('--dry-run', 'say what would be done, change nothing')
    .option('--yes', 'do not ask')
    .action(
      run(async ({ terminal, open }, name: string, options: EjectOptions) => {
        const deployment = await open(options);
        const report = await eject(deployment, name, options, terminal);
        if (options.json) terminal.out(JSON.stringify(report, null, 2));
        else tellEnd(report, terminal);
        return exitCodeOf[report.outcome];
      }),
    );
};

const exitCodeOf: Record<EjectionReport['outcome'], ExitCode> = {
  ejected: exitCodes.ok,
  dryRun: exitCodes.ok,
  notConfirmed: exitCodes.failed,
};

/** What of an event requestedBy holds (domain/events/eject-operation.ts). */
const longestName = 256;
const ownTags = Object.values(tagKeys);

async function eject(
  deployment: OpenDeployment,
  name: string,
  { dryRun = false, yes = false, json = false }: EjectOptions,
  terminal: Terminal,
): Promise<EjectionReport> {
  const { manifest, caller, clock, secretsManager } = deployment;
  const secret = findSecret(manifest, name);
  // With --json standard output is the document's alone.
  const say = json ? terminal.err : terminal.out;
  say(heading({ deployment: manifest, caller }));
  const plan = await ask(deployment, secret, true);
  const report = (
    outcome: EjectionReport['outcome'],
    rotation: EjectAnswer | undefined,
  ): EjectionReport => ({
    report: 'quarterturn-ejection',
    version: 1,
    at: clock.now().toISOString(),
    deployment: { name: manifest.name, environment: manifest.environment },
    secret: { key: secret.key, name: secret.name },
    outcome,
    ...(rotation && { rotation }),
    tags: [...ownTags],
    next: outcome === 'ejected' ? nextSteps(secret, rotation) : [],
  });
  for (const line of planLines(secret, plan)) {
    for (const part of wrap(line, terminal.columns)) say(part);
  }
  if (dryRun) {
    return report('dryRun', plan);
  }
  if (!yes && !(terminal.interactive && (await terminal.confirm(`Eject ${secret.name}?`)))) {
    return report('notConfirmed', plan);
  }
  const done = await ask(deployment, secret, false);
  // Last: a run that was cut off is run again, and finds nothing left to do but this.
  await secretsManager.untag(secret.name, ownTags);
  if (secret.kind === 'userManaged' && secret.inbox !== undefined) {
    await secretsManager.untag(secret.inbox.name, ownTags);
  }
  return report('ejected', done);
}

/** @throws FunctionFailedError with the function's reason; FunctionAnswerError for another release's answer */
async function ask(
  { functions, caller }: OpenDeployment,
  secret: ManifestSecret,
  dryRun: boolean,
): Promise<EjectAnswer | undefined> {
  if (!isRotated(secret)) {
    return undefined;
  }
  const request: EjectRequest = {
    operation: 'eject',
    requestedBy: caller.arn.slice(0, longestName),
    dryRun,
  };
  const answer = readAs(ejectAnswerSchema, await functions.invoke(secret.function, request));
  if (!answer.success) {
    throw new FunctionAnswerError(secret.function, answer.error.issues[0]?.path.join('.') ?? '');
  }
  return answer.data;
}

function planLines({ name }: ManifestSecret, plan: EjectAnswer | undefined): string[] {
  const lines = [`Ejecting ${name}`];
  if (plan !== undefined) {
    const versions = new Set(plan.labels.map(({ versionId }) => versionId)).size;
    lines.push(
      plan.rotationEnabled
        ? '- switches its rotation off, and the native rule with it'
        : '- finds its rotation switched off already',
      `- removes ${plan.labels.length} labels of ours from ${versions} versions: ${plan.labels.map(({ label }) => label).join(', ') || 'none'}`,
      `- leaves AWSCURRENT (${plan.versionId}) and AWSPREVIOUS as they are${plan.hasValue ? '' : '; AWSCURRENT has no value yet, only the marker of a new secret'}`,
    );
    if (plan.accepted !== true) {
      lines.push(
        `- leaves a value that its target does not accept now (${plan.accepted}): applications cannot use it, with or without rotation`,
      );
    }
  }
  return [...lines, `- removes the tags ${ownTags.join(', ')}`];
}

function nextSteps(secret: ManifestSecret, rotation: EjectAnswer | undefined): string[] {
  const { key, name } = secret;
  return [
    `Remove "${key}" from secrets, and from what consumers read, in rotation.config.ts, and deploy: the stack gives ${name} up and leaves it in the account. Until then the schedule finds neither date nor rotation, and reports that as an error.`,
    ...(rotation?.hasValue === false ? [] : readers[secret.kind]),
  ];
}

const readers: Record<ManifestSecret['kind'], readonly string[]> = {
  jwt: [
    'Applications go on as before: readers of one variable read the flat field, readers of the keyset the keyset. Nobody adds or retires keys any more; whoever replaces the key writes a new value.',
    'Leave "keyset" in the value until the last token signed with an earlier key has expired; after that it may go.',
  ],
  encryption: [
    'Applications go on as before: readers of one variable read the flat field, readers of the keyset the keyset. Nobody adds or retires keys any more.',
    'Leave "keyset" in the value while a single row, backup or archive is sealed with an earlier key: the flat field opens rows of the newest key only.',
  ],
  database: [
    'Applications go on as before: the value keeps the fields of AWS (username, password, host, …) and its DATABASE_URL. Nobody changes the password any more.',
  ],
  userManaged: ['Its owners go on as before.'],
};

function tellEnd({ outcome, secret, next }: EjectionReport, terminal: Terminal): void {
  if (outcome === 'notConfirmed') {
    terminal.err('Not confirmed. Nothing was changed; --yes does not ask.');
    return;
  }
  if (outcome === 'ejected') terminal.out(`Ejected: ${secret.name}.`);
  next.forEach((line, index) => {
    for (const part of wrap(index === 0 ? `Next: ${line}` : line, terminal.columns)) {
      terminal.out(part);
    }
  });
}
