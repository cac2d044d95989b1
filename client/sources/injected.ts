/** A value that ECS, Lambda or a file of variables put into the environment when the process started. */
import { ClientSettingsError } from '../errors.ts';
import type { SecretSource } from '../secret-source.ts';

/**
 * The value of an environment variable. It never refreshes: ECS and Lambda inject a secret when a task or a
 * function starts, and a running process never sees a later one (Amazon ECS Developer Guide, "Pass Secrets Manager
 * secrets through Amazon ECS environment variables"). A rotation has to restart this process: declare it as a
 * consumer. Inject the whole secret (no json-key), or a keyset reader has no keyset to read.
 *
 * @param name of the variable
 * @param environment @default process.env
 * @throws ClientSettingsError when the variable is not set
 */
export function injectedSecret(
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): SecretSource {
  const value = environment[name];
  if (value === undefined || value === '') {
    throw new ClientSettingsError(
      `The environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}; expected the value of the secret.`,
    );
  }
  return {
    name: `the environment variable ${name}`,
    refreshes: false,
    async read(stage = 'AWSCURRENT') {
      if (stage !== 'AWSCURRENT') {
        throw new ClientSettingsError(
          `The environment variable ${name} holds one version; ${stage} can be read from Secrets Manager only.`,
        );
      }
      return { value };
    },
  };
}
