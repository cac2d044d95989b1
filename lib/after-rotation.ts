/** AfterRotation: what follows when a new version is current, started by Secrets Manager's own event. */
import { Construct } from 'constructs';
import { nameOf } from '../domain/config/manifest.ts';
import {
  afterRotationMachineName,
  deploymentDimension,
  functionName,
  rolloutFunctionName,
} from '../domain/config/names.ts';
import type {
  ReencryptionAuditEvent,
  RotationAuditEvent,
  UnmanagedWriteEvent,
} from '../domain/events/audit-event.ts';
import type { AfterRotationEnvironment } from '../lambdas/after-rotation/environment.ts';
import type { StarterEnvironment } from '../lambdas/starter/environment.ts';
import { AfterRotationMachine } from './after-rotation-machine.ts';
import { longestWait, rolloutSeconds } from './after-rotation-times.ts';
import type { CadenceProps } from './cadence.ts';
import type { SecretReference } from './deployment.ts';
import { functionArnOf } from './function-arn.ts';
import { RoomFunction } from './room-function.ts';
import { invokeBy } from './scheduled.ts';
import { sizeOf } from './statement-size.ts';
import { allow, describe, readValues, startRotations, tell, useKeyOf } from './statements.ts';
import type { InvokedFunction, MachineArns } from './workflow.ts';

/** What every Task's function proves, and what the starter notices. */
const proven: readonly (RotationAuditEvent | ReencryptionAuditEvent)['type'][] = [
  'credential-secret-rotation',
  'credential-reencryption',
];
const noticed: readonly UnmanagedWriteEvent['type'][] = ['unmanaged-secret-write'];

export interface AfterRotationProps extends CadenceProps {
  /** What gets consumers to a new value; absent: nothing restarts a consumer of this deployment or asks it. */
  readonly rollout?: { readonly machine: MachineArns } | undefined;
  /** What writes copies; absent: there are none. */
  readonly sync?: InvokedFunction | undefined;
}

/** The function of every Task, and the machine that calls it. */
export class AfterRotation extends Construct {
  readonly function: RoomFunction;
  readonly machine: AfterRotationMachine;

  constructor(scope: Construct, id: string, props: AfterRotationProps) {
    super(scope, id);
    const { deployment, rotated, userManaged, manifest, machine } = props;
    const { reencryption, rollout, sync } = props;
    const secrets = rotated.map(({ reference }) => reference);
    const redeploy = rollout && deployment.config.rollout.redeploy;
    const signs = redeploy
      ? userManaged.filter(({ name }) => name === nameOf(deployment.config, redeploy.signingSecret))
      : [];
    const environment: AfterRotationEnvironment = {
      MANIFEST_PARAMETER: manifest.parameterName,
      CONTROL_TABLE: deployment.controlTable.tableName,
      ...(reencryption && {
        STATE_MACHINE_ARN: machine.arn,
        REENCRYPTION_MACHINE_ARN: reencryption.machine.arn,
      }),
      ...(redeploy && {
        REDEPLOY_URL: redeploy.url,
        REDEPLOY_SIGNING_SECRET: signs.map(({ name }) => name).join(),
        PRIVATE_ADDRESSES: deployment.config.environment === 'dev' ? 'allowed' : 'refused',
      }),
    };
    this.function = new RoomFunction(this, 'Tasks', {
      functionName: functionName(deployment.config, 'after-rotation'),
      description: 'Tasks of AfterRotation: settle, activate, prove, finish',
      room: 'after-rotation',
      deployment,
      environment,
    });
    this.function.allow(
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      tell('PutEvents', this, proven),
      // Rows follow a new key; a key whose rows came first (maintenance) is activated by going on here.
      ...(reencryption
        ? [
            allow(
              'StartReencryption',
              ['states:StartExecution'],
              [machine.arn, reencryption.machine.arn],
            ),
          ]
        : []),
      // In maintenance mode they are stopped while rows move, and started again.
      ...(rollout && reencryption
        ? [
            allow(
              'MoveConsumers',
              ['lambda:InvokeFunction'],
              [functionArnOf(this, rolloutFunctionName(deployment.config))],
            ),
          ]
        : []),
      ...(signs.length > 0
        ? [
            readValues('ReadSigningSecret', signs, ['AWSCURRENT']),
            useKeyOf('UseKeyOfSigningSecret', signs, ['kms:Decrypt']),
          ]
        : []),
      ...deployment.controlTable.statements(
        {
          secretNames: secrets.map(({ name }) => name),
          read: ['rotation', 'after', 'lease'],
          write: ['intent.activate', 'after'],
        },
        {
          secretNames: reencryption?.secretNames ?? [],
          read: ['reencryption', 'consumers'],
          write: ['reencryption', 'consumers'],
        },
        // An emergency starts the consumers of all of its secrets at once: that is waited for.
        {
          secretNames: rollout === undefined ? [] : [deploymentDimension(deployment.config)],
          read: ['emergency'],
        },
        // Consumers that are not well are rolled back from, once for a material.
        {
          secretNames: rollout === undefined ? [] : secrets.map(({ name }) => name),
          read: ['rollout', 'failed', 'hold', 'compromised'],
          write: ['failed', 'hold', 'intent.rollback'],
        },
      ),
    );
    this.machine = new AfterRotationMachine(this, 'Machine', {
      name: afterRotationMachineName(deployment.config),
      taskFunction: this.function,
      longestWaitSeconds: longestWait(deployment.config),
      logKey: deployment.keys.messages,
      rollout: rollout && { ...rollout, ...rolloutSeconds(deployment.config) },
      sync,
    });
  }
}

