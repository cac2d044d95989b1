/** Reads the members of a request: presence, type and length, with the service's errors. */
import { ServiceException } from '../service.ts';
import { invalidParameter, invalidRequest, noToken, validation } from './errors.ts';

export type Input = Readonly<Record<string, unknown>>;

export function optionalString(
  input: Input,
  member: string,
  minimum = 1,
  maximum = 2048,
): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'string') {
    throw new ServiceException('SerializationException', `${member} must be a string.`);
  }
  if (value.length < minimum) {
    throw constraint(member, `Member must have length greater than or equal to ${minimum}`);
  }
  if (value.length > maximum) {
    throw constraint(member, `Member must have length less than or equal to ${maximum}`);
  }
  return value;
}

export function requiredString(input: Input, member: string, minimum = 1, maximum = 2048): string {
  const value = optionalString(input, member, minimum, maximum);
  if (value === undefined) {
    throw constraint(member, 'Member must not be null');
  }
  return value;
}

export const secretId = (input: Input): string => requiredString(input, 'SecretId');

/** The SDKs fill the token in; who speaks HTTP himself must. */
export function requestToken(
  input: Input,
  missing: 'InvalidParameterException' | 'InvalidRequestException' = 'InvalidRequestException',
): string {
  const token = input.ClientRequestToken;
  if (token === undefined || token === null || token === '') {
    throw missing === 'InvalidRequestException'
      ? invalidRequest(noToken)
      : invalidParameter(noToken);
  }
  return versionId(input, 'ClientRequestToken') as string;
}

export function versionId(input: Input, member: string): string | undefined {
  const value = optionalString(input, member, 0, Number.POSITIVE_INFINITY);
  if (value !== undefined && (value.length < 32 || value.length > 64)) {
    throw invalidParameter(`${member} must be 32-64 characters long.`);
  }
  return value;
}

export function optionalBoolean(input: Input, member: string): boolean | undefined {
  const value = input[member];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'boolean') {
    throw new ServiceException('SerializationException', `${member} must be a boolean.`);
  }
  return value;
}

export function optionalInteger(
  input: Input,
  member: string,
  minimum: number,
  maximum: number,
): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new ServiceException('SerializationException', `${member} must be an integer.`);
  }
  if (value < minimum) {
    throw constraint(member, `Member must have value greater than or equal to ${minimum}`);
  }
  if (value > maximum) {
    throw constraint(member, `Member must have value less than or equal to ${maximum}`);
  }
  return value;
}

export function optionalList<T>(
  input: Input,
  member: string,
  minimum: number,
  maximum: number,
  item: (value: unknown) => T,
): T[] | undefined {
  const value = input[member];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!Array.isArray(value)) {
    throw new ServiceException('SerializationException', `${member} must be a list.`);
  }
  if (value.length < minimum) {
    throw constraint(member, `Member must have length greater than or equal to ${minimum}`);
  }
  if (value.length > maximum) {
    throw constraint(member, `Member must have length less than or equal to ${maximum}`);
  }
  return value.map(item);
}

export function versionStages(input: Input, member = 'VersionStages'): string[] | undefined {
  return optionalList(input, member, 1, 20, (stage) =>
    requiredString({ VersionStage: stage }, 'VersionStage', 1, 256),
  );
}

export function tagList(input: Input): { key: string; value: string }[] | undefined {
  return optionalList(input, 'Tags', 0, 50, (tag) => {
    const members = (tag ?? {}) as Input;
    return {
      key: requiredString(members, 'Key', 1, 128),
      value: optionalString(members, 'Value', 0, 256) ?? '',
    };
  });
}

export interface PlainValue {
  kind: 'string' | 'binary';
  bytes: Buffer;
}

const MAXIMUM_BYTES = 65_536;

/** At most one of SecretString and SecretBinary, 1 to 65,536 bytes. */
export function secretValue(input: Input): PlainValue | undefined {
  const text = optionalString(input, 'SecretString', 0, Number.POSITIVE_INFINITY);
  const binary = optionalString(input, 'SecretBinary', 0, Number.POSITIVE_INFINITY);
  if (text !== undefined && binary !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (text === undefined && binary === undefined) {
    return undefined;
  }
  const kind = text === undefined ? 'binary' : 'string';
  const bytes =
    text === undefined ? Buffer.from(binary ?? '', 'base64') : Buffer.from(text, 'utf8');
  const member = kind === 'string' ? 'secretString' : 'secretBinary';
  if (bytes.length < 1) {
    throw constraint(member, 'Member must have length greater than or equal to 1');
  }
  if (bytes.length > MAXIMUM_BYTES) {
    throw constraint(member, `Member must have length less than or equal to ${MAXIMUM_BYTES}`);
  }
  return { kind, bytes };
}

/** Never repeats the value: it may be a secret. */
export function constraint(member: string, rule: string): ServiceException {
  const name = member.charAt(0).toLowerCase() + member.slice(1);
  return validation(
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: ${rule}`,
  );
}
