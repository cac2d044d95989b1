/**
 * Structures and lists in the query protocol: `ContextEntries.member.1.ContextKeyName=…` (Smithy's "AWS query"
 * protocol page). What comes in flat goes on as the nested input it was.
 */
export type Nested = string | Nested[] | { [member: string]: Nested };

export function nestedInput(flat: Readonly<Record<string, unknown>>): { [member: string]: Nested } {
  const root: { [member: string]: Nested } = {};
  for (const [name, value] of Object.entries(flat)) {
    const path = name.split('.');
    let at = root;
    for (const step of path.slice(0, -1)) {
      const next = Object.hasOwn(at, step) ? at[step] : undefined;
      at = at[step] = typeof next === 'object' && !Array.isArray(next) ? next : {};
    }
    at[path.at(-1) as string] = String(value);
  }
  return Object.fromEntries(Object.entries(root).map(([name, value]) => [name, withLists(value)]));
}

/** `{ member: { 1: a, 2: b } }` is a list. */
function withLists(value: Nested): Nested {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const { member, ...others } = value;
  if (
    member !== undefined &&
    typeof member === 'object' &&
    !Array.isArray(member) &&
    Object.keys(others).length === 0
  ) {
    return Object.entries(member)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, item]) => withLists(item));
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withLists(one)]));
}
