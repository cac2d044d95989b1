/** Reads the members of a KMS request, with the errors KMS has for wrong ones. */
import { ServiceException } from '../service.ts';
import type { EncryptionContext } from './ciphertext.ts';

export type Input = Readonly<Record<string, unknown>>;

export function requiredString(input: Input, member: string): string {
  const value = input[member];
  if (typeof value !== 'string' || value === '') {
    throw constraint(member, 'Member must not be null');
  }
  return value;
}

/** Blobs travel as base64 in JSON 1.1. */
export function blob(input: Input, member: string, maximum: number): Buffer {
  const bytes = Buffer.from(requiredString(input, member), 'base64');
  if (bytes.length < 1) {
    throw constraint(member, 'Member must have length greater than or equal to 1');
  }
  if (bytes.length > maximum) {
    throw constraint(member, `Member must have length less than or equal to ${maximum}`);
  }
  return bytes;
}

export function numberOfBytes(input: Input): number | undefined {
  const value = input.NumberOfBytes;
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw constraint('numberOfBytes', 'Member must have value greater than or equal to 1');
  }
  if (value > 1024) {
    throw constraint('numberOfBytes', 'Member must have value less than or equal to 1024');
  }
  return value;
}

export function encryptionContext(input: Input): EncryptionContext {
  const value = input.EncryptionContext ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ServiceException('SerializationException', 'EncryptionContext must be a map.');
  }
  const entries = Object.entries(value as Record<string, unknown>);
  for (const [key, entry] of entries) {
    if (typeof entry !== 'string') {
      throw new ServiceException(
        'SerializationException',
        `EncryptionContext.${key} is no string.`,
      );
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

export function validation(message: string): ServiceException {
  return new ServiceException('ValidationException', message);
}

function constraint(member: string, rule: string): ServiceException {
  const name = member.charAt(0).toLowerCase() + member.slice(1);
  return validation(
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: ${rule}`,
  );
}
