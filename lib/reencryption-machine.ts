/** The state machine that moves rows to a new key: one for all secrets of the deployment whose rows follow. */
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { reencryptionDefinition } from './reencryption-definition.ts';
import { workLabel } from './reencryption-workers.ts';
import { allow } from './statements.ts';
import { type InvokedFunction, type MachineArns, machineArns, Workflow } from './workflow.ts';

export interface ReencryptionMachineProps {
  /** Name of the state machine. */
  readonly name: string;
  /** The function of `lambdas/after-rotation`. */
  readonly taskFunction: InvokedFunction;
  /** ARNs of the functions that rewrite rows, one a secret. */
  readonly rowsFunctionArns: readonly string[];
  /** Encrypts its log. */
  readonly logKey: Key;
}

/** What others need of it, who are made before. */
export interface ReencryptionParts {
  readonly machine: MachineArns;
  /** The functions that rewrite rows. */
  readonly functionArns: readonly string[];
  /** Names of the secrets whose rows they rewrite. */
  readonly secretNames: readonly string[];
}

export class ReencryptionMachine extends Workflow {
  constructor(scope: Construct, id: string, props: ReencryptionMachineProps) {
    const own = machineArns(scope, props.name);
    const workers = machineArns(scope, `${props.name}/${workLabel}`);
    super(scope, id, {
      name: props.name,
      logKey: props.logKey,
      definition: reencryptionDefinition({ taskFunctionArn: props.taskFunction.functionArn }),
      statements: [
        allow(
          'InvokeTasks',
          ['lambda:InvokeFunction'],
          [props.taskFunction.functionArn, ...props.rowsFunctionArns],
        ),
        // Children of the Map are executions of the machine, and so is the one that continues this one
        // (Step Functions guide, "IAM policies for using Distributed Map states", and "Redriving Map Runs").
        allow('StartOwnExecutions', ['states:StartExecution'], [own.arn]),
        allow(
          'FollowOwnExecutions',
          ['states:DescribeExecution', 'states:StopExecution'],
          [own.executions],
        ),
        allow('RedriveWorkers', ['states:RedriveExecution'], [workers.executions]),
      ],
    });
  }
}
