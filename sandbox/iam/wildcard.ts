/** `*` any run of characters, `?` exactly one (IAM user guide, "IAM JSON policy elements: Resource"). */
export function matchesWildcard(pattern: string, value: string, ignoreCase = false): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, ignoreCase ? 'is' : 's').test(value);
}

/**
 * ARNs are compared segment by segment: a wildcard does not reach over a colon, except in the last
 * segment (IAM user guide, "Using wildcards in resource ARNs").
 */
export function matchesArn(pattern: string, value: string): boolean {
  const values = arnSegments(value);
  if (pattern === '*' || values === undefined) {
    return matchesWildcard(pattern, value);
  }
  const patterns = arnSegments(pattern);
  return patterns?.every((part, index) => matchesWildcard(part, values[index] ?? '')) ?? false;
}

function arnSegments(arn: string): string[] | undefined {
  const parts = arn.split(':');
  if (parts.length < 6 || parts[0] !== 'arn') {
    return undefined;
  }
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

export function asList<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) {
    return [];
  }
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
