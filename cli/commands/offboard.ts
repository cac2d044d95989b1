/**
 * `quarterturn offboard <principal…>`: somebody leaves, or a role is given up. Which managed secrets could it read, which
 * did it read; what that does not see; and those rotate, as planned, or as exposed.
 */
import { isRotated, type RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { OffboardingReport } from '../../domain/reports/offboarding-report.ts';
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
import { askFor } from '../emergency/ask.ts';
import { exitCodeOf as emergencyCode } from '../emergency/document.ts';
import { exposedSince } from '../emergency/instant.ts';
import { tellEnd as tellEmergency } from '../emergency/tell-end.ts';
import { UsageError } from '../errors.ts';
import { type Found, gather } from '../offboard/gather.ts';
import { renderFound } from '../offboard/render.ts';
import { rotateAll } from '../offboard/rotate.ts';
import { assertNamed, type Leaver, leaver } from '../offboard/who.ts';
import { tellProblem } from '../rotation/asked.ts';
import { heading } from '../status/render.ts';
import { wrap } from '../table.ts';

interface OffboardOptions extends DeploymentOptions {
  since?: string;
  exposed?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  wait: boolean;
}

/** CloudTrail's event history ends there. */
const longestLook = '90d';
/** What of an emergency's input holds. */
const longestReason = 512;

export const registerOffboard: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('offboard'))
    .description('somebody leaves: what they could read and did read, and rotate that')
    .argument('[who...]', 'ARNs of roles and users, and people of triggers.offboarding.people')
    .option(
      '--since <when>',
      'reads since then: how long ago (30d), a day (UTC) or an instant (default: 90d)',
    )
    .option(
      '--exposed',
      'as an emergency: sessions end, and who leaves is cut off where that is allowed',
    )
    .option('--dry-run', 'look, and rotate nothing')
    .option('--yes', 'do not ask')
    .option('--no-wait', 'return as soon as Secrets Manager, or the machine, has accepted it')
    .action(
      run(async ({ terminal, open }, names: string[], options: OffboardOptions) => {
        assertUsage(names, options);
        const deployment = await open(options);
        const report = await offboard(deployment, names, options, terminal);
        if (options.json) terminal.out(JSON.stringify(report, null, 2));
        return exitCodeOf(report);
      }),
    );
};

function assertUsage(names: readonly string[], { dryRun, exposed, yes }: OffboardOptions): void {
  assertNamed(names);
  if (dryRun === true && (yes === true || exposed === true)) {
    throw new UsageError('--dry-run rotates nothing; expected it without --yes and --exposed.');
  }
}

async function offboard(
  deployment: OpenDeployment,
  names: readonly string[],
  options: OffboardOptions,
  terminal: Terminal,
): Promise<OffboardingReport> {
  const { manifest, caller, clock } = deployment;
  const { json = false, exposed = false, dryRun = false } = options;
  // With --json standard output is the document's alone.
  const say = json ? terminal.err : terminal.out;
  const since = exposedSince(options.since ?? longestLook, clock.now(), '--since');
  const leavers = names.map((name) => leaver(deployment, name));
  say(heading({ deployment: manifest, caller }));
  const found = await gather(deployment, leavers, { since, exposed, say });
  for (const line of renderFound(found, terminal.columns)) say(line);
  const done = (ended: Ended): OffboardingReport => ({
    report: 'quarterturn-offboarding',
    ...documentHead(deployment),
    who: leavers.map(({ named, arn }) => ({ named, ...(arn !== undefined && { arn }) })),
    since,
    ...found,
    ...ended,
  });
  const meant = found.secrets.filter(({ rotates }) => rotates !== 'no');
  if (meant.length === 0) {
    say(
      isUnknown(found)
        ? 'Nothing is known of what they could read, and no read was found. Is the ARN right? Of one that was deleted, rotate what it had: npx quarterturn rotate <secret>'
        : 'Nothing to rotate, as far as this looked.',
    );
    return done({ outcome: 'nothing', rotations: [] });
  }
  if (dryRun) return done({ outcome: 'looked', rotations: [] });
  for (const line of wrap(stillReads(found, leavers), terminal.columns)) say(line);
  const context = { deployment, leavers, terminal, say, options };
  return done(exposed ? await asEmergency(context, found) : await asPlanned(context, found));
}

