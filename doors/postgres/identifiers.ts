/** Names and literals in statements that take no parameters (ALTER ROLE, GRANT). */
import type { Session } from './door.ts';

/** NAMEDATALEN - 1. The server cuts longer names silently, so two of them can mean one role. */
const longestName = 63;
const controlCharacter = /\p{Cc}/u;

export class UnusableNameError extends Error {
  override readonly name = 'UnusableNameError';
  readonly code = 'ERR_ROTATION_UNUSABLE_NAME';
  constructor(what: string, problem: string) {
    super(`The ${what} ${problem}; expected 1 to ${longestName} bytes without control characters.`);
  }
}

export class NoSuchRoleError extends Error {
  override readonly name = 'NoSuchRoleError';
  readonly code = 'ERR_ROTATION_NO_SUCH_ROLE';
  constructor(role: string) {
    super(
      `The role ${role} does not exist in this cluster: run the bootstrap of the secret first.`,
    );
  }
}

/** @throws UnusableNameError */
export function assertName(name: string, what = 'name'): void {
  if (name === '') {
    throw new UnusableNameError(what, 'is empty');
  }
  if (Buffer.byteLength(name) > longestName) {
    throw new UnusableNameError(what, `has ${Buffer.byteLength(name)} bytes`);
  }
  if (controlCharacter.test(name)) {
    throw new UnusableNameError(what, 'holds a control character');
  }
}

/** For names that are about to be created; an existing role's name comes from `quotedRole`. */
export function quoteIdentifier(name: string): string {
  assertName(name);
  return `"${name.replaceAll('"', '""')}"`;
}

/** Independent of standard_conforming_strings. */
export function quoteLiteral(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

/** The role's name as the catalogue holds it, quoted by the server. @throws NoSuchRoleError */
export async function quotedRole(session: Session, role: string): Promise<string> {
  assertName(role, 'role name');
  const [row] = await session.query<{ quoted: string }>(
    `select format('%I', rolname) as quoted from pg_catalog.pg_roles where rolname = $1`,
    [role],
  );
  if (row === undefined) {
    throw new NoSuchRoleError(role);
  }
  return row.quoted;
}
