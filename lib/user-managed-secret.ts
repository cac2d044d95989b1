import { Construct } from 'constructs';
import { secretName } from '../domain/config/names.ts';
import type { UserManagedConfig } from '../domain/config/secret-schemas.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { newSecret, protectSecret, userManagedDescription } from './managed-secret.ts';

export interface UserManagedSecretProps {
  readonly deployment: Deployment;
  readonly key: string;
  readonly secret: UserManagedConfig;
}

/** A secret whose owners put its values themselves; nothing here rotates it. */
export class UserManagedSecret extends Construct {
  readonly reference: SecretReference;

  constructor(scope: Construct, id: string, { deployment, key, secret }: UserManagedSecretProps) {
    super(scope, id);
    this.reference = newSecret(this, 'Secret', {
      name: secretName(deployment.config, key),
      kind: secret.kind,
      description: userManagedDescription,
      kmsKeyArn: deployment.keys.secrets.keyArn,
    });
    protectSecret(this, 'Protection', this.reference, [deployment.config.breakGlassRoleArn], true);
  }
}
