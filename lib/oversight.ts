/** What stands beside everything else and watches it: the audit log, and the alarms. */
import type { Construct } from 'constructs';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { Alarms, type AlarmsProps } from './alarms.ts';
import { Audit } from './audit.ts';
import type { Deployment } from './deployment.ts';

export interface OversightProps extends Omit<AlarmsProps, 'config'> {
  readonly deployment: Deployment;
}

/** After everything that sends an event or has a function: alarms are made of what there is. */
export function oversee(scope: Construct, { deployment, ...props }: OversightProps): void {
  const { config, keys } = deployment;
  const adopted = [...props.rotated].flatMap(([key, { reference }]) =>
    isAdopted(config, key) ? [reference.name] : [],
  );
  new Audit(scope, 'Audit', { config, keys, messages: props.messages, adopted });
  new Alarms(scope, 'Alarms', { config, ...props });
}

function isAdopted({ secrets }: RotationConfig, key: string): boolean {
  const secret = secrets[key];
  return secret !== undefined && secret.kind !== 'userManaged' && secret.adopt !== undefined;
}
