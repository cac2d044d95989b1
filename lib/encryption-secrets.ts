/** The encryption secrets of a deployment, with the escrow they share and the drills that restore from it. */
import { CfnOutput } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { Drill } from './drill.ts';
import { EncryptionSecret } from './encryption-secret.ts';
import { Escrow } from './escrow.ts';
import { Reencryption } from './reencryption.ts';

export interface MadeEncryptionSecret {
  readonly key: string;
  readonly secret: EncryptionSecret;
  /** Only where columns are declared. */
  readonly drill?: Drill;
  /** Only where rows follow a new key. */
  readonly reencryption?: Reencryption;
}

type DatabaseOf = (
  key: string | undefined,
) => { readonly config: DatabaseConfig; readonly reference: SecretReference } | undefined;

/** @param databaseOf the database secret with that key, which is made already */
export function encryptionSecrets(
  scope: Construct,
  deployment: Deployment,
  databaseOf: DatabaseOf,
): MadeEncryptionSecret[] {
  const { config, keys } = deployment;
  const declared = Object.entries(config.secrets).flatMap(([key, secret]) =>
    secret.kind === 'encryption' ? [{ key, secret }] : [],
  );
  if (declared.length === 0) {
    return [];
  }
  const escrow = new Escrow(scope, 'Escrow', {
    config,
    key: keys.forEscrow(config.escrow.readerRoleArns),
  });
  new CfnOutput(scope, 'EscrowBucket', {
    value: escrow.bucketName,
    description: 'Second copy of every encryption keyset',
  });
  return declared.map(({ key, secret }) => {
    const database = databaseOf(secret.database);
    const login = databaseOf(secret.reencryption?.login)?.reference;
    const own = { deployment, key, secret, escrow };
    const made = new EncryptionSecret(scope, `Secret-${key}`, {
      ...own,
      ...(database && { database }),
      ...(login && { rows: login }),
    });
    return {
      key,
      secret: made,
      ...(database && { drill: new Drill(scope, `Drill-${key}`, { ...own, database }) }),
      ...(database &&
        login &&
        secret.reencryption && {
          reencryption: new Reencryption(scope, `Rows-${key}`, {
            deployment,
            key,
            secret,
            reference: made.reference,
            reencryption: secret.reencryption,
            database: database.config,
            login,
          }),
        }),
    };
  });
}
