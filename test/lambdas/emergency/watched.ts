/** Doors whose every call is told, before it has an effect and before its answer arrives. */
export function watch(
  doors: Record<string, unknown>,
  told: (call: string, when: 'before' | 'after') => void,
): Record<string, unknown> {
  const wrap =
    (name: string, method: (...args: unknown[]) => unknown) =>
    async (...args: unknown[]) => {
      told(name, 'before');
      const answer = await method(...args);
      told(name, 'after');
      return answer;
    };
  return Object.fromEntries(
    Object.entries(doors).map(([door, value]) => {
      if (door === 'clock' || door === 'log' || door === 'roles') return [door, value];
      if (typeof value === 'function') return [door, wrap(door, value as () => unknown)];
      const methods = Object.entries(value as object).map(([name, member]) => [
        name,
        typeof member === 'function' ? wrap(`${door}.${name}`, member as () => unknown) : member,
      ]);
      return [door, Object.fromEntries(methods)];
    }),
  );
}
