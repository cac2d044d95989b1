/** What every command of the command line is given: a terminal, and the deployment it is about. */
import type { Manifest } from '../domain/config/manifest.ts';
import type { Clock } from '../doors/clock.ts';
import type { ControlTableDoor } from '../doors/control-table.ts';
import type { FunctionsDoor } from '../doors/functions.ts';
import type { SecretsManagerDoor } from '../doors/secrets-manager.ts';

export interface Terminal {
  /** One line to standard output. */
  out(line: string): void;
  /** One line to standard error: progress, warnings. */
  err(line: string): void;
  /** May a person be asked? False in a pipe, in CI, and with `--json`. */
  readonly interactive: boolean;
  /** Asks for a yes; false when nobody can be asked. */
  confirm(question: string): Promise<boolean>;
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number;
}

/** Options every command about a deployment has. */
export interface DeploymentOptions {
  /** `<name>/<environment>`; default QUARTERTURN_DEPLOYMENT, else the only one of account and region. */
  deployment?: string;
  region?: string;
  json?: boolean;
}

/** A deployment as its manifest describes it, and the doors to it, with the caller's own rights. */
export interface OpenDeployment {
  readonly manifest: Manifest;
  /** Who asks, and where: shown before anything is changed. */
  readonly caller: { readonly arn: string; readonly account: string; readonly endpoint?: string };
  readonly secretsManager: SecretsManagerDoor;
  readonly controlTable: ControlTableDoor;
  readonly functions: FunctionsDoor;
  readonly clock: Clock;
}

export interface CommandContext {
  readonly terminal: Terminal;
  /** @throws UnknownDeploymentError naming the deployments there are; AwsCallError */
  open(options: DeploymentOptions): Promise<OpenDeployment>;
}
