/**
 * What sets off rotations besides the schedule and a person: a bus of its own whose policy names who may put which
 * event there, the function that acts on them, GuardDuty's findings, and a webhook for GitHub's alerts.
 */
import { CfnEventBus, CfnRule } from 'aws-cdk-lib/aws-events';
import type { CfnManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { CfnPermission, CfnUrl } from 'aws-cdk-lib/aws-lambda';
import { Aws, CfnOutput, Fn, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  deploymentDimension,
  emergencyMachineName,
  gatePolicyName,
  gitHubFunctionName,
  triggerBusName,
  triggerFunctionName,
} from '../domain/config/names.ts';
import type { TriggersConfig } from '../domain/config/trigger-schema.ts';
import type { CredentialTriggerEvent } from '../domain/events/triggers.ts';
import { type TriggerType, triggerSource } from '../domain/events/triggers.ts';
import type { AlertMap, GitHubEnvironment } from '../lambdas/github/environment.ts';
import type { TriggerSettings, TriggersEnvironment } from '../lambdas/triggers/environment.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { managedPolicies } from './managed-policies.ts';
import type { ManifestParameter } from './manifest-parameter.ts';
import { deliveryOf, type Messages } from './messages.ts';
import type { ReencryptionParts } from './reencryption-machine.ts';
import { RoomFunction } from './room-function.ts';
import type { RotatingSecret } from './rotating-secret.ts';
import { allow, readValues, startRotations, tell, useKeyOf } from './statements.ts';
import { triggerBusPolicy } from './trigger-bus-policy.ts';
import { type MachineArns, machineArns } from './workflow.ts';

export interface TriggersProps {
  readonly deployment: Deployment;
  readonly triggers: TriggersConfig;
  readonly manifest: ManifestParameter;
  readonly messages: Messages;
  /** The AfterRotation machine. */
  readonly machine: MachineArns;
  readonly reencryption: ReencryptionParts | undefined;
  /** By key. */
  readonly rotated: ReadonlyMap<string, RotatingSecret>;
  /** Every secret, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

const told: readonly CredentialTriggerEvent['type'][] = ['credential-trigger'];

/** Of somebody who leaves: as many secrets as there may be, each looked at and asked for in turn. */
const timeoutSeconds = 600;

export class Triggers extends Construct {
  /** By what they do. */
  readonly functions: Readonly<Record<string, RoomFunction>>;
  readonly #props: TriggersProps;
  readonly #function: RoomFunction;

  constructor(scope: Construct, id: string, props: TriggersProps) {
    super(scope, id);
    this.#props = props;
    const { deployment, triggers } = props;
    const { config } = deployment;
    const busName = triggerBusName(config);
    const webhook = triggers.gitHub && this.#webhook(triggers.gitHub, this.#busArn(busName));
    const bus = new CfnEventBus(this, 'Bus', {
      name: busName,
      description: 'Who may put which event here is in its policy',
      policy: triggerBusPolicy(this.#busArn(busName), {
        'credential-exposure': triggers.exposure?.from ?? [],
        'credential-exposure-alert': webhook ? [webhook.role.roleArn] : [],
        'credential-offboarding': triggers.offboarding?.from ?? [],
        'credential-deployment': triggers.deployment?.from ?? [],
      }),
    });
    this.#function = this.#onTrigger(triggers);
    this.#invokeBy('OnBus', busName, {
      description: 'A trigger of Quarterturn',
      eventBusName: bus.ref,
      eventPattern: { source: [triggerSource] },
    });
    this.#invokeByDefaultBus(triggers);
    if (triggers.deployment !== undefined) {
      this.#gate(this.#busArn(busName));
    }
    this.functions = {
      triggers: this.#function,
      ...(webhook && { github: webhook }),
    };
  }

  #busArn(resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName });
  }

  #onTrigger(triggers: TriggersConfig): RoomFunction {
    const { deployment, manifest, reencryption, rotated, messages } = this.#props;
    const { config } = deployment;
    const all = [...rotated.values()];
    const secrets = all.map(({ reference }) => reference);
    const names = secrets.map(({ name }) => name);
    const own = deploymentDimension(config);
    const emergencies = triggers.exposure && machineArns(this, emergencyMachineName(config));
    const environment: TriggersEnvironment = {
      MANIFEST_PARAMETER: manifest.parameterName,
      CONTROL_TABLE: deployment.controlTable.tableName,
      DEPLOYMENT: own,
      ACCOUNTS: [Aws.ACCOUNT_ID, ...accountsOf(triggers)].join(','),
      ...(emergencies && { EMERGENCY_MACHINE_ARN: emergencies.arn }),
    };
    const settings: TriggerSettings = {
      ...(triggers.exposure && {
        exposure: {
          perSecretHours: triggers.exposure.perSecretHours,
          unattended: triggers.exposure.unattended,
        },
      }),
      ...(triggers.offboarding && { people: triggers.offboarding.people }),
      deployment: triggers.deployment !== undefined,
      findings: triggers.guardDuty?.findings ?? [],
    };
    const made = new RoomFunction(this, 'Function', {
      functionName: triggerFunctionName(config),
      description:
        'Rotates what was reported as exposed, what a leaver could read, what a deployment waits for',
      room: 'triggers',
      deployment,
      environment,
      files: { 'triggers.json': JSON.stringify(settings) },
      timeoutSeconds,
    });
    // A user-managed secret is told of, and limited like the others.
    const everyName = Object.values(this.#props.secrets).map(({ name }) => name);
    const planned = triggers.offboarding !== undefined || triggers.deployment !== undefined;
    made.allow(
      ...(planned
        ? [
            allow(
              'Describe',
              ['secretsmanager:DescribeSecret'],
              secrets.map(({ arn }) => arn),
            ),
            ...startRotations(
              secrets,
              all.map((secret) => secret.function.functionArn),
            ),
          ]
        : []),
      ...(emergencies
        ? [
            allow('StartEmergencies', ['states:StartExecution'], [emergencies.arn]),
            allow('LookAtEmergencies', ['states:DescribeExecution'], [emergencies.executions]),
          ]
        : []),
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      tell('Tell', this, told),
      ...deployment.controlTable.statements(
        ...(planned
          ? [
              {
                secretNames: names,
                read: ['after', 'lease', 'adopted'],
                write: ['intent.planned'],
              } as const,
              { secretNames: reencryption?.secretNames ?? [], read: ['reencryption'] } as const,
            ]
          : []),
        ...(emergencies
          ? [
              { secretNames: everyName, read: ['exposure'], write: ['exposure'] } as const,
              { secretNames: [own], read: ['emergency'] } as const,
            ]
          : []),
        {
          secretNames: [own],
          read: ['trigger', 'waiting', 'refusal'],
          write: ['trigger', 'waiting', 'refusal'],
          remove: ['waiting'],
        },
      ),
    );
    messages.deadLettersOfFunction(made);
    return made;
  }

  /** One rule may have a schedule and a pattern (API_PutRule): what waits, and findings. */
  #invokeByDefaultBus({ offboarding, guardDuty }: TriggersConfig): void {
    if (offboarding === undefined && guardDuty === undefined) return;
    const types = guardDuty?.findings.map(({ type }) => type) ?? [];
    this.#invokeBy('Around', undefined, {
      description: 'Findings of GuardDuty, and what waits to be rotated',
      ...(offboarding && { scheduleExpression: 'rate(1 hour)' }),
      ...(guardDuty && {
        eventPattern: {
          source: ['aws.guardduty'],
          'detail-type': ['GuardDuty Finding'],
          detail: { type: [...new Set(types)].map((prefix) => ({ prefix })) },
        },
      }),
    });
  }

  #invokeBy(
    id: string,
    busName: string | undefined,
    rule: Pick<
      ConstructorParameters<typeof CfnRule>[2] & object,
      'description' | 'eventBusName' | 'eventPattern' | 'scheduleExpression'
    >,
  ): void {
    const { messages } = this.#props;
    const made = new CfnRule(this, id, {
      ...rule,
      state: 'ENABLED',
      targets: [{ id: 'Function', arn: this.#function.functionArn, ...deliveryOf(messages) }],
    });
    const alarm = busName === undefined ? 'triggers-around' : 'triggers';
    messages.deadLettersOf(made, alarm, `function ${this.#function.functionName}`);
    const permission = new CfnPermission(this, `${id}Permission`, {
      action: 'lambda:InvokeFunction',
      functionName: this.#function.functionName,
      principal: 'events.amazonaws.com',
      sourceArn: made.attrArn,
    });
    permission.node.addDependency(this.#function);
  }

  /** A function of its own: whoever gets past its signature can report an exposure, and nothing else. */
  #webhook(gitHub: NonNullable<TriggersConfig['gitHub']>, busArn: string): RoomFunction {
    const { deployment, secrets } = this.#props;
    const secret = secrets[gitHub.secret] as SecretReference;
    const environment: GitHubEnvironment = {
      SECRET_ARN: secret.arn,
      TRIGGER_BUS: triggerBusName(deployment.config),
    };
    const alerts: AlertMap = gitHub.alerts;
    const made = new RoomFunction(this, 'GitHub', {
      functionName: gitHubFunctionName(deployment.config),
      description: 'Takes alerts of GitHub secret scanning, if they are signed',
      room: 'github',
      deployment,
      environment,
      files: { 'alerts.json': JSON.stringify(alerts) },
      timeoutSeconds: 10,
      memoryMegabytes: 256,
    });
    const only: TriggerType = 'credential-exposure-alert';
    made.allow(
      readValues('ReadWebhookSecret', [secret], ['AWSCURRENT']),
      useKeyOf('UseKeyOfWebhookSecret', [secret], ['kms:Decrypt']),
      allow('ReportExposure', ['events:PutEvents'], [busArn], {
        StringEquals: { 'events:source': triggerSource, 'events:detail-type': only },
      }),
    );
    const url = new CfnUrl(this, 'Url', {
      authType: 'NONE',
      targetFunctionArn: made.functionArn,
      invokeMode: 'BUFFERED',
    });
    url.node.addDependency(made);
    // Both are needed (Lambda guide, "Control access to Lambda function URLs"); the second for calls through the URL alone.
    const permissions = [
      { id: 'UrlPermission', action: 'lambda:InvokeFunctionUrl', functionUrlAuthType: 'NONE' },
      { id: 'UrlInvoke', action: 'lambda:InvokeFunction', invokedViaFunctionUrl: true },
    ];
    for (const { id, ...permission } of permissions) {
      const granted = new CfnPermission(this, id, {
        ...permission,
        functionName: made.functionName,
        principal: '*',
      });
      granted.node.addDependency(made);
    }
    new CfnOutput(this, 'WebhookUrl', {
      value: url.attrFunctionUrl,
      description: 'Payload URL of the GitHub webhook',
    });
    return made;
  }

  /** A pipeline reports its deployment and follows what comes of it; it reads no value and rotates nothing itself. */
  #gate(busArn: string): void {
    const { deployment, manifest, machine, rotated } = this.#props;
    const secrets = [...rotated.values()].map(({ reference }) => reference);
    const asked: TriggerType = 'credential-deployment';
    const policies: CfnManagedPolicy[] = managedPolicies(this, 'Gate', {
      name: gatePolicyName(deployment.config),
      statements: [
        allow('ReportDeployment', ['events:PutEvents'], [busArn], {
          StringEquals: { 'events:source': triggerSource, 'events:detail-type': asked },
        }),
        allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
        allow(
          'Describe',
          ['secretsmanager:DescribeSecret'],
          secrets.map(({ arn }) => arn),
        ),
        allow('LookAtAfterRotations', ['states:DescribeExecution'], [machine.executions]),
        ...deployment.controlTable.statements(
          { secretNames: secrets.map(({ name }) => name), read: ['rotation', 'after'] },
          { secretNames: [deploymentDimension(deployment.config)], read: ['trigger'] },
        ),
      ],
    });
    new CfnOutput(this, 'GatePolicy', {
      value: policies[0]?.ref ?? '',
      description: 'Policy for the pipeline that runs quarterturn gate',
    });
  }
}

/** Of the principals the bus lets in; an ARN may be known at deployment only. */
function accountsOf({ exposure, offboarding, deployment }: TriggersConfig): string[] {
  const from = [exposure, offboarding, deployment].flatMap((trigger) => trigger?.from ?? []);
  return [...new Set(from.map((arn) => Fn.select(4, Fn.split(':', arn))))];
}
