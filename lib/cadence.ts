/** Cadence: every hour it looks at every secret of the manifest and rotates what is due. */
import { Annotations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { functionName } from '../domain/config/names.ts';
import { freezeWarnings } from '../domain/config/schedule-rules.ts';
import type { Notice } from '../domain/events/notices.ts';
import type { CadenceEnvironment } from '../lambdas/cadence/environment.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import type { ManifestParameter } from './manifest-parameter.ts';
import type { Messages } from './messages.ts';
import type { Rotated } from './reader-policy.ts';
import type { ReencryptionParts } from './reencryption-machine.ts';
import { RoomFunction } from './room-function.ts';
import { invokeBy } from './scheduled.ts';
import { allow, tell } from './statements.ts';
import type { MachineArns } from './workflow.ts';

export interface CadenceProps {
  readonly deployment: Deployment;
  readonly rotated: readonly Rotated[];
  /** Secrets whose owners are reminded of their age. */
  readonly userManaged: readonly SecretReference[];
  readonly manifest: ManifestParameter;
  /** The AfterRotation machine. */
  readonly machine: MachineArns;
  /** What moves rows to new keys; absent: no secret of this deployment has rows that follow. */
  readonly reencryption: ReencryptionParts | undefined;
  readonly messages: Messages;
}

const announcements: readonly Notice['type'][] = [
  'credential-rotation-planned',
  'credential-overdue',
  'credential-reminder',
];

export class Cadence extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: CadenceProps) {
    super(scope, id);
    const { deployment, rotated, userManaged, manifest, machine, messages, reencryption } = props;
    const secrets = rotated.map(({ reference }) => reference);
    const environment: CadenceEnvironment = {
      MANIFEST_PARAMETER: manifest.parameterName,
      CONTROL_TABLE: deployment.controlTable.tableName,
      STATE_MACHINE_ARN: machine.arn,
      ...(reencryption && { REENCRYPTION_MACHINE_ARN: reencryption.machine.arn }),
    };
    for (const warning of freezeWarnings(deployment.config)) {
      Annotations.of(this).addWarningV2('quarterturn:freeze', warning);
    }
    this.function = new RoomFunction(this, 'Function', {
      functionName: functionName(deployment.config, 'cadence'),
      description: 'Decides every hour which secret is due, and rotates it',
      room: 'cadence',
      deployment,
      environment,
    });
    this.function.allow(
      // Knows no resource.
      allow('List', ['secretsmanager:ListSecrets'], ['*']),
      // When its owners wrote it; no label tells that.
      ...(userManaged.length > 0
        ? [
            allow(
              'SeeVersions',
              ['secretsmanager:ListSecretVersionIds'],
              userManaged.map(({ arn }) => arn),
            ),
          ]
        : []),
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      tell('Announce', this, announcements),
      allow('RestartAfterRotation', ['states:StartExecution'], [machine.arn]),
      allow('SeeAfterRotation', ['states:DescribeExecution'], [machine.executions]),
      ...(reencryption
        ? [
            allow('RestartReencryption', ['states:StartExecution'], [reencryption.machine.arn]),
            allow(
              'SeeReencryption',
              ['states:DescribeExecution'],
              [reencryption.machine.executions],
            ),
          ]
        : []),
      ...deployment.controlTable.statements(
        {
          secretNames: secrets.map(({ name }) => name),
          read: ['after', 'hold', 'lease', 'rotation', 'intent.*', 'adopted', 'notice'],
          write: ['intent.planned', 'notice'],
        },
        { secretNames: reencryption?.secretNames ?? [], read: ['reencryption'] },
        {
          secretNames: userManaged
            .map(({ name }) => name)
            .filter((name) => !secrets.some((secret) => secret.name === name)),
          read: ['notice'],
          write: ['notice'],
        },
      ),
    );
    invokeBy(
      this,
      'Hourly',
      { description: 'Cadence of Quarterturn', scheduleExpression: 'rate(1 hour)' },
      this.function,
      { messages, alarm: 'cadence' },
    );
    messages.deadLettersOfFunction(this.function);
  }
}
