/**
 * `quarterturn emergency <secret…>`: a secret is exposed. Says what will happen, asks for the deployment's name, starts
 * the machine and follows it to the report of the incident. The machine does everything; a terminal that closes stops
 * nothing, and `--follow` shows it again.
 */
import type { Command } from 'commander';
import type {
  EmergenciesDocument,
  EmergencyDocument,
} from '../../domain/reports/emergency-document.ts';
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
import { askFor, followTo, notConfirmed, type Watching } from '../emergency/ask.ts';
import { type Asked, assertAsked } from '../emergency/asked.ts';
import { resume } from '../emergency/begin.ts';
import { exitCodeOf } from '../emergency/document.ts';
import { findEmergency, findFollowed } from '../emergency/find.ts';
import { lift } from '../emergency/lift.ts';
import { modeOf } from '../emergency/mode.ts';
import { renderList } from '../emergency/render.ts';
import { reportFormatOf, save, storedReport } from '../emergency/stored-report.ts';
import { tellEnd } from '../emergency/tell-end.ts';
import { heading } from '../status/render.ts';

interface EmergencyOptions extends DeploymentOptions {
  all?: boolean;
  reason?: string;
  andAll?: boolean;
  exposedSince?: string;
  suspect?: string[];
  keepRunning?: boolean;
  yes?: boolean;
  wait: boolean;
  follow?: string | true;
  resume?: string;
  report?: string;
  format?: string;
  out?: string;
  list?: boolean;
  lift?: string;
}

/** So many are listed. */
const mostListed = 20;

export const registerEmergency: RegisterCommand = (program, run) => {
  withOptions(program.command('emergency')).action(
    run(async ({ terminal, open }, names: string[], options: EmergencyOptions) => {
      const mode = modeOf(names, options);
      const asked = askedOf(names, options);
      if (mode === 'begin') assertAsked(asked);
      if (mode === 'report') reportFormatOf(options);
      const deployment = await open(options);
      if (mode === 'list') return list(deployment, options, terminal);
      if (mode === 'report') return report(deployment, options, terminal);

      const { json = false, wait, yes = false } = options;
      // With --json standard output is the document's alone.
      const say = json ? terminal.err : terminal.out;
      say(heading({ deployment: deployment.manifest, caller: deployment.caller }));
      const watching = { terminal, json, say, wait, yes };
      const document =
        mode === 'begin'
          ? await askFor(deployment, asked, watching)
          : await goOn(deployment, mode, options, watching);
      if (json) terminal.out(JSON.stringify(document, null, 2));
      else await tellEnd(deployment, document, terminal);
      return exitCodeOf(document);
    }),
  );
};

const several = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];

const withOptions = (command: Command): Command =>
  deploymentOptions(command)
    .description('a secret is exposed: rotate it, prove the old one dead, restart, audit, report')
    .argument('[secrets...]', 'those that are exposed, by key or name')
    .option('--all', 'everything is exposed')
    .option('--reason <text>', 'what happened; stands in the report of the incident')
    .option('--and-all', 'everything else is changed afterwards, too')
    .option(
      '--exposed-since <when>',
      'how long ago (3d), a day (UTC) or an instant (default: not known)',
    )
    .option('--suspect <arn>', 'a role or user to cut off first; may be given again', several)
    .option('--keep-running', 'no consumer is stopped; they are restarted one by one')
    .option('--yes', 'do not ask')
    .option('--no-wait', 'return as soon as the machine has it')
    .option('--follow [id]', 'follow the newest, or this one, instead of beginning one')
    .option('--resume <id>', 'go on with one that ended: what failed is tried again')
    .option('--lift <id>', 'take away what this one denied to suspects')
    .option('--report <id>', 'print the report of this one')
    .option(
      '--format <format>',
      'of --report: md, html or json (default: the file’s ending, else md)',
    )
    .option('-o, --out <file>', 'of --report: writes it there')
    .option('--list', 'emergencies and drills, the newest first');

const askedOf = (names: readonly string[], options: EmergencyOptions): Asked => ({
  names,
  all: options.all === true,
  andAll: options.andAll === true,
  reason: options.reason ?? '',
  exposedSince: options.exposedSince,
  suspects: options.suspect ?? [],
  keepRunning: options.keepRunning === true,
  drill: false,
});

/** Of one that was begun before. */
async function goOn(
  deployment: OpenDeployment,
  mode: 'follow' | 'resume' | 'lift',
  options: EmergencyOptions,
  watching: Watching & { readonly yes: boolean },
): Promise<EmergencyDocument> {
  if (mode === 'follow') {
    const id = options.follow === true ? undefined : options.follow;
    const followed = await findFollowed(deployment, id);
    watching.say(`Following ${followed.id}. It goes on whether anybody looks or not.`);
    return followTo(deployment, followed, watching);
  }
  const head = await findEmergency(
    deployment,
    (mode === 'resume' ? options.resume : options.lift) ?? '',
  );
  const { id } = head;
  if (mode === 'lift') return lift(deployment, head, watching);
  const what = head.drill ? 'drill' : 'emergency';
  watching.say(`Going on with ${what} ${id} (${head.exposed.join(', ')}; ${head.reason}).`);
  const refusal = head.drill ? undefined : await notConfirmed(deployment, watching);
  if (refusal !== undefined) return refusal;
  const since = deployment.clock.now().toISOString();
  const execution = await resume(deployment, head);
  return followTo(deployment, { id, execution, since }, watching);
}

async function list(
  deployment: OpenDeployment,
  { json }: EmergencyOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { emergencyRecords, manifest, caller } = deployment;
  const [emergencies, drilled] = await Promise.all([
    emergencyRecords.getEmergencies(mostListed),
    emergencyRecords.getDrilled(),
  ]);
  if (json) {
    const document: EmergenciesDocument = {
      report: 'quarterturn-emergencies',
      ...documentHead(deployment),
      emergencies: [...emergencies],
      ...(drilled && { drilled }),
    };
    terminal.out(JSON.stringify(document, null, 2));
    return exitCodes.ok;
  }
  terminal.out(heading({ deployment: manifest, caller }));
  for (const line of renderList(emergencies, drilled, terminal.columns)) terminal.out(line);
  return exitCodes.ok;
}

async function report(
  deployment: OpenDeployment,
  options: EmergencyOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { report: id = '', out } = options;
  const head = await findEmergency(deployment, id);
  const text = await storedReport(deployment, head, reportFormatOf(options));
  if (out === undefined) terminal.out(text.trimEnd());
  else {
    await save(out, text);
    terminal.err(`The report is in ${out}.`);
  }
  return exitCodes.ok;
}
