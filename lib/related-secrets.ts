/** The secrets one secret needs besides its own value. */
import { existingName } from '../domain/config/manifest.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import type { SecretReference } from './deployment.ts';

/** The rotator role's secret: made here, or one that exists. */
export function adminOf(
  secret: DatabaseConfig,
  made: Readonly<Record<string, SecretReference>>,
): SecretReference {
  if (typeof secret.admin !== 'string') {
    return {
      name: existingName(secret.admin),
      arn: secret.admin.secretArn,
      kmsKeyArn: secret.admin.kmsKeyArn,
    };
  }
  const admin = made[secret.admin];
  if (admin === undefined) {
    throw new RangeError(`no secret "${secret.admin}" in the configuration`);
  }
  return admin;
}

/** The database whose columns an encryption secret is for. */
export function databaseOf(
  key: string | undefined,
  config: RotationConfig,
  made: Record<string, SecretReference>,
): { config: DatabaseConfig; reference: SecretReference } | undefined {
  const database = key === undefined ? undefined : config.secrets[key];
  const reference = key === undefined ? undefined : made[key];
  return database?.kind === 'database' && reference !== undefined
    ? { config: database, reference }
    : undefined;
}
