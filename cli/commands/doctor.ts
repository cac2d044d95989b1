/**
 * `quarterturn doctor [secret]`: what is wrong, what it means, and how it is repaired. Looks first and changes
 * nothing; with `--repair` what is safe is done, one by one, each after a yes.
 */

import { isRotated, type RotatedManifestSecret } from '../../domain/config/manifest.ts';
import { accessAuditFindings } from '../../domain/policy/readers/beforehand.ts';
import {
  type DoctoredSecret,
  type DoctorReport,
  needsPerson,
  type Repaired,
} from '../../domain/reports/doctor-report.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type OpenDeployment,
  type RegisterCommand,
  type Terminal,
} from '../command.ts';
import { examineAlarmPaths } from '../doctor/alarm-paths.ts';
import { examineConsumers } from '../doctor/consumers.ts';
import { examine } from '../doctor/examine.ts';
import { renderRest, renderSecret } from '../doctor/render.ts';
import { repair } from '../doctor/repair.ts';
import { documentHead } from '../document-head.ts';
import { NotRotatedError, UsageError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { heading } from '../status/render.ts';

interface DoctorOptions extends DeploymentOptions {
  repair?: boolean;
  abandon?: boolean;
  yes?: boolean;
}

export const registerDoctor: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('doctor'))
    .description('what is wrong with a secret or its rotation, and how it is repaired')
    .argument('[secret]', 'one secret, by key or name')
    .option('--repair', 'do what is safe, one by one, after asking')
    .option('--abandon', 'with --repair: give a stuck rotation up instead of resuming it')
    .option('--yes', 'with --repair: do not ask')
    .action(
      run(async ({ terminal, open }, name: string | undefined, options: DoctorOptions) => {
        if ((options.abandon || options.yes) && !options.repair) {
          throw new UsageError(
            '--abandon and --yes say how to repair; expected --repair with them.',
          );
        }
        const deployment = await open(options);
        const secrets = chosen(deployment, name);
        const report = await doctor(deployment, secrets, name !== undefined, options, terminal);
        if (options.json) terminal.out(JSON.stringify(report, null, 2));
        return exitCodeOf(report);
      }),
    );
};

const exitCodeOf = ({ findings }: DoctorReport): ExitCode =>
  findings > 0 ? exitCodes.findings : exitCodes.ok;

/** @throws UnknownSecretError, NotRotatedError */
function chosen({ manifest }: OpenDeployment, name: string | undefined): RotatedManifestSecret[] {
  if (name === undefined) return manifest.secrets.filter(isRotated);
  const secret = findSecret(manifest, name);
  if (!isRotated(secret)) {
    throw new NotRotatedError(
      `"${secret.key}" is user-managed (${secret.purpose}): nothing rotates it, and there is nothing to look at here. Expected one that rotates.`,
    );
  }
  return [secret];
}

async function doctor(
  deployment: OpenDeployment,
  secrets: readonly RotatedManifestSecret[],
  only: boolean,
  options: DoctorOptions,
  terminal: Terminal,
): Promise<DoctorReport> {
  const { manifest, caller } = deployment;
  // With --json standard output is the document's alone.
  const show = options.json ? () => undefined : terminal.out;
  show(heading({ deployment: manifest, caller }));
  const seen: DoctoredSecret[] = [];
  const repairs: Repaired[] = [];
  for (const secret of secrets) {
    const found = await examineOrSay(deployment, secret);
    for (const line of renderSecret(found, terminal)) show(line);
    const done = options.repair
      ? await repaired(deployment, secret, found, options, terminal)
      : { repairs: [], secret: found };
    repairs.push(...done.repairs);
    seen.push(done.secret);
    if (done.repairs.length > 0) {
      for (const line of renderSecret(done.secret, terminal)) show(line);
    }
  }
  const { consumers, unchecked } = await examineConsumers(
    deployment,
    only ? secrets[0]?.key : undefined,
  );
  const { paths, unchecked: ofPaths } = only
    ? { paths: [], unchecked: [] }
    : await examineAlarmPaths(deployment);
  const accessAudit = only ? [] : accessAuditFindings(manifest.emergency?.hasTrail);
  const ofPath = paths.flatMap(({ findings }) => findings).filter(needsPerson);
  const ofSecrets = seen.flatMap(({ findings }) => findings).filter(needsPerson);
  const ofConsumers = consumers.flatMap(({ findings }) => findings).filter(needsPerson);
  const report: DoctorReport = {
    report: 'quarterturn-doctor',
    ...documentHead(deployment),
    secrets: seen,
    consumers,
    paths,
    ...(only ? {} : { accessAudit }),
    repairs,
    unchecked: [...unchecked, ...ofPaths],
    findings: ofSecrets.length + ofConsumers.length + ofPath.length,
  };
  for (const line of renderRest(report, terminal)) show(line);
  return report;
}

/** One secret that was deleted, or a record that does not parse, must not hide the others. */
async function examineOrSay(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
): Promise<DoctoredSecret> {
  try {
    return await examine(deployment, secret);
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (!code?.startsWith('ERR_ROTATION_')) throw error;
    const { key, name, kind } = secret;
    return {
      ...{ key, name, kind, state: 'unreadable', versions: [], reaches: {} },
      findings: [{ code, level: 'blocks', message: message ?? code }],
      notes: [],
      unchecked: [],
    };
  }
}

function repaired(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  found: DoctoredSecret,
  { abandon = false, yes = false, json = false }: DoctorOptions,
  terminal: Terminal,
) {
  const asks = !yes && !json && terminal.interactive;
  return repair(
    {
      deployment,
      secret,
      abandon,
      asks,
      confirm: async (question) => yes || (asks && (await terminal.confirm(question))),
      say: json ? terminal.err : terminal.out,
    },
    found,
  );
}
