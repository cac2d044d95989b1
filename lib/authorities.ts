/** The certificate authorities a function trusts, when they are not the ones RDS publishes. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidConfigError } from '../domain/config/rotation-config.ts';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';
import type { Deployment } from './deployment.ts';

type Directory = Pick<Deployment, 'configDirectory'>;
type OwnAuthorities = Exclude<DatabaseConfig['ca'], 'rds'>;

/** `ca.pem` for the asset, or no file. @throws InvalidConfigError when it is no PEM bundle */
export function authorityFiles(
  directory: Directory,
  key: string,
  ca: DatabaseConfig['ca'],
  /** Where it stands below the secret. */
  at = 'ca',
): Record<string, string> {
  return ca === 'rds' ? {} : { 'ca.pem': authorities(directory, ca, `secrets.${key}.${at}`) };
}

/** @param at where it stands in the configuration. @throws InvalidConfigError when it is no PEM bundle */
export function authorities(
  { configDirectory }: Directory,
  ca: OwnAuthorities,
  at: string,
): string {
  const { pem, path, from } =
    'pem' in ca ? { pem: ca.pem, path: 'pem', from: 'the text' } : fileOf(ca.file);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw refused(
      `${at}.${path}`,
      `no certificate in ${from}; expected PEM (-----BEGIN CERTIFICATE-----)`,
    );
  }
  if (pem.includes('PRIVATE KEY-----')) {
    throw refused(
      `${at}.${path}`,
      `a private key in ${from}; expected certificates only: the file is deployed with the function`,
    );
  }
  return pem;

  function fileOf(file: string) {
    try {
      const text = readFileSync(resolve(configDirectory, file), 'utf8');
      return { pem: text, path: 'file', from: `"${file}"` };
    } catch {
      throw refused(
        `${at}.file`,
        `"${file}", which cannot be read; expected a PEM file, its path relative to the configuration`,
      );
    }
  }
}

const refused = (path: string, found: string) =>
  new InvalidConfigError([`${path}: found ${found}`]);
