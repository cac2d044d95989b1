/** The state machine that goes on where a rotation ends, with a role that may invoke what it names. */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { afterRotationDefinition } from './after-rotation-definition.ts';
import { allow } from './statements.ts';
import { type InvokedFunction, type MachineArns, Workflow } from './workflow.ts';

export interface RolloutParts {
  readonly machine: MachineArns;
  /** The longest that one consumer takes, and one round of them, in seconds. */
  readonly consumerSeconds: number;
  readonly longestSeconds: number;
}

export interface AfterRotationMachineProps {
  /** Name of the state machine. */
  readonly name: string;
  /** The function of `lambdas/after-rotation`. */
  readonly taskFunction: InvokedFunction;
  /** The longest bound of any reader's cache, in seconds. */
  readonly longestWaitSeconds: number;
  /** What gets consumers to a new value; absent: nothing of this deployment does. */
  readonly rollout?: RolloutParts | undefined;
  /** The function that writes copies; absent: there are none. */
  readonly sync?: InvokedFunction | undefined;
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
        rollout: props.rollout && { ...props.rollout, machineArn: props.rollout.machine.arn },
        syncFunctionArn: props.sync?.functionArn,
      }),
      statements: [
        allow(
          'InvokeTasks',
          ['lambda:InvokeFunction'],
          [props.taskFunction, ...(props.sync === undefined ? [] : [props.sync])].map(
            ({ functionArn }) => functionArn,
          ),
        ),
        ...(props.rollout === undefined ? [] : rollOut(scope, props.rollout.machine)),
      ],
    });
  }
}

/**
 * Starts an execution and waits for its end, which is told by a rule that Step Functions manages
 * (connect-stepfunctions.html, "IAM policies for calling Step Functions").
 */
export function rollOut(scope: Construct, { arn, executions }: MachineArns): PolicyStatement[] {
  const rule = Stack.of(scope).formatArn({
    service: 'events',
    resource: 'rule',
    resourceName: 'StepFunctionsGetEventsForStepFunctionsExecutionRule',
  });
  return [
    allow('RollOut', ['states:StartExecution'], [arn]),
    allow('FollowRollouts', ['states:DescribeExecution', 'states:StopExecution'], [executions]),
    allow('HearOfRollouts', ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'], [rule]),
  ];
}