type Ended = Pick<OffboardingReport, 'outcome' | 'problem' | 'rotations' | 'emergency'>;

interface Context {
  readonly deployment: OpenDeployment;
  readonly leavers: readonly Leaver[];
  readonly terminal: Terminal;
  readonly say: (line: string) => void;
  readonly options: OffboardOptions;
}

/** Who may still read is handed the next value, too. */
const stillReads = ({ secrets }: Found, leavers: readonly Leaver[]): string =>
  leavers.some(({ arn }) => arn !== undefined) &&
  secrets.some(({ couldRead }) => couldRead === 'yes' || couldRead === 'perhaps')
    ? 'They may read the new values as well, as long as their policies stand: take those away first.'
    : 'Take away what they may read first, or they are handed the new values, too.';

async function asPlanned(
  { deployment, leavers, terminal, say, options }: Context,
  { secrets }: Found,
): Promise<Ended> {
  const { json = false, wait, yes = false } = options;
  const meant = planned(deployment, secrets);
  if (meant.length === 0) return { outcome: 'rotated', rotations: [] };
  const keys = meant.map(({ key }) => key).join(', ');
  if (!yes && !(await terminal.confirm(`Rotate ${keys} now, as planned?`))) {
    const message = terminal.interactive
      ? 'Not confirmed. Nothing was changed.'
      : 'Nobody can be asked here; expected --yes. Nothing was changed.';
    terminal.err(message);
    return {
      outcome: 'refused',
      problem: { code: 'ERR_ROTATION_NOT_CONFIRMED', message },
      rotations: [],
    };
  }
  return rotateAll(deployment, meant, {
    terminal,
    json,
    say,
    wait,
    reason: reasonOf(leavers),
    waitForWindow: false,
    waitForRows: false,
    tellEnd: (report) => {
      if (json) return;
      if (report.outcome === 'finished') terminal.out(`Rotated: ${report.versionId} is in use.`);
      tellProblem(report, terminal);
    },
  });
}

function planned(
  { manifest }: OpenDeployment,
  found: Found['secrets'],
): readonly RotatedManifestSecret[] {
  const keys = found.flatMap(({ key, rotates }) => (rotates === 'planned' ? [key] : []));
  return manifest.secrets.filter(isRotated).filter(({ key }) => keys.includes(key));
}

async function asEmergency(
  { deployment, leavers, terminal, say, options }: Context,
  { secrets }: Found,
): Promise<Ended> {
  const { json = false, since, wait, yes = false } = options;
  const allowed = deployment.manifest.emergency?.suspects ?? [];
  const document = await askFor(
    deployment,
    {
      names: secrets.flatMap(({ key, rotates }) => (rotates === 'no' ? [] : [key])),
      all: false,
      andAll: false,
      reason: reasonOf(leavers),
      exposedSince: since,
      suspects: leavers.flatMap(({ arn }) => (arn && allowed.includes(arn) ? [arn] : [])),
      keepRunning: false,
      drill: false,
    },
    { terminal, json, say, wait, yes },
  );
  if (!json) await tellEmergency(deployment, document, terminal);
  return { outcome: 'emergency', emergency: document, rotations: [] };
}

const reasonOf = (leavers: readonly Leaver[]): string =>
  `offboarding of ${leavers.map(({ named }) => named.split('/').at(-1)).join(', ')}`.slice(
    0,
    longestReason,
  );

/** A principal that IAM does not know: deleted, or its name is wrong. */
const isUnknown = ({ secrets }: Pick<OffboardingReport, 'secrets'>): boolean =>
  secrets.length > 0 && secrets.every(({ couldRead }) => couldRead === 'unknown');

/** What is left to a person is a finding; so is what a look found, and that it could find nothing out. */
function exitCodeOf({ outcome, secrets, emergency }: OffboardingReport): ExitCode {
  switch (outcome) {
    case 'nothing':
      return isUnknown({ secrets }) ? exitCodes.findings : exitCodes.ok;
    case 'looked':
      return exitCodes.findings;
    case 'rotated':
      return secrets.some(({ rotates }) => rotates === 'person')
        ? exitCodes.findings
        : exitCodes.ok;
    case 'interrupted':
      return exitCodes.interrupted;
    case 'emergency':
      return emergency === undefined ? exitCodes.failed : emergencyCode(emergency);
    case 'refused':
    case 'incomplete':
      return exitCodes.failed;
  }
}
