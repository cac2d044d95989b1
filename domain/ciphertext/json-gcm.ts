/**
 * A small JSON object of texts: {"iv": …, "tag": …, "data": …} under declared names. It is the value itself
 * that is JSON; a ciphertext that stands inside a larger document is reached by its path, on the server.
 */
import { InvalidFormatSettingsError } from './errors.ts';
import type { TextFormat } from './format.ts';
import type { NonceBytes } from './gcm.ts';
import { type PartEncodings, type Parted, partedGcm } from './parted-gcm.ts';

export interface JsonGcmSettings {
  /** Names of the members. Without `tag`, `data` holds ciphertext ‖ tag. */
  members: { iv: string; tag?: string | undefined; data: string };
  /** Members that are always there with the same value, such as `"alg": "aes-256-gcm"`. @default none */
  fixed?: Readonly<Record<string, string | number>> | undefined;
  /** @default 'base64' */
  encoding?: PartEncodings | undefined;
  /** Of new ciphertexts; both sizes are read. @default 12 */
  nonceBytes?: NonceBytes | undefined;
}

/** @throws InvalidFormatSettingsError */
export function jsonGcm(settings: JsonGcmSettings): TextFormat {
  const { members, fixed = {}, encoding = 'base64', nonceBytes } = settings;
  const names = [members.iv, members.tag, members.data, ...Object.keys(fixed)].filter(
    (name) => name !== undefined,
  );
  if (new Set(names).size < names.length || names.some((name) => !/^[\w$.-]+$/.test(name))) {
    throw new InvalidFormatSettingsError(
      'The members of a JSON ciphertext need distinct names of letters, digits and any of _ $ . -',
    );
  }
  return partedGcm({
    name: 'json-gcm',
    written: `a JSON object with exactly the members ${names.join(', ')}`,
    encoding,
    nonceBytes,
    tagApart: members.tag !== undefined,
    take(text) {
      const object = exactMembers(text, names);
      const { iv, tag, data } = partsOf(object, members);
      const isFixed = Object.entries(fixed).every(([name, value]) => object?.get(name) === value);
      if (!isFixed || typeof iv !== 'string' || typeof data !== 'string') {
        return undefined;
      }
      if (members.tag === undefined) {
        return { iv, data };
      }
      return typeof tag === 'string' ? { iv, tag, data } : undefined;
    },
    put: ({ iv, tag, data }: Parted) =>
      JSON.stringify({
        ...fixed,
        [members.iv]: iv,
        ...(members.tag === undefined ? {} : { [members.tag]: tag }),
        [members.data]: data,
      }),
  });
}

function partsOf(
  object: ReadonlyMap<string, unknown> | undefined,
  { iv, tag, data }: JsonGcmSettings['members'],
) {
  return { iv: object?.get(iv), tag: tag && object?.get(tag), data: object?.get(data) };
}

/**
 * The members of an object that has these and no others, each once. `JSON.parse` keeps the last of two equal
 * names; here no text holds a quotation mark, so that as many as the members need is proof that none is gone.
 */
function exactMembers(
  text: string,
  names: readonly string[],
): ReadonlyMap<string, unknown> | undefined {
  if (!/^\s*\{/.test(text) || /\\[^/]/.test(text)) {
    return undefined;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const entries = Object.entries(parsed as object);
  const texts = entries.filter(([, value]) => typeof value === 'string').length;
  const marks = text.split('"').length - 1;
  const complete = entries.length === names.length && names.every((name) => hasOwn(parsed, name));
  return complete && marks === 2 * (entries.length + texts) ? new Map(entries) : undefined;
}

const hasOwn = (object: unknown, name: string) => Object.hasOwn(object as object, name);
