/** Filters of ListSecrets and BatchGetSecretValue. */
import { invalidParameter } from '../errors.ts';
import { type Input, optionalList, requiredString } from '../input.ts';
import type { Secret, SecretState } from '../secret.ts';

type Matcher = (secret: Secret, state: SecretState) => boolean;
type Fields = (secret: Secret, state: SecretState) => readonly string[];

/** "all: breaks the filter value string into words and then searches all attributes", any case. */
const FIELDS: Readonly<Record<string, Fields>> = {
  name: (secret) => [secret.name],
  description: (_, state) => [state.description ?? ''],
  'tag-key': (_, state) => [...state.tags.keys()],
  'tag-value': (_, state) => [...state.tags.values()],
  // Secrets of the sandbox have neither replicas nor an owning service.
  'primary-region': () => [],
  'owning-service': () => [],
  all: (secret, state) => [
    ...[secret.name, state.description ?? ''],
    ...[...state.tags.keys(), ...state.tags.values()],
  ],
};

/** All filters must match; of one filter's values, any. A leading "!" turns a value round. */
export function secretFilters(input: Input): Matcher {
  const matchers =
    optionalList(input, 'Filters', 0, 10, (filter): Matcher => {
      const members = (filter ?? {}) as Input;
      const key = requiredString(members, 'Key');
      const fields = FIELDS[key];
      if (fields === undefined) {
        throw invalidParameter(
          `1 validation error detected: Value '${key}' at 'filters.1.member.key' failed to satisfy constraint: Member must satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, owning-service]`,
        );
      }
      const values = optionalList(members, 'Values', 1, 10, (value) =>
        requiredString({ Value: value }, 'Value', 1, 512),
      );
      return (secret, state) =>
        (values ?? []).some((value) => matches(key, fields(secret, state), value));
    }) ?? [];
  return (secret, state) => matchers.every((matcher) => matcher(secret, state));
}

function matches(key: string, fields: readonly string[], value: string): boolean {
  if (value.startsWith('!')) {
    return !matches(key, fields, value.slice(1));
  }
  if (key === 'all') {
    const words = value.toLowerCase().split(/[^a-z0-9]+/);
    const text = fields.join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  }
  // Only the description is compared without regard to case (API reference, Filter).
  const fold = (text: string): string => (key === 'description' ? text.toLowerCase() : text);
  return fields.some((field) => fold(field).startsWith(fold(value)));
}
