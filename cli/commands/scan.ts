/**
 * `quarterturn scan [paths…]`: are values of managed secrets in these files, or anywhere in the history of their
 * repositories? Compares keyed fingerprints, which a function of each deployment hands out: no value comes here.
 * `--across`: is one value held by several deployments?
 */
import { lstatSync } from 'node:fs';
import type { Command } from 'commander';
import type { FingerprintsAnswer } from '../../domain/events/fingerprints.ts';
import type { ScanReport } from '../../domain/reports/scan-report.ts';
import {
  type CommandContext,
  type ExitCode,
  exitCodes,
  type OpenDeployment,
  type RegisterCommand,
} from '../command.ts';
import { UsageError } from '../errors.ts';
import { sharedBetween } from '../scan/across.ts';
import { askFingerprints } from '../scan/ask-fingerprints.ts';
import { ScanPathError } from '../scan/errors.ts';
import { KnownValues } from '../scan/known-values.ts';
import { ProductionFiles } from '../scan/production.ts';
import { scanProgress } from '../scan/progress.ts';
import { renderScan } from '../scan/render.ts';
import { type PathScan, scanPath } from '../scan/scan-path.ts';
import { Scanner } from '../scan/scanner.ts';

interface ScanOptions {
  deployment: readonly string[];
  region?: string;
  secret: readonly string[];
  across?: boolean;
  history: boolean;
  production: readonly string[];
  json?: boolean;
}

const another = (value: string, before: readonly string[]): string[] => [...before, value];

export const registerScan: RegisterCommand = (program: Command, run) => {
  program
    .command('scan')
    .description('look for values of managed secrets in files and in the history of repositories')
    .argument('[paths...]', 'files, folders and repositories (default: this folder)')
    .option(
      '-d, --deployment <name/environment[@profile]>',
      'whose values, with which profile; may be given several times (default: as of every command)',
      another,
      [],
    )
    .option('--region <region>', "AWS region (default: the shell's)")
    .option('--secret <secret>', 'this one alone; may be given several times', another, [])
    .option('--across', 'is one value held by several deployments? without paths, nothing else')
    .option('--no-history', 'the files as they are, not the history of their repositories')
    .option(
      '--production <glob>',
      'which files are configuration of production; may be given several times',
      another,
      [],
    )
    .option('--json', 'the answer as JSON on standard output; asks nobody')
    .action(
      run(async (context, paths: string[], options: ScanOptions) => {
        const { terminal } = context;
        check(paths, options);
        const opened = await openAll(context, options);
        const [first] = opened;
        if (first === undefined) throw new UsageError('No deployment was named; expected one.');
        // One key for all of them, or nothing could be compared.
        const scanKey = `${await first.newToken()}${await first.newToken()}`;
        const answers: FingerprintsAnswer[] = [];
        for (const deployment of opened) {
          answers.push(await askFingerprints(deployment, scanKey, options.secret));
        }
        const at = first.clock.now().toISOString();
        return terminal.untilInterrupted(async (interrupted) => {
          const progress = scanProgress(terminal, options.json === true, first.clock);
          const scans = await scanAll(paths, options, {
            known: new KnownValues(Buffer.from(scanKey, 'hex'), answers),
            interrupted,
            read: progress.read,
          }).finally(progress.done);
          if (interrupted.aborted) {
            terminal.err('Interrupted: not everything was looked at.');
            return exitCodes.interrupted;
          }
          const report = reportOf(at, opened, answers, scans, options.across === true);
          if (options.json) terminal.out(JSON.stringify(report, null, 2));
          else for (const line of renderScan(report, terminal.columns)) terminal.out(line);
          return exitCodeOf(report);
        });
      }),
    );
};

/** Before anybody is asked for fingerprints. */
function check(paths: readonly string[], { across, deployment }: ScanOptions): void {
  if (across && deployment.length < 2) {
    throw new UsageError(
      '--across compares deployments; expected two or more of them, e.g. quarterturn scan --across -d pharmacy/staging -d pharmacy/prod@production.',
    );
  }
  for (const path of paths) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || !(found.isDirectory() || found.isFile())) {
      throw new ScanPathError(
        `${path} is ${found === undefined ? 'not there' : 'no file or folder (links are not followed)'}; expected files, folders and repositories to look through.`,
      );
    }
  }
}

async function openAll(
  { open }: CommandContext,
  { deployment, region }: ScanOptions,
): Promise<OpenDeployment[]> {
  const opened: OpenDeployment[] = [];
  const asked = deployment.length === 0 ? [undefined] : deployment;
  for (const each of asked) {
    const [name, profile] = each?.split('@', 2) ?? [];
    opened.push(
      await open({
        ...(name !== undefined && { deployment: name }),
        ...(profile !== undefined && { profile }),
        ...(region !== undefined && { region }),
      }),
    );
  }
  return opened;
}

interface ScanWork {
  readonly known: KnownValues;
  readonly interrupted: AbortSignal;
  read(bytes: number): void;
}

async function scanAll(
  paths: readonly string[],
  { across, history, production }: ScanOptions,
  { known, interrupted, read }: ScanWork,
): Promise<PathScan[]> {
  const scans: PathScan[] = [];
  const searched = new Set<string>();
  const [scanner, files] = [new Scanner(known), new ProductionFiles(production)];
  const all = paths.length > 0 || across ? paths : ['.'];
  for (const path of all) {
    if (interrupted.aborted) break;
    scans.push(
      await scanPath(path, { scanner, production: files, history, interrupted, read, searched }),
    );
  }
  return scans;
}

function reportOf(
  at: string,
  opened: readonly OpenDeployment[],
  answers: readonly FingerprintsAnswer[],
  scans: readonly PathScan[],
  across: boolean,
): ScanReport {
  return {
    report: 'quarterturn-scan',
    version: 1,
    at,
    deployments: answers.flatMap(({ deployment, secrets }, index) => {
      const { caller } = opened[index] ?? {};
      const values = secrets.reduce((sum, secret) => sum + secret.values.length, 0);
      return caller === undefined
        ? []
        : [{ deployment, caller: { ...caller }, secrets: secrets.length, values }];
    }),
    paths: scans.flatMap(({ paths }) => paths),
    findings: scans.flatMap(({ findings }) => findings),
    ...(across && { shared: sharedBetween(answers) }),
    leftOut: answers.flatMap(({ deployment, secrets }) =>
      secrets.flatMap(({ name, leftOut }) =>
        leftOut.map(({ what, reason }) => ({ deployment, secret: name, what, reason })),
      ),
    ),
    incomplete: [
      ...answers
        .filter(({ secrets }) => secrets.every(({ values }) => values.length === 0))
        .map(({ deployment }) => `${deployment} has no value that could be looked for`),
      ...scans.flatMap(({ incomplete }) => incomplete),
    ],
    notes: scans.flatMap(({ notes }) => notes),
  };
}

function exitCodeOf({ findings, shared, incomplete }: ScanReport): ExitCode {
  if (findings.length > 0 || (shared?.length ?? 0) > 0) return exitCodes.findings;
  return incomplete.length > 0 ? exitCodes.failed : exitCodes.ok;
}
