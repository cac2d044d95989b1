/** A Standard state machine with a role of its own, encrypted logs without execution data, and tracing. */
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { managedPolicies } from './managed-policies.ts';
import { allow } from './statements.ts';
import type { State } from './states-language.ts';

/** A function as a machine needs it. */
export interface InvokedFunction {
  readonly functionArn: string;
}

export interface WorkflowProps {
  /** Name of the state machine. */
  readonly name: string;
  /** In Amazon States Language. */
  readonly definition: State;
  /** What its role may do besides logs and traces. */
  readonly statements: readonly PolicyStatement[];
  /** Encrypts its log. */
  readonly logKey: IKey;
}

/** ARNs by name, for who must be told of a machine that is made later. */
export interface MachineArns {
  readonly arn: string;
  /** Its executions. */
  readonly executions: string;
}

export function machineArns(scope: Construct, name: string): MachineArns {
  const arn = (resource: string, resourceName: string) =>
    Stack.of(scope).formatArn({
      service: 'states',
      resource,
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  return { arn: arn('stateMachine', name), executions: arn('execution', `${name}:*`) };
}

export class Workflow extends Construct {
  readonly stateMachine: StateMachine;
  readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    { name, definition, statements, logKey }: WorkflowProps,
  ) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    const policies = managedPolicies(this, 'Policy', {
      statements: [
        ...statements,
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
      stateMachineName: name,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      // What it needs stands above; CDK would write the same into a policy of its own.
      role: this.role.withoutPolicyUpdates(),
      tracingEnabled: true,
      logs: {
        // Names beginning so keep the log group's resource policy short (Step Functions guide, "Logging").
        destination: new LogGroup(this, 'Logs', {
          logGroupName: `/aws/vendedlogs/states/${name}`,
          retention: RetentionDays.ONE_YEAR,
          encryptionKey: logKey,
          removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    this.stateMachine.node.addDependency(...policies);
  }
}
