/**
 * `requestParameters` as CloudTrail writes them: names begin small, what is secret is left out or hidden.
 * Nothing in here may hold a value of a secret: a trail never does.
 */

const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** Left out whole, as AWS's entries leave them out. Compared in lower case. */
const LEFT_OUT = new Set([
  ...['secretstring', 'secretbinary', 'rotationtoken', 'plaintext', 'ciphertextblob'],
  ...[
    'sessiontoken',
    'password',
    'tokencode',
    'body',
    'payload',
    'headers',
    'zipfile',
    'templatebody',
  ],
]);

/** Named, with nothing in them: environments, inputs and outputs hold whatever somebody put there. */
const EMPTIED = new Set([
  ...['environment', 'variables', 'input', 'output', 'cause', 'error', 'value', 'defaultvalue'],
  ...[
    'querystring',
    'executionparameters',
    'message',
    'messagebody',
    'definition',
    'containerdefinitions',
    'parameters',
    'logevents',
  ],
]);

/** Maps: their keys are the caller's, and stay as they are. */
const MAPS = new Set(['encryptioncontext', 'tags', 'messageattributes', 'attributes']);

/** @returns null for a call without parameters, as CloudTrail writes it */
export function requestParametersOf(
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> | null {
  const parameters = members(input);
  return Object.keys(parameters).length === 0 ? null : parameters;
}

function members(input: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => {
      const lower = name.toLowerCase();
      if (value === undefined || value === null || LEFT_OUT.has(lower)) {
        return [];
      }
      const small = name.charAt(0).toLowerCase() + name.slice(1);
      if (EMPTIED.has(lower)) {
        return [[small, HIDDEN]];
      }
      const isMap = MAPS.has(lower) && !Array.isArray(value) && typeof value === 'object';
      return [[small, isMap ? { ...value } : written(value)]];
    }),
  );
}

function written(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(written);
  }
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (value instanceof Uint8Array) {
    return HIDDEN;
  }
  return typeof value === 'object' && value !== null ? members(value) : value;
}
