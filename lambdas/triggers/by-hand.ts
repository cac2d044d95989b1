/** What a person runs where a trigger may not act. */
import type { Manifest, ManifestSecret } from '../../domain/config/manifest.ts';

type Scope = Pick<Manifest, 'name' | 'environment'>;

const quarterturn = (command: string, { name, environment }: Scope) =>
  `npx quarterturn ${command} --deployment ${name}/${environment}`;

export const adoptCommand = ({ key }: Pick<ManifestSecret, 'key'>, scope: Scope): string =>
  quarterturn(`adopt ${key}`, scope);

/**
 * The emergency that nobody decided on. It is pasted into a shell: of what a sender wrote, the id alone stands in
 * it, which is letters, digits and hyphens.
 */
export const emergencyCommand = (
  keys: readonly string[],
  requestId: string,
  scope: Scope,
): string => quarterturn(`emergency ${keys.join(' ')} --reason "exposure ${requestId}"`, scope);
