/** A member of a JSON document by its pointer (RFC 6901); undefined: there is none. */
export function memberAt(document: unknown, pointer: string): unknown {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<unknown>((at, name) => {
    if (Array.isArray(at)) return /^(0|[1-9]\d*)$/.test(name) ? at[Number(name)] : undefined;
    return typeof at === 'object' && at !== null && Object.hasOwn(at, name)
      ? (at as Record<string, unknown>)[name]
      : undefined;
  }, document);
}
