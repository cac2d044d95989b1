import { show } from './show.ts';

/** What stands in a list more than once, as problems of the configuration. */
export function duplicates<Entry>(
  entries: readonly Entry[],
  of: (entry: Entry) => string,
  path: string,
  what: string,
): string[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const value = of(entry);
    if (seen.has(value)) {
      return [`${path}.${index}: found ${show(value)} again; expected every ${what} once`];
    }
    seen.add(value);
    return [];
  });
}
