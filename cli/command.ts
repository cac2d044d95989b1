/** What every command of the command line is given: a terminal, and the deployment it is about. */
import type { Command } from 'commander';
import type { Manifest } from '../domain/config/manifest.ts';
import type { AuditLogDoor } from '../doors/audit-log.ts';
import type { Clock } from '../doors/clock.ts';
import type { ControlTableDoor } from '../doors/control-table.ts';
import type { EmergencyRecordsDoor } from '../doors/emergency-records.ts';
import type { ExecutionEndsDoor } from '../doors/execution-ends.ts';
import type { FunctionsDoor } from '../doors/functions.ts';
import type { IncidentReportsDoor } from '../doors/incident-reports.ts';
import type { PermissionsSimulationDoor } from '../doors/permissions-simulation.ts';
import type { RolloutRecordsDoor } from '../doors/rollout-records.ts';
import type { SecretsManagerDoor } from '../doors/secrets-manager.ts';
import type { StepFunctionsDoor } from '../doors/step-functions.ts';
import type { SubscriptionsDoor } from '../doors/subscriptions.ts';
import type { TriggersDoor } from '../doors/triggers.ts';

export interface Terminal {
  /** One line to standard output. */
  out(line: string): void;
  /** One line to standard error: progress, warnings. */
  err(line: string): void;
  /** May a person be asked? False in a pipe, in CI, and with `--json`. */
  readonly interactive: boolean;
  /** May standard output be coloured? False in a pipe and with NO_COLOR (no-color.org). */
  readonly colours: boolean;
  /** Asks for a yes; false when nobody can be asked. */
  confirm(question: string): Promise<boolean>;
  /** Asks for these very words, typed; false when nobody can be asked, or something else was typed. */
  confirmByTyping(question: string, words: string): Promise<boolean>;
  /** Standard output, where progress can be drawn over itself; absent in a pipe. */
  readonly stream?: NodeJS.WriteStream;
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number;
  /** Aborted by the first Ctrl-C while `work` runs; what is under way elsewhere goes on. */
  untilInterrupted<Result>(work: (interrupted: AbortSignal) => Promise<Result>): Promise<Result>;
}

/** Options every command about a deployment has. */
export interface DeploymentOptions {
  /** `<name>/<environment>`; default QUARTERTURN_DEPLOYMENT, else the only one of account and region. */
  deployment?: string;
  region?: string;
  /** Of the shared configuration files; of commands about several accounts. */
  profile?: string;
  json?: boolean;
}

/** A deployment as its manifest describes it, and the doors to it, with the caller's own rights. */
export interface OpenDeployment {
  readonly manifest: Manifest;
  /** Who asks, and where: shown before anything is changed. */
  readonly caller: {
    readonly arn: string;
    readonly account: string;
    readonly region: string;
    /** Where calls go when that is not AWS itself, e.g. `http://127.0.0.1:4566`. */
    readonly endpoint?: string;
  };
  readonly secretsManager: SecretsManagerDoor;
  readonly controlTable: ControlTableDoor;
  /** How far consumers have come, and what was rolled back from. */
  readonly rolloutRecords: Pick<RolloutRecordsDoor, 'getRollouts' | 'getFailed'>;
  readonly functions: FunctionsDoor;
  readonly stepFunctions: StepFunctionsDoor;
  readonly auditLog: AuditLogDoor;
  /** The bus of triggers of a deployment, and what became of them. */
  readonly triggers: TriggersDoor;
  /** Who listens to the topics of a deployment; absent: nobody is asked. */
  readonly subscriptions?: SubscriptionsDoor;
  /** How far emergencies have come, and when the last drill was. Nothing is written. */
  readonly emergencyRecords: Pick<
    EmergencyRecordsDoor,
    'getEmergency' | 'getEmergencies' | 'getStages' | 'getSecrets' | 'getDrilled'
  >;
  /** Their reports. */
  readonly incidentReports: IncidentReportsDoor;
  readonly executionEnds: ExecutionEndsDoor;
  /** What a principal may do, by IAM's own simulation. */
  readonly permissions: PermissionsSimulationDoor;
  readonly clock: Clock;
  /** A ClientRequestToken nobody has used: 32 characters of chance (API_RotateSecret). */
  newToken(): Promise<string>;
}

export interface CommandContext {
  readonly terminal: Terminal;
  /** @throws UnknownDeploymentError naming the deployments there are; AwsCallError */
  open(options: DeploymentOptions): Promise<OpenDeployment>;
}

/** What a command ends with. */
export const exitCodes = {
  ok: 0,
  /** Failed, or refused before anything was changed. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The command did what it was asked; what it found needs a person. */
  findings: 3,
  /** Ctrl-C (128 + SIGINT, as shells say it). */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Turns what a command does into an action of commander, and what it returns into the exit code. */
export type Run = <Args extends unknown[]>(
  act: (context: CommandContext, ...args: Args) => Promise<ExitCode>,
) => (...args: Args) => Promise<void>;

/**
 * Each file of `cli/commands/` exports one, named in `cli/commands.ts`:
 * `deploymentOptions(program.command('status')).argument('[secret]').action(run(async (context, secret, options) => …))`.
 */
export type RegisterCommand = (program: Command, run: Run) => void;

/** Adds the options every command about a deployment has. */
export function deploymentOptions(command: Command): Command {
  return command
    .option(
      '-d, --deployment <name/environment>',
      'which deployment (default: $QUARTERTURN_DEPLOYMENT, else the only one of account and region)',
    )
    .option('--region <region>', "AWS region (default: the shell's)")
    .option('--json', 'the answer as JSON on standard output; asks nobody');
}
