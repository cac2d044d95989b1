/** JSON merge patch (RFC 7386). A strategic merge patch is the same, as long as it holds no lists. */

type Json = unknown;

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** "null values … indicate the removal of existing values" (RFC 7386, section 1). */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: Record<string, Json> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[key];
    } else {
      merged[key] = mergePatch(merged[key], value);
    }
  }
  return merged;
}

/** Lists and directives ("$patch") are merged by rules of each field, which nothing here knows. */
export function needsStrategy(patch: Json): boolean {
  if (Array.isArray(patch)) return true;
  return (
    isObject(patch) &&
    Object.entries(patch).some(([key, value]) => key.startsWith('$') || needsStrategy(value))
  );
}
