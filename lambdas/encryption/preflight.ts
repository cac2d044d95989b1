/**
 * Before a new encryption key: does the database look as declared, and does what is in it open? A key that
 * is published over an unknown column, or over rows nobody can read, is found out when it is too late.
 */

import type { KeyRing } from '../../domain/ciphertext/keys.ts';
import type { DeclaredColumn, DeclaredPlace } from '../../doors/declared-columns.ts';
import { unfit } from '../../doors/postgres/catalogue.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { holdsCiphertext, openSample } from '../../doors/postgres/sealed-values.ts';
import { findUndeclared } from '../../doors/postgres/undeclared.ts';

export interface Preflight {
  /** What is wrong, in words, with table and column names; empty: nothing. */
  findings: string[];
  declaredColumns: number;
  sampledColumns: number;
  unreadableColumns: number;
  openedValues: number;
}

/**
 * Reads only, in one transaction. `keys`: what may open; undefined: there is no key yet, so that any
 * ciphertext in a declared column is one whose key is lost. `neighbours`: columns other keys of this database declare.
 */
export async function preflight(
  session: Session,
  columns: readonly DeclaredColumn[],
  keys: KeyRing | undefined,
  neighbours: readonly DeclaredPlace[] = [],
): Promise<Preflight> {
  return session.transaction(async () => {
    await session.query('set transaction read only');
    // Rows hidden by a policy must be an error, not a silence (PostgreSQL, "row_security").
    await session.query('set local row_security = off');
    const findings = repeatedIds(columns);
    let openedValues = 0;
    for (const column of columns) {
      const problem = await unfit(session, column);
      if (problem !== undefined) {
        findings.push(problem);
      } else if (keys === undefined) {
        if (await holdsCiphertext(session, column)) {
          findings.push(
            `${column.table}.${column.column} already holds ciphertext of a key this secret does not have; adopt that key`,
          );
        }
      } else {
        const { opened, refused } = await openSample(session, column, keys);
        openedValues += opened;
        for (const [code, count] of refused) {
          findings.push(
            `${count} of ${opened + count} sampled values of ${column.table}.${column.column} do not open (${code})`,
          );
        }
      }
    }
    const { found, misplaced, sampledColumns, unreadableColumns } = await findUndeclared(
      session,
      columns,
      { keys, neighbours },
    );
    findings.push(
      ...found.map((name) => `${name} holds ciphertext but is not declared`),
      ...misplaced.map(
        (name) => `${name} is declared for another secret but holds ciphertext of this one`,
      ),
    );
    return {
      findings,
      declaredColumns: columns.length,
      sampledColumns,
      unreadableColumns,
      openedValues,
    };
  });
}

/** Two columns with one id would open each other's ciphertexts. */
function repeatedIds(columns: readonly DeclaredColumn[]): string[] {
  const ids = columns.map(({ id }) => id);
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))].map(
    (id) => `column id ${id} is declared twice`,
  );
}
