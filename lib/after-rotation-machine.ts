/** The state machine that goes on where a rotation ends, with a role that may invoke what it names. */

import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { afterRotationDefinition } from './after-rotation-definition.ts';
import { managedPolicies } from './managed-policies.ts';
import { allow } from './statements.ts';

/** A function as this machine needs it. */
export interface InvokedFunction {
  readonly functionArn: string;
}

export interface AfterRotationMachineProps {
  /** Name of the state machine. */
  readonly name: string;
  /** The function of `lambdas/after-rotation`. */
  readonly taskFunction: InvokedFunction;
  /** The rotation functions it may invoke to close the role that an emergency left behind. */
  readonly rotationFunctions: readonly InvokedFunction[];
  /** Encrypts its log. */
  readonly logKey: Key;
}

export class AfterRotationMachine extends Construct {
  readonly stateMachine: StateMachine;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: AfterRotationMachineProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    const policies = managedPolicies(this, 'Policy', {
      statements: [
        allow(
          'InvokeTasks',
          ['lambda:InvokeFunction'],
          [props.taskFunction, ...props.rotationFunctions].map(({ functionArn }) => functionArn),
        ),
        // Step Functions guide, "Logging" and "X-Ray": none of these actions knows a resource.
        allow(
          'DeliverLogs',
          [
            'logs:CreateLogDelivery',
            'logs:DeleteLogDelivery',
            'logs:DescribeLogGroups',
            'logs:DescribeResourcePolicies',
            'logs:GetLogDelivery',
            'logs:ListLogDeliveries',
            'logs:PutResourcePolicy',
            'logs:UpdateLogDelivery',
          ],
          ['*'],
        ),
        allow(
          'Trace',
          [
            'xray:GetSamplingRules',
            'xray:GetSamplingTargets',
            'xray:PutTelemetryRecords',
            'xray:PutTraceSegments',
          ],
          ['*'],
        ),
      ],
      roles: [this.role],
    });
    this.stateMachine = new StateMachine(this, 'Resource', {
      stateMachineName: props.name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(
        Stack.of(this).toJsonString(
          afterRotationDefinition({ taskFunctionArn: props.taskFunction.functionArn }),
        ),
      ),
      // What it needs stands above; CDK would write the same into a policy of its own.
      role: this.role.withoutPolicyUpdates(),
      tracingEnabled: true,
      logs: {
        // Names beginning so keep the log group's resource policy short (Step Functions guide, "Logging").
        destination: new LogGroup(this, 'Logs', {
          logGroupName: `/aws/vendedlogs/states/${props.name}`,
          retention: RetentionDays.ONE_YEAR,
          encryptionKey: props.logKey,
          removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    this.stateMachine.node.addDependency(...policies);
  }
}
