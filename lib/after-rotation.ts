/** AfterRotation: what follows when a new version is current, started by Secrets Manager's own event. */
import { Construct } from 'constructs';
import { functionName } from '../domain/config/names.ts';
import type { StarterEnvironment } from '../lambdas/starter/environment.ts';
import type { CadenceProps } from './cadence.ts';
import { RoomFunction } from './room-function.ts';
import { invokeBy } from './scheduled.ts';
import { allow } from './statements.ts';

/** Starts one execution per version that became current. */
export class Starter extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: CadenceProps) {
    super(scope, id);
    const { deployment, rotated, manifest, machine } = props;
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
      lambdasDirectory: deployment.lambdasDirectory,
      environment,
    });
    this.function.allow(
      allow('StartAfterRotation', ['states:StartExecution'], [machine.arn]),
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      ...deployment.controlTable.statements({
        secretNames: secrets.map(({ name }) => name),
        read: ['intent', 'rotation', 'after'],
      }),
    );
    invokeBy(
      this,
      'Promoted',
      {
        description: 'A version of a managed secret became AWSCURRENT',
        // secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html
        eventPattern: {
          source: ['aws.secretsmanager'],
          'detail-type': ['Secret Label Updated'],
          resources: secrets.map(({ arn }) => arn),
          detail: { labelUpdated: ['AWSCURRENT'] },
        },
      },
      this.function,
    );
  }
}
