/** `*` any run of characters, `?` exactly one (IAM user guide, "IAM JSON policy elements: Resource"). */
export function matchesWildcard(pattern: string, value: string, ignoreCase = false): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, ignoreCase ? 'is' : 's').test(value);
}

/**
 * A `Resource`: wildcards stay within their segment, except that "if the * wildcard is the last character of a resource
 * ARN segment, it can expand to match beyond the colon boundaries" (IAM user guide, "IAM JSON policy elements: Resource").
 */
export function matchesResource(pattern: string, value: string): boolean {
  const source = pattern
    .split(':')
    .map((segment, index) => {
      const one = index < 5 ? '[^:]' : '.';
      const literal = segment.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('?', one);
      return literal.replace(/\*/g, (_, at) => (at === literal.length - 1 ? '.*' : `${one}*`));
    })
    .join(':');
  return new RegExp(`^${source}$`, 's').test(value);
}

/**
 * An ARN as conditions compare it: "each of the six colon-delimited components of the ARN is checked separately" (IAM
 * user guide, "ARN condition operators"), so no wildcard reaches over a colon but in the last one.
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
