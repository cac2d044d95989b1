/**
 * A parameter of SSM holds 8 KB in the Advanced tier, so a manifest travels in parts. Each part begins with a
 * line that says which one it is and of which text: `quarterturn-manifest 1/2 9f2c41aa07be63d1`, then a piece
 * of the JSON. A deployment writes parameter after parameter; the digest tells a mixture of two texts.
 */
import { createHash } from 'node:crypto';
import { type Manifest, manifestSchema } from './manifest.ts';

/** 8 KB, less the head line (docs: systems-manager/latest/userguide/parameter-store-advanced-parameters). */
const partBytes = 8192 - 64;
const head = /^quarterturn-manifest (\d+)\/(\d+) ([0-9a-f]{16})\n/;

export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'ERR_ROTATION_MANIFEST_INVALID';
}

export function encodeManifest(manifest: Manifest): string[] {
  const pieces: string[] = [];
  let piece = '';
  let bytes = 0;
  const text = JSON.stringify(manifest);
  for (const character of text) {
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
  const digest = digestOf(text);
  return pieces.map(
    (content, index) => `quarterturn-manifest ${index + 1}/${pieces.length} ${digest}\n${content}`,
  );
}

/** How many parts there are, from any one of them. @throws ManifestError when it is no part */
export function manifestPartCount(part: string): number {
  return Number(headOf(part)[2]);
}

/** @throws ManifestError for parts that are missing, doubled or out of order, or another version */
export function decodeManifest(parts: readonly string[]): Manifest {
  const digests = new Set<string>();
  const text = parts
    .map((part, index) => {
      const [line, number, count, digest] = headOf(part);
      digests.add(digest);
      if (Number(number) !== index + 1 || Number(count) !== parts.length) {
        throw new ManifestError(
          `the manifest's part ${index + 1} of ${parts.length} says it is ${number}/${count}; deploy the stack again`,
        );
      }
      return part.slice(line.length);
    })
    .join('');
  if (digests.size !== 1 || !digests.has(digestOf(text))) {
    throw new ManifestError(
      'the parts of the manifest are not of one text; while a deployment runs, try again, otherwise deploy the stack again',
    );
  }
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

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

function headOf(part: string): [string, string, string, string] {
  const match = head.exec(part);
  const [line, number, count, digest] = match ?? [];
  if (!line || !number || !count || !digest) {
    throw new ManifestError(
      'the parameter holds no part of a manifest (expected "quarterturn-manifest 1/<n> <digest>" on its first line); deploy the stack again',
    );
  }
  return [line, number, count, digest];
}
