/** What tells people: the function that turns this deployment's events into messages, and the rules that hand them to it. */
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { deploymentDimension, functionName } from '../domain/config/names.ts';
import { announcedTypes } from '../domain/events/announced.ts';
import type { NotifyEnvironment } from '../lambdas/notify/environment.ts';
import type { Deployment } from './deployment.ts';
import type { ManifestParameter } from './manifest-parameter.ts';
import { messageTexts } from './message-texts.ts';
import type { Messages } from './messages.ts';
import { ownEvents } from './own-events.ts';
import { RoomFunction } from './room-function.ts';
import { invokeBy } from './scheduled.ts';
import { allow } from './statements.ts';

export interface NotifyProps {
  readonly deployment: Deployment;
  readonly messages: Messages;
  readonly manifest: ManifestParameter;
  /** Names of secrets that were adopted: the others have the deployment's own prefix. */
  readonly adopted: readonly string[];
}

export class Notify extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: NotifyProps) {
    super(scope, id);
    const { deployment, messages, manifest, adopted } = props;
    const { config, keys } = deployment;
    const { onCall, security, support, product } = messages.places;
    const environment: NotifyEnvironment = {
      MANIFEST_PARAMETER: manifest.parameterName,
      CONTROL_TABLE: deployment.controlTable.tableName,
      DEPLOYMENT: deploymentDimension(config),
      TIME_ZONE: config.schedule.window?.timeZone ?? 'Etc/UTC',
      ON_CALL_TOPIC: messages.onCall,
      SECURITY_TOPIC: messages.security,
      SUPPORT_TOPIC: support.mail,
      PRODUCT_TOPIC: product.mail,
      ON_CALL_CHAT_TOPIC: onCall.chat,
      SECURITY_CHAT_TOPIC: security.chat,
      SUPPORT_CHAT_TOPIC: support.chat,
      PRODUCT_CHAT_TOPIC: product.chat,
    };
    this.function = new RoomFunction(this, 'Function', {
      // No secret's function is called that: their keys have no hyphen.
      functionName: functionName(config, 'notify-people'),
      description: 'Tells on-call, security, support and product what happens to the secrets',
      room: 'notify',
      deployment,
      environment,
      files: messageTexts(config.notifications.templates, deployment.configDirectory),
    });
    this.function.allow(
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      allow('Tell', ['sns:Publish'], messages.topics),
      // SNS asks the key with the rights of whoever publishes.
      allow('UseKeyOfTopics', ['kms:Decrypt', 'kms:GenerateDataKey'], [keys.messages.keyArn], {
        StringEquals: { 'kms:ViaService': `sns.${Aws.REGION}.amazonaws.com` },
      }),
      ...deployment.controlTable.statements({
        secretNames: [deploymentDimension(config)],
        read: ['sent'],
        write: ['sent'],
      }),
    );
    ownEvents(this, config, adopted, announcedTypes).forEach((eventPattern, index) => {
      const number = index === 0 ? '' : String(index + 1);
      invokeBy(
        this,
        `Announced${number}`,
        { description: 'Something happened that people are told of', eventPattern },
        this.function,
        { messages, alarm: number === '' ? 'notify' : `notify-${number}` },
      );
    });
    messages.deadLettersOfFunction(this.function);
  }
}
