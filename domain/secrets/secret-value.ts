/**
 * A stored value: one JSON document with the primary key in a flat field (for ECS json-key and readers of
 * one variable) and the keyset beside it. Other members belong to the application and are kept byte for
 * byte. A plain value (the field alone, or nothing but the key) is one that was never rotated here.
 */
import { Buffer } from 'node:buffer';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { algorithmOf, type KeysetAlgorithm } from './algorithms.ts';
import { decodeKey, encodeKey, type KeyFormat } from './encoding.ts';
import { InvalidSecretValueError } from './errors.ts';
import { type Keyset, keysetToJson, parseKeyset, primaryOf } from './keyset.ts';
import { parseJsonDocument } from './strict-json.ts';

/** What the configuration says about a secret; a rotation never changes it. */
export interface KeysetSettings extends KeyFormat {
  /** Name of the flat field, e.g. `JWT_SECRET`. */
  field: string;
  alg: KeysetAlgorithm;
}

/** Members that are not ours: name → its JSON text as it was written. */
export type OtherMembers = ReadonlyMap<string, string>;

export interface KeysetValue {
  readonly shape: 'keyset';
  readonly keyset: Keyset;
  readonly others: OtherMembers;
}

export interface PlainValue {
  readonly shape: 'plain';
  readonly key: KeyObject;
  readonly others: OtherMembers;
}

export type SecretValue = KeysetValue | PlainValue;

/**
 * @throws InvalidSecretValueError, KidCollisionError; no message contains a part of `text`
 */
export function parseSecretValue(text: string, settings: KeysetSettings): SecretValue {
  if (!/^\s*[{\ufeff]/.test(text)) {
    return { shape: 'plain', key: plainKey(text, settings), others: new Map() };
  }
  const { members } = parseJsonDocument(text);
  const flat = members.get(settings.field)?.value;
  if (typeof flat !== 'string') {
    throw new InvalidSecretValueError(
      `The value has no text in ${settings.field}; check the configured field name.`,
    );
  }
  const others = new Map<string, string>();
  for (const [name, { source }] of members) {
    if (name !== settings.field && name !== 'keyset') {
      others.set(name, source);
    }
  }
  const json = members.get('keyset')?.value;
  if (json === undefined) {
    return { shape: 'plain', key: plainKey(flat, settings), others };
  }
  const keyset = parseKeyset(json);
  if (keyset.alg !== settings.alg || keyset.encoding !== settings.encoding) {
    throw new InvalidSecretValueError(
      `The keyset is ${keyset.alg} in ${keyset.encoding}, configured is ${settings.alg} in ${settings.encoding}; a rotation never changes it.`,
    );
  }
  for (const { key } of keyset.keys) {
    if (key !== undefined) {
      decodeKey(encodeKey(key.export(), keyset.encoding), settings);
    }
  }
  checkFlatField(keyset, flat, settings.field);
  return { shape: 'keyset', keyset, others };
}

/**
 * For readers, who are told the field's name only: everything else stands in the keyset.
 * @throws InvalidSecretValueError, KidCollisionError
 */
export function readKeyset(text: string, field: string): Keyset {
  const { members } = parseJsonDocument(text);
  const json = members.get('keyset')?.value;
  if (json === undefined) {
    throw new InvalidSecretValueError(
      members.has('quarterturn')
        ? 'The secret is uninitialised; make its first value with `quarterturn rotate`.'
        : 'The value holds no keyset; it has not been rotated by Quarterturn yet.',
      '',
    );
  }
  const keyset = parseKeyset(json);
  const flat = members.get(field)?.value;
  checkFlatField(keyset, typeof flat === 'string' ? flat : '', field);
  return keyset;
}

export function serializeSecretValue(value: SecretValue, settings: KeysetSettings): string {
  const key = value.shape === 'plain' ? value.key : primaryOf(value.keyset).key;
  const members: [string, string][] = [
    [settings.field, JSON.stringify(encodeKey(key.export(), settings.encoding))],
    ...value.others,
  ];
  if (value.shape === 'keyset') {
    members.push(['keyset', JSON.stringify(keysetToJson(value.keyset))]);
  }
  return `{${members.map(([name, source]) => `${JSON.stringify(name)}:${source}`).join(',')}}`;
}

/** Size of the stored text in bytes of UTF-8, which is what Secrets Manager counts. */
export function serializedBytes(value: SecretValue, settings: KeysetSettings): number {
  return Buffer.byteLength(serializeSecretValue(value, settings));
}

function checkFlatField(keyset: Keyset, flat: string, field: string): void {
  const primary = primaryOf(keyset);
  if (flat !== encodeKey(primary.key.export(), keyset.encoding)) {
    throw new InvalidSecretValueError(
      `${field} is not the primary key (${primary.kid}); somebody wrote one without the other.`,
    );
  }
}

function plainKey(text: string, settings: KeysetSettings): KeyObject {
  const bytes = decodeKey(text, settings);
  if (bytes.length < algorithmOf[settings.alg].minimumBytes) {
    throw new InvalidSecretValueError(
      `The key has ${bytes.length} bytes, ${settings.alg} needs ${algorithmOf[settings.alg].minimumBytes}.`,
    );
  }
  return createSecretKey(bytes);
}
