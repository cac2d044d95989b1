/** What the schema found, in words: path, what was found, what is allowed, what to do. */
import type * as z from 'zod';
import { knownFields } from './known-fields.ts';
import { nearestName } from './nearest-name.ts';
import { show, showPath } from './show.ts';

export type Issue = z.core.$ZodIssue;

/** Of a union (`admin`, `ca`) the branch that came furthest says what is wrong. */
export function flatten(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
    const branches = issue.errors.map((branch) =>
      flatten(branch).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
    );
    const depth = (branch: readonly Issue[]) =>
      Math.max(0, ...branch.map(({ path }) => path.length));
    return branches.reduce((best, next) => (depth(next) > depth(best) ? next : best));
  });
}

export function describeIssue(issue: Issue, input: unknown, schema: z.core.$ZodType): string {
  const path = showPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownFields(schema, issue.path, input);
    return `${path}: found ${issue.keys.map((key) => unknownField(key, known)).join(', ')}; expected only ${known.join(', ')}`;
  }
  if (issue.code === 'invalid_key') {
    return `${path}: found a key that is no name; expected ${issue.issues[0]?.message}`;
  }
  const found = valueAt(input, issue.path);
  return `${path}: found ${show(found)}; expected ${allowed(issue)}${suggestion(issue, found)}`;
}

function unknownField(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  return `the unknown ${show(key)}${nearest === undefined ? '' : ` (did you mean "${nearest}"?)`}`;
}

function allowed(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(', ');
    case 'invalid_type':
      return `a value of type ${issue.expected}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'too_small':
      return `at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'invalid_union': {
      const { word, words } = unionOf(issue);
      return words
        .map((kind) => JSON.stringify(kind))
        .join(', ')
        .replace(/^/, `${word} `)
        .replace(/, ([^,]*)$/, ' or $1');
    }
    case 'invalid_format':
      return issue.format === 'email' ? 'an e-mail address' : issue.message;
    default:
      return issue.message;
  }
}

/** Shapes are told apart by one of their fields: secrets by `kind`, restarts by `by`, formats by `name`. */
function unionOf(issue: Issue): { word: string; words: readonly string[] } {
  const { discriminator = 'kind', options = [] } = issue as {
    discriminator?: string;
    options?: readonly unknown[];
  };
  return { word: discriminator, words: options.map(String) };
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}

/** For a word that is one of a few. */
function suggestion(issue: Issue, found: unknown): string {
  const words =
    issue.code === 'invalid_value'
      ? issue.values
      : issue.code === 'invalid_union'
        ? unionOf(issue).words
        : [];
  const nearest =
    typeof found === 'string'
      ? nearestName(
          found,
          words.filter((word) => typeof word === 'string'),
        )
      : undefined;
  return nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
}

export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    input,
  );
}
