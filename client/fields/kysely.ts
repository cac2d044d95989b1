/**
 * Encrypted columns of Kysely. Published as `@quarterturn/client/kysely`; loads nothing of kysely itself.
 */
import type { KyselyPlugin, QueryId, RootOperationNode } from 'kysely';
import { isRefusal, type Output, opened, outputsOf } from './kysely-opening.ts';
import { Sealing } from './kysely-sealing.ts';
import { type EncryptedTables, Tables } from './kysely-tables.ts';

export type { EncryptedTable, EncryptedTables } from './kysely-tables.ts';

/**
 * `new Kysely({ dialect, plugins: [encryptedColumns({ patients: { columns: { name: cipher.column('patients.name') } } })] })`:
 * seals what INSERT and UPDATE write into these columns, opens what a statement selects or returns of them. Plaintexts are
 * text, NULL stays NULL.
 *
 * - Kysely waits for what opens: an unknown key is looked for. It does not wait for what seals: `await cipher.ready()`
 *   before each unit of work (it reads only when the keys are too old), or writing fails with SecretNotReadyError
 *   or StaleSecretError.
 * - Profile row: the primary key is made by the application. It stands in the INSERT, in the WHERE of an UPDATE
 *   (`id = value`), and beside the column in what is selected; otherwise RowUnknownError.
 * - Sealed values stay sealed where the statement does not name the column of a table itself: in expressions,
 *   subqueries, CTEs and raw SQL. What raw SQL writes is not sealed.
 * - Each seal of a value is another one, so a condition on the column finds nothing.
 * - No other plugin may rename columns (CamelCasePlugin); what is missing in a result is refused.
 *
 * @throws ClientSettingsError
 */
export function encryptedColumns(tables: EncryptedTables): KyselyPlugin {
  const known = new Tables(tables);
  const sealing = new Sealing(known);
  const outputs = new WeakMap<QueryId, readonly Output[] | Error>();
  return {
    transformQuery({ node, queryId }) {
      outputs.set(queryId, outputsToOpen(node, known));
      return sealing.sealed(node);
    },
    async transformResult({ result, queryId }) {
      const toOpen = outputs.get(queryId) ?? [];
      if (toOpen instanceof Error) {
        throw toOpen;
      }
      return toOpen.length === 0 ? result : { ...result, rows: await opened(result.rows, toOpen) };
    },
  };
}

/** Before anything is written; of a query only when it runs, for it may come by as a part of another. */
function outputsToOpen(node: RootOperationNode, tables: Tables): readonly Output[] | Error {
  try {
    return outputsOf(node, tables);
  } catch (error) {
    if (node.kind === 'SelectQueryNode' && isRefusal(error)) {
      return error;
    }
    throw error;
  }
}
