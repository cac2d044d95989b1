/** Which columns of a result are encrypted, as the statement of Kysely tells; and opens them. */
import type {
  ColumnNode,
  DeleteQueryNode,
  InsertQueryNode,
  JoinNode,
  OperationNode,
  ReferenceNode,
  RootOperationNode,
  SelectionNode,
  SelectQueryNode,
  UnknownRow,
  UpdateQueryNode,
} from 'kysely';
import { ClientError, ClientSettingsError } from '../errors.ts';
import type { ToOpen } from './column-cipher.ts';
import { RowUnknownError } from './errors.ts';
import {
  type AnyColumn,
  type EncryptedTable,
  identifierOf,
  rowOf,
  type Source,
  type Tables,
} from './kysely-tables.ts';

/** One column of the result. */
export interface Output {
  readonly name: string;
  readonly column: AnyColumn;
  readonly table: EncryptedTable;
  /** Where the result holds the primary key, by its columns. */
  readonly keys: ReadonlyMap<string, string>;
}

/** @throws RowUnknownError, ClientSettingsError */
export function outputsOf(root: RootOperationNode, tables: Tables): Output[] {
  const { selections, sources } = readOf(root);
  const isExplained = 'explain' in root && root.explain !== undefined;
  if (isExplained || selections === undefined || selections.length === 0) {
    return [];
  }
  const known = sources.map((node) => tables.sourceOf(node));
  const named = selections.flatMap(({ selection }) => namedBy(selection, known));
  return named.flatMap(({ source, from, name }) => {
    const table = source.encrypted;
    const column = table && Object.hasOwn(table.columns, from) ? table.columns[from] : undefined;
    if (table === undefined || column === undefined) {
      return [];
    }
    const keys = new Map(
      named.filter((each) => each.source === source).map((each) => [each.from, each.name]),
    );
    const missing = table.primaryKey?.find((key) => !keys.has(key.name));
    if (column.profile === 'row' && missing !== undefined) {
      throw new RowUnknownError(
        column.id,
        `the query does not give ${missing.name} of its primary key; select it beside`,
      );
    }
    return [{ name, column, table, keys }];
  });
}

/** Opens them in copies of the rows: the secret is looked at once a column. */
export async function opened(
  rows: UnknownRow[],
  outputs: readonly Output[],
): Promise<UnknownRow[]> {
  const copies = rows.map((row) => ({ ...row }));
  for (const { name, column, table, keys } of outputs) {
    const places: number[] = [];
    const values: ToOpen<string>[] = [];
    for (const [place, row] of rows.entries()) {
      const stored = row[name];
      if (stored === undefined) {
        throw new ClientSettingsError(
          `The result has no ${name}, which the query selects (column ${column.id}): another plugin renames columns. Leave that to the last plugin of a Kysely without encrypted columns.`,
        );
      }
      if (stored !== null) {
        places.push(place);
        const bound = column.profile === 'row';
        values.push({
          stored: stored as string,
          ...(bound && { row: rowOf(column, table, (key) => row[keys.get(key) ?? key]) }),
        });
      }
    }
    const texts = values.length > 0 ? await column.decryptMany(values) : [];
    for (const [index, place] of places.entries()) {
      (copies[place] as UnknownRow)[name] = texts[index];
    }
  }
  return copies;
}

interface Named {
  readonly source: Source;
  /** `*`: all of its columns. */
  readonly from: string;
  readonly name: string;
}

function namedBy(selection: OperationNode, sources: readonly Source[]): Named[] {
  switch (selection.kind) {
    case 'SelectAllNode':
      return allOf(sources);
    case 'AliasNode': {
      const { node, alias } = selection as OperationNode & Record<'node' | 'alias', OperationNode>;
      const name = identifierOf(alias);
      return name === undefined ? [] : namedBy(node, sources).map((each) => ({ ...each, name }));
    }
    case 'ReferenceNode': {
      const { table, column } = selection as ReferenceNode;
      const of = table
        ? sources.filter(({ name }) => name === table.table.identifier.name)
        : sources;
      return column.kind === 'SelectAllNode' ? allOf(of, sources) : columnOf(column, of);
    }
    case 'ColumnNode':
      return columnOf(selection as ColumnNode, sources);
    default:
      return [];
  }
}

/** PostgreSQL refuses a name that two tables have, so the one that declares it is the one. */
function columnOf({ column: { name } }: ColumnNode, sources: readonly Source[]): Named[] {
  const source =
    sources.find(({ encrypted }) => encrypted && Object.hasOwn(encrypted.columns, name)) ??
    sources.find(({ encrypted }) => encrypted?.primaryKey?.some((key) => key.name === name)) ??
    sources[0];
  return source ? [{ source, from: name, name }] : [];
}

function allOf(of: readonly Source[], sources = of): Named[] {
  return of.flatMap((source) => {
    const { columns, primaryKey = [] } = source.encrypted ?? { columns: {} };
    const names = new Set([...Object.keys(columns), ...primaryKey.map((key) => key.name)]);
    const [first] = Object.values(columns) as AnyColumn[];
    if (first !== undefined && sources.length > 1) {
      // Two tables may have a column of one name, of which the result holds the last.
      throw new ClientSettingsError(
        `All columns of several tables are selected, among them ${first.id}, which is encrypted; select them by name.`,
      );
    }
    return [...names].map((name) => ({ source, from: name, name }));
  });
}

interface ReadBy {
  readonly selections: readonly SelectionNode[] | undefined;
  readonly sources: readonly OperationNode[];
}

function readOf(root: RootOperationNode): ReadBy {
  switch (root.kind) {
    case 'SelectQueryNode': {
      const { selections, from, joins } = root as SelectQueryNode;
      return { selections, sources: [...(from?.froms ?? []), ...joined(joins)] };
    }
    case 'InsertQueryNode': {
      const { returning, into } = root as InsertQueryNode;
      return { selections: returning?.selections, sources: into ? [into] : [] };
    }
    case 'UpdateQueryNode': {
      const { returning, table, from, joins } = root as UpdateQueryNode;
      const sources = [...(table ? [table] : []), ...(from?.froms ?? []), ...joined(joins)];
      return { selections: returning?.selections, sources };
    }
    case 'DeleteQueryNode': {
      const { returning, from, using, joins } = root as DeleteQueryNode;
      const sources = [...from.froms, ...(using?.tables ?? []), ...joined(joins)];
      return { selections: returning?.selections, sources };
    }
    default:
      return { selections: undefined, sources: [] };
  }
}

const joined = (joins: readonly JoinNode[] = []) => joins.map(({ table }) => table);

export const isRefusal = (error: unknown): error is ClientError => error instanceof ClientError;
