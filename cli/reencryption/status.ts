/** `quarterturn reencrypt status <secret>`: where its rows stand. Changes nothing. */
import type { ReencryptionReport } from '../../domain/reports/reencryption-report.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { type Asked, asked } from './context.ts';
import { follow, lookTwice, type Rated } from './follow.ts';
import { needsAPerson } from './gather.ts';
import { renderStatus } from './render.ts';

export const registerRowsStatus: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('status'))
    .description('how far it is, how fast, and what needs a person')
    .argument('<secret>', 'an encryption secret, by key or name')
    .option('--follow', 'stay, with a progress bar, until it has ended')
    .action(
      run(async (context, name: string, options: DeploymentOptions & { follow?: boolean }) => {
        const given = await asked(context, 'status', name, options);
        if (options.follow) return followed(given);
        const look = await lookTwice(given);
        return concluded(given, reportOf(given, 'told', look), look);
      }),
    );
};

/** @param execution one that was just started */
export async function followed(given: Asked, execution?: string): Promise<ExitCode> {
  const { outcome, look } = await follow(given, execution);
  const started = execution === undefined ? {} : { execution };
  return concluded(given, { ...reportOf(given, outcome, look), ...started }, look);
}

function reportOf(
  given: Asked,
  outcome: ReencryptionReport['outcome'],
  look: Rated,
): ReencryptionReport {
  const next = nextOf(given, look);
  return given.report(outcome, { ...look, ...(next !== undefined && { next }) });
}

/** Says it, and how the command ends. */
export function concluded(
  { terminal, json, secret }: Asked,
  report: ReencryptionReport,
  look?: Rated,
): ExitCode {
  if (json) terminal.out(JSON.stringify(report, null, 2));
  else {
    const told = look && renderStatus(report, secret, terminal.columns);
    for (const line of told ?? []) terminal.out(line);
    if (report.outcome === 'stalled') {
      terminal.err('Nothing is at work on it, and nothing moved for two minutes.');
    }
    if (report.outcome === 'interrupted') {
      const still = report.state === 'paused' ? 'stays paused' : 'goes on';
      terminal.out(`It ${still}; you only stopped looking.`);
    }
    if (report.next !== undefined) {
      const isToMend = report.state === 'stopped' && (report.record?.findings.length ?? 0) > 0;
      terminal.out(`Next${isToMend ? ', once that is mended' : ''}: ${report.next}`);
    }
  }
  if (report.outcome === 'interrupted') return exitCodes.interrupted;
  if (report.outcome === 'stalled') return exitCodes.failed;
  return look !== undefined && needsAPerson(look) ? exitCodes.findings : exitCodes.ok;
}

/** The one command that gets it further; undefined: it gets there by itself. */
function nextOf({ next }: Asked, look: Rated): string | undefined {
  const { state, live, record, job, problem } = look;
  if (problem !== undefined && record === undefined) return next('prepare <secret>');
  if (problem !== undefined) return undefined;
  if (state === 'paused') return next('resume <secret>');
  if (state === 'stopped') return next('resume <secret>');
  if ((state === 'due' || state === 'active') && !live) return next('resume <secret>');
  if (state !== 'unproven') return undefined;
  if (job !== undefined && job.quarantined.rows > job.quarantined.accepted) {
    return next('quarantine <secret>');
  }
  const [store] = job?.storesOpen ?? [];
  return store === undefined
    ? next('verify <secret>')
    : next(`attest <secret> --store ${store} --evidence <where it can be looked up>`);
}
