/** Optional packages are loaded when they are used, and asked for by name when they are not there. */
import { MissingPeerError } from './errors.ts';

/** @throws MissingPeerError */
export async function peer<Module>(
  name: string,
  neededFor: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    // Only when the package itself is not found: an error of its own is told as it is.
    if (isNotFound(error) && error.message.includes(`'${name}'`)) {
      throw new MissingPeerError(name, neededFor);
    }
    throw error;
  }
}

function isNotFound(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
