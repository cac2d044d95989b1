/**
 * A parameter of SSM holds 8 KB in the Advanced tier, so a manifest travels in parts. Each part begins with a
 * line that says which one it is and of which text: `quarterturn-manifest 1/2 9f2c41aa07be63d1`, then a piece
 * of the JSON. A deployment writes parameter after parameter; the digest tells a mixture of two texts.
 *
 * What is known only at deployment (the endpoint of a cluster of the same app) cannot be part of a digest that is
 * made before. All of it stands in part 1: its first line ends with `deferred`, its second one is a JSON list of
 * strings, and the text says `{"deferred":0}` where the first of the list belongs, or `{"deferredNumber":0}`. So the digest covers the text as it
 * stands, and two deployments that differ in the list alone differ in one parameter.
 */
import { createHash } from 'node:crypto';
import { type Manifest, manifestSchema } from './manifest.ts';

/** 8 KB, less the head line (docs: systems-manager/latest/userguide/parameter-store-advanced-parameters). */
const partBytes = 8192 - 64;
const head = /^quarterturn-manifest (\d+)\/(\d+) ([0-9a-f]{16})( deferred)?\n/;

export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'ERR_ROTATION_MANIFEST_INVALID';
}

/** What is known only at deployment, as the deployment writes it. */
export interface Deferred {
  /** JSON text of a string, or what becomes it. */
  readonly json: string;
  /** How long it may get. */
  readonly bytes: number;
}

/** A manifest in which `{ deferred: n }` or `{ deferredNumber: n }` stands for the n-th deferred value. */
export type DeferredManifest = { readonly [Key in keyof Manifest]: unknown };

/** @throws ManifestError for more deferred values than one parameter holds */
export function encodeManifest(
  manifest: Manifest | DeferredManifest,
  deferred: readonly Deferred[] = [],
): string[] {
  const reserved = deferred.reduce((sum, { bytes }) => sum + bytes + 1, 2);
  if (reserved > partBytes) {
    throw new ManifestError(
      `${deferred.length} values of the manifest are known only at deployment and may take ${reserved} bytes; one parameter holds ${partBytes}. Name some of them (hosts, ports, names of secrets), or split the deployment into two with names of their own`,
    );
  }
  const table = `[${deferred.map(({ json }) => json).join(',')}]\n`;
  const text = JSON.stringify(manifest);
  const pieces = piecesOf(text, deferred.length === 0 ? 0 : reserved);
  const digest = digestOf(text);
  return pieces.map((content, index) => {
    const line = `quarterturn-manifest ${index + 1}/${pieces.length} ${digest}`;
    return index === 0 && deferred.length > 0
      ? `${line} deferred\n${table}${content}`
      : `${line}\n${content}`;
  });
}

function piecesOf(text: string, reserved: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let bytes = reserved;
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
  return pieces;
}

/** How many parts there are, from any one of them. @throws ManifestError when it is no part */
export function manifestPartCount(part: string): number {
  return Number(headOf(part)[2]);
}

/** @throws ManifestError for parts that are missing, doubled or out of order, or another version */
export function decodeManifest(parts: readonly string[]): Manifest {
  const digests = new Set<string>();
  let deferred: readonly unknown[] | undefined;
  const text = parts
    .map((part, index) => {
      const [line, number, count, digest, flag] = headOf(part);
      digests.add(digest);
      if (Number(number) !== index + 1 || Number(count) !== parts.length) {
        throw new ManifestError(
          `the manifest's part ${index + 1} of ${parts.length} says it is ${number}/${count}; deploy the stack again`,
        );
      }
      const rest = part.slice(line.length);
      if (flag === undefined || index > 0) {
        return rest;
      }
      const end = rest.indexOf('\n') + 1;
      deferred = deferredList(rest.slice(0, end));
      return rest.slice(end);
    })
    .join('');
  if (digests.size !== 1 || !digests.has(digestOf(text))) {
    throw new ManifestError(
      'the parts of the manifest are not of one text; while a deployment runs, try again, otherwise deploy the stack again',
    );
  }
  let document: unknown;
  try {
    document = JSON.parse(text, (_, value) => (deferred ? filledIn(value, deferred) : value));
  } catch (error) {
    if (error instanceof ManifestError) {
      throw error;
    }
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

function deferredList(json: string): unknown[] {
  try {
    const list: unknown = JSON.parse(json);
    if (Array.isArray(list)) {
      return list;
    }
  } catch {
    // said below
  }
  throw new ManifestError(
    "the manifest's list of what was known at deployment is not JSON; a host, port or name in it holds a quote or a backslash. Correct it, and deploy the stack again",
  );
}

/** Nothing else of a manifest has one of these as its only key. */
function filledIn(value: unknown, deferred: readonly unknown[]): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const [[key, index] = [], ...more] = Object.entries(value);
  if (more.length > 0 || (key !== 'deferred' && key !== 'deferredNumber')) {
    return value;
  }
  const found = deferred[Number(index)];
  if (found === undefined) {
    throw new ManifestError(
      `the manifest names the deferred value ${index} of ${deferred.length}; deploy the stack again`,
    );
  }
  return key === 'deferred' ? found : Number(found);
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

function headOf(part: string): [string, string, string, string, string | undefined] {
  const match = head.exec(part);
  const [line, number, count, digest, flag] = match ?? [];
  if (!line || !number || !count || !digest) {
    throw new ManifestError(
      'the parameter holds no part of a manifest (expected "quarterturn-manifest 1/<n> <digest>" on its first line); deploy the stack again',
    );
  }
  return [line, number, count, digest, flag];
}
