/** One parameter with its versions, and what its name, its tier and its value may be. */
import { ServiceException } from '../service.ts';
import type { SealedParameter, Tier } from './secure-values.ts';

export type ParameterType = 'String' | 'StringList' | 'SecureString';

export interface ParameterVersion {
  version: number;
  /** A SecureString is kept as KMS gave it. */
  value: string | SealedParameter;
  modified: Date;
}

export interface Parameter {
  name: string;
  arn: string;
  type: ParameterType;
  tier: Tier;
  /** In the order they were written; at most a hundred. */
  versions: ParameterVersion[];
}

/** "Parameter Store retains the 100 most recent versions" (sysman-paramstore-versions.html). */
const keptVersions = 100;

export function addVersion(parameter: Parameter, value: ParameterVersion['value'], modified: Date) {
  const version = (parameter.versions.at(-1)?.version ?? 0) + 1;
  parameter.versions.push({ version, value, modified });
  parameter.versions.splice(0, parameter.versions.length - keptVersions);
  return version;
}

/** @throws ServiceException ValidationException, AccessDeniedException for names that are AWS's */
export function checkName(name: string): void {
  if (/^\/aws(\/|$)/i.test(name) || /^aws/i.test(name)) {
    throw new ServiceException(
      'AccessDeniedException',
      `No access to reserved parameter name: ${name}.`,
    );
  }
  if (name.includes('/') && !name.startsWith('/')) {
    throw validation('Parameter name must be a fully qualified name.');
  }
  if (!/^\/?[\w.-]+(\/[\w.-]+)*$/.test(name) || /^\/?ssm/i.test(name)) {
    throw validation(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  }
}

const limits: Readonly<Record<Tier, number>> = { Standard: 4096, Advanced: 8192 };
const more = {
  Standard:
    ' To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
  Advanced: '',
} as const;

/**
 * The tier of a parameter that is written: an advanced one never becomes a standard one again; one without a word
 * about its tier stays what it is, or is a standard one.
 * @throws ServiceException ValidationException
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
 */
export function tierFor(asked: unknown, before: Tier | undefined, value: string): Tier {
  const bytes = Buffer.byteLength(value);
  const tier = chosen(asked, before, bytes);
  if (bytes > limits[tier]) {
    throw validation(
      `${tier} tier parameters support a maximum parameter value of ${limits[tier]} characters.${more[tier]}`,
    );
  }
  return tier;
}

function chosen(asked: unknown, before: Tier | undefined, bytes: number): Tier {
  switch (asked) {
    case undefined:
      return before ?? 'Standard';
    case 'Intelligent-Tiering':
      return before === 'Advanced' || bytes > limits.Standard ? 'Advanced' : 'Standard';
    case 'Advanced':
      return 'Advanced';
    case 'Standard':
      if (before === 'Advanced') {
        throw validation(
          "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.",
        );
      }
      return 'Standard';
    default:
      throw notAmong('tier', asked, ['Standard', 'Advanced', 'Intelligent-Tiering']);
  }
}

/** @throws ServiceException ValidationException, HierarchyTypeMismatchException */
export function typeFor(asked: unknown, before: ParameterType | undefined): ParameterType {
  const type = asked ?? before;
  if (type === undefined) {
    throw validation('A parameter type is required when you create a parameter.');
  }
  if (type !== 'String' && type !== 'StringList' && type !== 'SecureString') {
    throw notAmong('type', type, ['SecureString', 'StringList', 'String']);
  }
  if (before !== undefined && (before === 'SecureString') !== (type === 'SecureString')) {
    throw new ServiceException(
      'HierarchyTypeMismatchException',
      "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.",
    );
  }
  return type;
}

function notAmong(member: string, value: unknown, known: readonly string[]): ServiceException {
  return validation(
    `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: [${known.join(', ')}]`,
  );
}

export const validation = (message: string): ServiceException =>
  new ServiceException('ValidationException', message);
