/** The door to the stack's own description of itself: the manifest it leaves in Parameter Store. */
import type { Manifest } from '../domain/config/manifest.ts';
import { readManifest } from '../domain/config/manifest-parts.ts';
import { type ParametersDoor, parameters } from './parameters.ts';

/**
 * Reads it anew each time: a warm function must not decide by the inventory of an earlier deployment.
 * @param name the parameter of part 1; part n is `<name>/<n>`
 * @throws ManifestError, AwsCallError
 */
export function manifestAt(
  name: string,
  store: ParametersDoor = parameters(),
): () => Promise<Manifest> {
  return () => readManifest((part) => store.get(part === 1 ? name : `${name}/${part}`));
}
