/** Licences that may ship: they ask for notice, not for our source. */
const allowed = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT-0'],
]);

/** @param expression of SPDX: of alternatives one must be allowed, of a sum all */
export function mayShip(expression: string | undefined): boolean {
  if (expression === undefined) return false;
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  if (/[()]/.test(bare)) return false;
  return bare.split(' OR ').some((one) => one.split(' AND ').every((id) => allowed.has(id)));
}
