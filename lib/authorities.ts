/** The certificate authorities a function trusts, when they are not the ones RDS publishes. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidConfigError } from '../domain/config/rotation-config.ts';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import type { Deployment } from './deployment.ts';

/** `ca.pem` for the asset, or no file. @throws InvalidConfigError when the file is no PEM bundle */
export function authorityFiles(
  { configDirectory }: Pick<Deployment, 'configDirectory'>,
  key: string,
  ca: DatabaseConfig['ca'],
): Record<string, string> {
  if (ca === 'rds') {
    return {};
  }
  let pem: string;
  try {
    pem = readFileSync(resolve(configDirectory, ca.file), 'utf8');
  } catch {
    throw new InvalidConfigError([
      `secrets.${key}.ca.file: found "${ca.file}", which cannot be read; expected a PEM file, its path relative to the configuration`,
    ]);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new InvalidConfigError([
      `secrets.${key}.ca.file: found no certificate in "${ca.file}"; expected PEM (-----BEGIN CERTIFICATE-----)`,
    ]);
  }
  if (pem.includes('PRIVATE KEY-----')) {
    throw new InvalidConfigError([
      `secrets.${key}.ca.file: found a private key in "${ca.file}"; expected certificates only: the file is deployed with the function`,
    ]);
  }
  return { 'ca.pem': pem };
}
