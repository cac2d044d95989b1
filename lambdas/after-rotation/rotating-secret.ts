import {
  isRotated,
  type Manifest,
  type RotatedManifestSecret,
} from '../../domain/config/manifest.ts';
import { UnknownSecretError } from './errors.ts';

/** @throws UnknownSecretError when the deployment does not rotate a secret of this name */
export function rotatingSecret(manifest: Manifest, secretName: string): RotatedManifestSecret {
  const secret = manifest.secrets.find(({ name }) => name === secretName);
  if (secret === undefined || !isRotated(secret)) {
    throw new UnknownSecretError();
  }
  return secret;
}
