/** Every alarm of the deployment, told to on-call when it begins and when it is over. */
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { NestedStack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { alarmName } from '../domain/config/names.ts';
import { isArmed, type RotationConfig } from '../domain/config/rotation-config.ts';
import { longestWait, usualRollout } from './after-rotation-times.ts';
import {
  type AlarmDefinition,
  deploymentAlarms,
  functionAlarms,
  ruleAlarms,
  secretAlarms,
} from './alarm-definitions.ts';
import { certificateAlarms } from './certificate-alarms.ts';
import { emergencyAlarms } from './emergency-alarms.ts';
import type { Messages } from './messages.ts';
import { type ReencryptionWatch, reencryptionAlarms } from './reencryption-alarms.ts';
import type { RoomFunction } from './room-function.ts';
import type { RotatingSecret } from './rotating-secret.ts';
import { watchAlarms } from './watch-alarms.ts';

export interface AlarmsProps {
  readonly config: RotationConfig;
  readonly messages: Messages;
  /** By key. */
  readonly rotated: ReadonlyMap<string, RotatingSecret>;
  /** By what they do; the rotation functions are their secrets'. */
  readonly functions: Readonly<Record<string, RoomFunction>>;
  readonly stateMachineArn: string;
  /** The machine of emergencies. */
  readonly emergencyMachineArn: string;
  /** What reads when certificates end; absent: none is named. */
  readonly certificates?: RoomFunction;
  /** Where rows follow a new key. */
  readonly reencryption?: ReencryptionWatch;
}

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { config, messages } = props;
    const { certificates } = props;
    const functions = { ...props.functions, ...(certificates && { certificates }) };
    const ofParts = Object.entries(functions).map(([part, room]) => ({
      part,
      functionName: room.functionName,
      asynchronous: messages.asynchronous.includes(room),
    }));
    const partAlarms = (which: (part: string) => boolean) => [
      ...functionAlarms(ofParts.filter(({ part }) => which(part))),
      ...messages.rules
        .filter(({ id: of }) => which(of))
        .flatMap(({ rule, id: of, what }) => ruleAlarms(rule.ref, of, what)),
    ];
    const isFirst = (part: string) => partsOfTheFirstRelease.test(part);
    const beside = [
      ...deploymentAlarms(config, {
        queueName: messages.deadLetters.name,
        stateMachineArn: props.stateMachineArn,
      }),
      ...(props.reencryption ? reencryptionAlarms(config, props.reencryption) : []),
      ...partAlarms(isFirst),
    ];
    const movable = [
      ...watchAlarms(config, {
        logins: Object.values(config.secrets).some(({ kind }) => kind === 'database'),
        longestWaitSeconds: longestWait(config),
        rolloutSeconds: usualRollout(config),
      }),
      ...(certificates ? certificateAlarms(config) : []),
      ...emergencyAlarms(props.emergencyMachineArn),
      ...partAlarms((part) => !isFirst(part)),
      ...[...props.rotated].flatMap(([key, rotated]) => {
        const secret = config.secrets[key];
        if (secret === undefined) return [];
        if (secret.kind === 'userManaged') {
          return secretAlarms(config, {
            key,
            name: rotated.reference.name,
            functionName: rotated.function.functionName,
            // It has no limit, so there is no alarm of its age.
            armed: false,
            leadDays: 0,
          });
        }
        return secretAlarms(config, {
          key,
          name: rotated.reference.name,
          functionName: rotated.function.functionName,
          armed: isArmed(secret),
          leadDays: secret.leadDays,
        });
      }),
    ];
    const { size } = props.rotated;
    const nested = size > secretsBesideTheirAlarms ? new NestedStack(this, 'OfSecrets') : undefined;
    const place = (definitions: readonly AlarmDefinition[], stack: NestedStack | undefined) => {
      for (const definition of definitions) {
        // Other names there: an alarm that moves is made in its new stack before the old one is gone.
        const topic = definition.tells === 'security' ? messages.security : messages.onCall;
        alarm(stack ?? this, config, topic, definition, stack && '-of-many');
      }
    };
    place(beside, size > secretsBesideAnyAlarm ? nested : undefined);
    place(movable, nested);
  }
}

/** Three alarms a secret; a stack has 500 resources, so those of more secrets stand in a nested one. */
const secretsBesideTheirAlarms = 30;
/** Fifty secrets fit beside no alarm at all. */
const secretsBesideAnyAlarm = 40;

/** Functions and rules whose alarms always stood beside them, and stay there; those of later ones may stand with the secrets'. */
const partsOfTheFirstRelease =
  /^(after-rotation|cadence|starter|rows-.+|promoted(-\d+)?|audit|unmanaged-write)$/;

function alarm(
  scope: Construct,
  config: RotationConfig,
  topicArn: string,
  definition: AlarmDefinition,
  suffix = '',
): void {
  const { section, of, dimensions } = definition;
  const name = of === undefined ? section : `${section}-${of}`;
  new CfnAlarm(scope, name, {
    alarmName: alarmName(config, `${name}${suffix}`),
    alarmDescription: definition.description,
    namespace: definition.namespace,
    metricName: definition.metric,
    dimensions: Object.entries(dimensions).map(([key, value]) => ({ name: key, value })),
    statistic: definition.statistic,
    period: definition.period,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    comparisonOperator: definition.comparison,
    threshold: definition.threshold,
    treatMissingData: definition.missing,
    alarmActions: [topicArn],
    okActions: [topicArn],
  });
}
