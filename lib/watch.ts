/** Watch: every five minutes it looks at every secret of the manifest, and says what nobody else would. */
import { Construct } from 'constructs';
import { functionName } from '../domain/config/names.ts';
import type { UnmanagedWriteEvent } from '../domain/events/audit-event.ts';
import type { Notice } from '../domain/events/notices.ts';
import type { WatchEnvironment } from '../lambdas/watch/environment.ts';
import type { Deployment } from './deployment.ts';
import type { ManifestParameter } from './manifest-parameter.ts';
import type { Messages } from './messages.ts';
import { RoomFunction } from './room-function.ts';
import type { RotatingSecret } from './rotating-secret.ts';
import { invokeBy } from './scheduled.ts';
import { allow, tell } from './statements.ts';

export interface WatchProps {
  readonly deployment: Deployment;
  readonly manifest: ManifestParameter;
  readonly messages: Messages;
  /** By key. */
  readonly rotated: ReadonlyMap<string, RotatingSecret>;
}

const told: readonly (Notice | UnmanagedWriteEvent)['type'][] = [
  'credential-rotation-started',
  'credential-rotation-failed',
  'unmanaged-secret-write',
];

/** Shorter than the time between two looks, longer than a rotation function takes to ask a database (120 s). */
const timeoutSeconds = 280;

export class Watch extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id);
    const { deployment, manifest, messages, rotated } = props;
    const { config } = deployment;
    const secrets = [...rotated.values()].map(({ reference }) => reference);
    const secretNames = secrets.map(({ name }) => name);
    const logins = [...rotated]
      .filter(([key]) => config.secrets[key]?.kind === 'database')
      .map(([, secret]) => secret.function.functionArn);
    const environment: WatchEnvironment = {
      MANIFEST_PARAMETER: manifest.parameterName,
      CONTROL_TABLE: deployment.controlTable.tableName,
    };
    this.function = new RoomFunction(this, 'Function', {
      functionName: functionName(config, 'watch'),
      description: 'Tells of rotations that do not end, and has a lost login restored',
      room: 'watch',
      deployment,
      environment,
      timeoutSeconds,
    });
    this.function.allow(
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      tell('Tell', this, told),
      // IAM sees no payload: it could ask for a step or another operation as well. A step is refused without
      // AWSPENDING on its version; what operations refuse stands in docs/rotation.md and docs/uninstall.md.
      ...(logins.length > 0 ? [allow('AskForLogins', ['lambda:InvokeFunction'], logins)] : []),
      ...deployment.controlTable.statements({
        secretNames,
        read: ['after', 'rotation', 'intent.*', 'told'],
        write: ['told'],
      }),
    );
    invokeBy(
      this,
      'EveryFiveMinutes',
      { description: 'Watch of Quarterturn', scheduleExpression: 'rate(5 minutes)' },
      this.function,
      { messages, alarm: 'watch' },
    );
    messages.deadLettersOfFunction(this.function);
  }
}
