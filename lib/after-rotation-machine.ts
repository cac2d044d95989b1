/** The state machine that goes on where a rotation ends, with a role that may invoke what it names. */
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { afterRotationDefinition } from './after-rotation-definition.ts';
import { allow } from './statements.ts';
import { type InvokedFunction, Workflow } from './workflow.ts';

export interface AfterRotationMachineProps {
  /** Name of the state machine. */
  readonly name: string;
  /** The function of `lambdas/after-rotation`. */
  readonly taskFunction: InvokedFunction;
  /** The rotation functions it may invoke to close the role that an emergency left behind. */
  readonly rotationFunctions: readonly InvokedFunction[];
  /** The longest bound of any reader's cache, in seconds. */
  readonly longestWaitSeconds: number;
  /** Encrypts its log. */
  readonly logKey: Key;
}

export class AfterRotationMachine extends Workflow {
  constructor(scope: Construct, id: string, props: AfterRotationMachineProps) {
    super(scope, id, {
      name: props.name,
      logKey: props.logKey,
      definition: afterRotationDefinition({
        taskFunctionArn: props.taskFunction.functionArn,
        longestWaitSeconds: props.longestWaitSeconds,
      }),
      statements: [
        allow(
          'InvokeTasks',
          ['lambda:InvokeFunction'],
          [props.taskFunction, ...props.rotationFunctions].map(({ functionArn }) => functionArn),
        ),
      ],
    });
  }
}
