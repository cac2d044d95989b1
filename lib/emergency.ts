/**
 * Emergencies: one machine from an exposure to its report, the function of its tasks, the bucket of its reports, who
 * may start it, and what starts it by the calendar without effects.
 */

import { CfnRule } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Aws, Lazy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type * as z from 'zod';
import type { EmergencyConfig } from '../domain/config/emergency-schema.ts';
import {
  deploymentDimension,
  emergencyFunctionName,
  emergencyMachineName,
} from '../domain/config/names.ts';
import type { emergencyInputSchema } from '../domain/events/emergency.ts';
import type { EmergencyEnvironment } from '../lambdas/emergency/environment.ts';
import type { AfterRotation } from './after-rotation.ts';
import { rollOut } from './after-rotation-machine.ts';
import { rolloutSeconds } from './after-rotation-times.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { emergencyDefinition } from './emergency-definition.ts';
import { emergencyStatements } from './emergency-statements.ts';
import { functionArnOf } from './function-arn.ts';
import { IncidentReports } from './incident-reports.ts';
import { managedPolicies } from './managed-policies.ts';
import type { ManifestParameter } from './manifest-parameter.ts';
import { deliveryOf, type Messages } from './messages.ts';
import type { ReencryptionParts } from './reencryption-machine.ts';
import type { Rollout } from './rollout.ts';
import { RoomFunction } from './room-function.ts';
import type { RotatingSecret } from './rotating-secret.ts';
import { invokeBy } from './scheduled.ts';
import { allow } from './statements.ts';
import { type InvokedFunction, type MachineArns, machineArns, Workflow } from './workflow.ts';

export interface EmergencyConstructProps {
  readonly deployment: Deployment;
  readonly rotated: readonly RotatingSecret[];
  /** Every secret, those that nothing rotates included, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly manifest: ManifestParameter;
  readonly messages: Messages;
  /** The AfterRotation machine. */
  readonly machine: MachineArns;
  readonly reencryption: ReencryptionParts | undefined;
  /** What restarts and stops consumers; absent: nothing of this deployment does. */
  readonly rollout: Rollout | undefined;
  readonly healthFunctions: readonly InvokedFunction[];
  /** What follows rotations; a drill asks what it may do. */
  readonly afterRotation: Pick<AfterRotation, 'function'> & { readonly machine: Workflow };
}

export class Emergency extends Construct {
  readonly function: RoomFunction;
  readonly machine: MachineArns;
  readonly workflow: Workflow;
  readonly reports: IncidentReports;

  constructor(scope: Construct, id: string, props: EmergencyConstructProps) {
    super(scope, id);
    const { deployment, rollout, messages } = props;
    const { config, keys, controlTable } = deployment;
    const name = emergencyMachineName(config);
    this.machine = machineArns(this, name);
    this.reports = new IncidentReports(this, 'Reports', { config, key: keys.messages });
    const taskFunctionArn = functionArnOf(this, emergencyFunctionName(config));
    this.workflow = new Workflow(this, 'Machine', {
      name,
      logKey: keys.messages,
      definition: emergencyDefinition({
        taskFunctionArn,
        rollout: rollout && {
          machineArn: rollout.machine.arn,
          consumerSeconds: rolloutSeconds(config).consumerSeconds,
        },
      }),
      statements: [
        allow('InvokeTasks', ['lambda:InvokeFunction'], [taskFunctionArn]),
        ...(rollout === undefined ? [] : rollOut(this, rollout.machine)),
      ],
    });
    const environment: EmergencyEnvironment = {
      MANIFEST_PARAMETER: props.manifest.parameterName,
      CONTROL_TABLE: controlTable.tableName,
      DEPLOYMENT: deploymentDimension(config),
      REPORT_BUCKET: this.reports.bucketName,
      REPORT_HOST: this.reports.host,
      REPORT_OWNER: Aws.ACCOUNT_ID,
      FUNCTION_ROLE_ARN: Lazy.string({ produce: () => this.function.role.roleArn }),
      MACHINE_ROLE_ARN: this.workflow.role.roleArn,
      AFTER_ROTATION_MACHINE_ROLE_ARN: props.afterRotation.machine.role.roleArn,
      ...(rollout && { ROLLOUT_MACHINE_ROLE_ARN: rollout.workflow.role.roleArn }),
      CONTROL_KEY_ARN: keys.control.keyArn,
    };
    this.function = new RoomFunction(this, 'Function', {
      functionName: emergencyFunctionName(config),
      description: 'Tasks of an emergency: contain, stop, rotate, prove, restart, audit, report',
      room: 'emergency',
      deployment,
      environment,
      // A task's function ends within 120 s (emergency-definition.ts).
      timeoutSeconds: 120,
    });
    this.function.allow(
      ...emergencyStatements(this, props, {
        reports: this.reports,
        machine: this.machine,
        simulated: [
          this.function,
          this.workflow,
          ...[props.afterRotation.function, props.afterRotation.machine],
          ...(rollout ? [rollout.function, rollout.workflow] : []),
          ...props.rotated.map((secret) => secret.function),
        ].map(({ role }) => role.roleArn),
      }),
    );
    // One that died may have left consumers stopped, and nobody told: its end is looked at from outside.
    invokeBy(
      this,
      'Ended',
      {
        description: 'An emergency of Quarterturn ended before its time',
        eventPattern: {
          source: ['aws.states'],
          'detail-type': ['Step Functions Execution Status Change'],
          detail: {
            stateMachineArn: [this.machine.arn],
            status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          },
        },
      },
      this.function,
      { messages, alarm: 'emergency-ended' },
    );
    messages.deadLettersOfFunction(this.function);
    this.#drill(props);
  }

  /** The whole machine by the calendar: what it would use is looked at, and nothing is changed. */
  #drill({ deployment: { config }, messages }: EmergencyConstructProps): void {
    const { drill } = config.emergency;
    if (drill === undefined) return;
    const role = new Role(this, 'DrillRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
    });
    const start = allow('StartDrill', ['states:StartExecution'], [this.machine.arn]);
    const policies = managedPolicies(this, 'DrillPolicy', { statements: [start], roles: [role] });
    const input = {
      secrets: 'all',
      reason: 'Drill by the calendar',
      drill: true,
      requestedBy: 'schedule',
    } satisfies z.input<typeof emergencyInputSchema>;
    const rule = new CfnRule(this, 'DrillRule', {
      description: 'Practises an emergency of Quarterturn without effects',
      scheduleExpression: drillSchedule(drill),
      state: 'ENABLED',
      targets: [
        {
          id: 'Machine',
          arn: this.machine.arn,
          roleArn: role.roleArn,
          input: JSON.stringify(input),
          ...deliveryOf(messages),
        },
      ],
    });
    rule.node.addDependency(...policies);
    messages.deadLettersOf(rule, 'drill', `state machine ${emergencyMachineName(config)}`);
  }
}

/** Months of a year, from January on; UTC (eventbridge/latest/userguide/eb-scheduled-rule-pattern.html). */
function drillSchedule({ everyMonths, day, hour }: NonNullable<EmergencyConfig['drill']>): string {
  const months = Array.from({ length: 12 / everyMonths }, (_, index) => 1 + index * everyMonths);
  return `cron(0 ${hour} ${day} ${everyMonths === 1 ? '*' : months.join(',')} ? *)`;
}
