/** What stands beside everything else and watches it: the audit log, and the alarms. */
import type { Construct } from 'constructs';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { Alarms } from './alarms.ts';
import { Audit } from './audit.ts';
import { Certificates } from './certificates.ts';
import { Dashboard } from './dashboard.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import type { ManifestParameter } from './manifest-parameter.ts';
import type { Messages } from './messages.ts';
import { Notify } from './notify.ts';
import type { ReencryptionParts } from './reencryption-machine.ts';
import type { RoomFunction } from './room-function.ts';
import type { RotatingSecret } from './rotating-secret.ts';
import { Triggers } from './triggers.ts';
import { Watch } from './watch.ts';
import type { MachineArns } from './workflow.ts';

export interface OversightProps {
  readonly deployment: Deployment;
  readonly messages: Messages;
  readonly manifest: ManifestParameter;
  /** The AfterRotation machine. */
  readonly machine: MachineArns;
  /** The machine of emergencies. */
  readonly emergency: MachineArns;
  /** What moves rows to new keys; absent: no secret of this deployment has rows that follow. */
  readonly reencryption: ReencryptionParts | undefined;
  /** By key. */
  readonly rotated: ReadonlyMap<string, RotatingSecret>;
  /** Every secret, those that nothing rotates included, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  /** By what they do; the rotation functions are their secrets'. */
  readonly functions: Readonly<Record<string, RoomFunction>>;
  /** Those that open a connection to a database for whoever asks. */
  readonly operators: readonly RoomFunction[];
  /** What rewrites rows, by the secret whose rows they are. */
  readonly rows: readonly { key: string; name: string; function: RoomFunction }[];
}

/** After everything that sends an event or has a function: alarms are made of what there is. */
export function oversee(
  scope: Construct,
  props: OversightProps,
): {
  readonly auditLogArn: string;
  /** What reads when certificates end; absent: none is named. */
  readonly certificates: RoomFunction | undefined;
  readonly watch: RoomFunction;
} {
  const { deployment, messages, rotated, functions, machine, reencryption, rows } = props;
  const { config, keys } = deployment;
  const watch = new Watch(scope, 'Watch', props);
  const adopted = [...rotated].flatMap(([key, { reference }]) =>
    isAdopted(config, key) ? [reference.name] : [],
  );
  const notify = new Notify(scope, 'Notify', { ...props, adopted });
  const triggers =
    config.triggers &&
    new Triggers(scope, 'Triggers', { ...props, triggers: config.triggers }).functions;
  const certificates = config.certificates?.length
    ? new Certificates(scope, 'Certificates', props).function
    : undefined;
  const audit = new Audit(scope, 'Audit', { config, keys, messages, adopted });
  new Alarms(scope, 'Alarms', {
    config,
    messages,
    rotated,
    functions: { ...functions, watch: watch.function, notify: notify.function, ...triggers },
    ...(certificates && { certificates }),
    stateMachineArn: machine.arn,
    emergencyMachineArn: props.emergency.arn,
    ...(reencryption && {
      reencryption: { stateMachineArn: reencryption.machine.arn, secrets: rows },
    }),
  });
  new Dashboard(scope, 'Dashboard', {
    config,
    rotated,
    rewritten: rows.map(({ name }) => name),
    deadLetters: messages.deadLetters.name,
    stateMachineArn: machine.arn,
  });
  return { auditLogArn: audit.logGroupArn, certificates, watch: watch.function };
}

function isAdopted({ secrets }: RotationConfig, key: string): boolean {
  const secret = secrets[key];
  return secret !== undefined && secret.kind !== 'userManaged' && secret.adopt !== undefined;
}
