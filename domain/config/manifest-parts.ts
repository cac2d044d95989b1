/**
 * A parameter of SSM holds 8 KB in the Advanced tier, so a manifest travels in parts. Each part begins
 * with a line that says which one it is: `quarterturn-manifest 1/2`, then a piece of the JSON text.
 */
import { type Manifest, manifestSchema } from './manifest.ts';

/** 8 KB, less the head line (docs: systems-manager/latest/userguide/parameter-store-advanced-parameters). */
const partBytes = 8192 - 64;
const head = /^quarterturn-manifest (\d+)\/(\d+)\n/;

export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'ERR_ROTATION_MANIFEST_INVALID';
}

export function encodeManifest(manifest: Manifest): string[] {
  const pieces: string[] = [];
  let piece = '';
  let bytes = 0;
  for (const character of JSON.stringify(manifest)) {
    const size = Buffer.byteLength(character);
    if (bytes + size > partBytes) {
      pieces.push(piece);
      piece = '';
      bytes = 0;
    }
    piece += character;
    bytes += size;
  }
  pieces.push(piece);
  return pieces.map((text, index) => `quarterturn-manifest ${index + 1}/${pieces.length}\n${text}`);
}

/** How many parts there are, from any one of them. @throws ManifestError when it is no part */
export function manifestPartCount(part: string): number {
  return Number(headOf(part)[2]);
}

/** @throws ManifestError for parts that are missing, doubled or out of order, or another version */
export function decodeManifest(parts: readonly string[]): Manifest {
  const text = parts
    .map((part, index) => {
      const [line, number, count] = headOf(part);
      if (Number(number) !== index + 1 || Number(count) !== parts.length) {
        throw new ManifestError(
          `the manifest's part ${index + 1} of ${parts.length} says it is ${number}/${count}; deploy the stack again`,
        );
      }
      return part.slice(line.length);
    })
    .join('');
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new ManifestError('the manifest is not JSON; deploy the stack again');
  }
  const result = manifestSchema.safeParse(document);
  if (!result.success) {
    const at = result.error.issues[0]?.path.join('.');
    throw new ManifestError(
      `the manifest does not fit at "${at}"; expected version 1 as this release writes it. Deploy the stack with this release, or use the release that wrote it`,
    );
  }
  return result.data;
}

/**
 * Reads part 1, learns from it how many there are, and reads the rest.
 * @param get the value of one part, by its number from 1
 */
export async function readManifest(get: (part: number) => Promise<string>): Promise<Manifest> {
  const first = await get(1);
  const others = Array.from({ length: manifestPartCount(first) - 1 }, (_, index) => get(index + 2));
  return decodeManifest([first, ...(await Promise.all(others))]);
}

function headOf(part: string): [string, string, string] {
  const match = head.exec(part);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new ManifestError(
      'the parameter holds no part of a manifest (expected "quarterturn-manifest 1/<n>" on its first line); deploy the stack again',
    );
  }
  return [match[0], match[1], match[2]];
}