/** Starts one execution per version that became current. */
export class Starter extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: CadenceProps) {
    super(scope, id);
    const { deployment, rotated, manifest, machine, messages } = props;
    const secrets = rotated.map(({ reference }) => reference);
    const environment: StarterEnvironment = {
      MANIFEST_PARAMETER: manifest.parameterName,
      CONTROL_TABLE: deployment.controlTable.tableName,
      STATE_MACHINE_ARN: machine.arn,
    };
    this.function = new RoomFunction(this, 'Function', {
      functionName: functionName(deployment.config, 'starter'),
      description: 'Starts AfterRotation when a version of a managed secret becomes current',
      room: 'starter',
      deployment,
      environment,
    });
    const owned = rotated.filter(({ inbox }) => inbox !== undefined);
    const inboxes = owned.flatMap(({ inbox }) => inbox ?? []);
    this.function.allow(
      ...(inboxes.length > 0 ? [describe(inboxes)] : []),
      // What owners have put is taken at once.
      ...(owned.length > 0
        ? startRotations(
            owned.map(({ reference }) => reference),
            owned.map((secret) => secret.function.functionArn),
          )
        : []),
      tell('PutEvents', this, noticed),
      allow('StartAfterRotation', ['states:StartExecution'], [machine.arn]),
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      ...deployment.controlTable.statements(
        {
          secretNames: secrets.map(({ name }) => name),
          read: ['rotation', 'after'],
          write: ['told'],
        },
        {
          secretNames: owned.map(({ reference }) => reference.name),
          read: ['lease'],
          write: ['intent.planned'],
        },
      ),
    );
    inPatterns(this, [...secrets, ...inboxes]).forEach((resources, index) => {
      invokeBy(
        this,
        index === 0 ? 'Promoted' : `Promoted${index + 1}`,
        {
          description: 'A version of a managed secret became AWSCURRENT',
          // secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html
          eventPattern: {
            source: ['aws.secretsmanager'],
            'detail-type': ['Secret Label Updated'],
            resources,
            detail: { labelUpdated: ['AWSCURRENT'] },
          },
        },
        this.function,
        { messages, alarm: index === 0 ? 'promoted' : `promoted-${index + 1}` },
      );
    });
    messages.deadLettersOfFunction(this.function);
  }
}

/** An event pattern has 2,048 characters (EventBridge user guide, "Amazon EventBridge quotas"); some are the rest's. */
const patternCharacters = 2048 - 256;

/** ARNs of the secrets, for as many patterns as they need. */
function inPatterns(scope: Construct, secrets: readonly SecretReference[]): string[][] {
  const patterns: string[][] = [];
  let left = 0;
  for (const { arn } of secrets) {
    const size = sizeOf(scope, arn) + 1;
    if (size > left || patterns.length === 0) {
      patterns.push([]);
      left = patternCharacters;
    }
    patterns.at(-1)?.push(arn);
    left -= size;
  }
  return patterns;
}
