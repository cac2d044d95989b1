/** The version of this package, from the package.json that ships with it. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from './errors.ts';

export class PackageNotFoundError extends CliError {
  override readonly name = 'PackageNotFoundError';
  readonly code = 'ERR_ROTATION_PACKAGE_NOT_FOUND';
}

const packageName = 'quarterturn';

/**
 * In a checkout it lies beside `cli/`, in the installed package beside `dist/`: the nearest one of that name.
 * @throws PackageNotFoundError
 */
export function packageVersion(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = manifestIn(folder);
    if (found?.name === packageName && typeof found.version === 'string') return found.version;
    if (folder === dirname(folder)) break;
  }
  throw new PackageNotFoundError(
    `No package.json of ${packageName} lies above ${from}; expected the one it was installed with. Install the package again.`,
  );
}

function manifestIn(folder: string): { name?: unknown; version?: unknown } | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
