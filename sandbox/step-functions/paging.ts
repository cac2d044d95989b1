type Input = Record<string, unknown>;

/** The token is the offset of the next page; a maxResults of 0 is the standard. */
export function paged<T>(items: readonly T[], input: Input, standard: number) {
  const size =
    typeof input.maxResults === 'number' && input.maxResults > 0 ? input.maxResults : standard;
  const from = Number(text(input.nextToken) ?? 0);
  const token = from + size < items.length ? { nextToken: String(from + size) } : {};
  return { page: items.slice(from, from + size), token };
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
