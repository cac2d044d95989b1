/** A secret as a person names it: by its key in the configuration, or by its name in Secrets Manager. */
import type { Manifest, ManifestSecret } from '../domain/config/manifest.ts';
import { UnknownSecretError } from './errors.ts';

/**
 * @param more what else to do about a name that is not there
 * @throws UnknownSecretError naming those there are
 */
export function findSecret(manifest: Manifest, keyOrName: string, more?: string): ManifestSecret {
  const found =
    manifest.secrets.find(({ key }) => key === keyOrName) ??
    manifest.secrets.find(({ name }) => name === keyOrName);
  if (found !== undefined) return found;
  throw new UnknownSecretError(
    `Deployment ${manifest.name}/${manifest.environment} has no secret "${keyOrName}"; expected one of: ${manifest.secrets.map(({ key }) => key).join(', ')}, or its full name.${more === undefined ? '' : ` ${more}`}`,
  );
}
