/** Which tables a statement of Kysely names, and which of their columns are encrypted. */
import type { OperationNode, TableNode } from 'kysely';
import type { PrimaryKeyPart } from '../../domain/ciphertext/format.ts';
import { ClientSettingsError } from '../errors.ts';
import type { ColumnCipher } from './column-cipher.ts';
import { RowUnknownError } from './errors.ts';

// biome-ignore lint/suspicious/noExplicitAny: text and bytea columns side by side; each is handed its own values
export type AnyColumn = ColumnCipher<any>;

export interface EncryptedTable {
  /** By the column's name in the database. */
  readonly columns: Readonly<Record<string, AnyColumn>>;
  /** In key order; needed when a column is bound to its rows. */
  readonly primaryKey?: readonly {
    readonly name: string;
    readonly type: 'integer' | 'uuid' | 'text';
  }[];
}

/** By the table's name, with its schema (`clinic.patients`) or without: then it is meant in every schema. */
export type EncryptedTables = Readonly<Record<string, EncryptedTable>>;

/** A table of a statement. `encrypted` undefined: not a declared one. */
export interface Source {
  readonly name: string;
  readonly encrypted: EncryptedTable | undefined;
}

export class Tables {
  readonly #declared: readonly { schema?: string; name: string; table: EncryptedTable }[];

  /** @throws ClientSettingsError */
  constructor(tables: EncryptedTables) {
    this.#declared = Object.entries(tables).map(([key, table]) => {
      const [name = '', schema, ...more] = key.split('.').reverse();
      if (name === '' || schema === '' || more.length > 0) {
        throw new ClientSettingsError(
          `A table is named as "patients" or "clinic.patients"; found a name of ${key.split('.').length} parts.`,
        );
      }
      for (const { id, profile } of Object.values(table.columns)) {
        if (profile === 'row' && !table.primaryKey?.length) {
          throw new ClientSettingsError(
            `Column ${id} is bound to its rows; declare the primaryKey of table ${key}.`,
          );
        }
      }
      return { ...(schema !== undefined && { schema }), name, table };
    });
  }

  /** A schema that one side does not name may be the same one: rather sealed than in plaintext. */
  find({ table: { schema, identifier } }: TableNode): EncryptedTable | undefined {
    return this.#declared.find(
      (each) =>
        each.name === identifier.name &&
        (each.schema === undefined || schema === undefined || each.schema === schema.name),
    )?.table;
  }

  /** A table, or one under another name; anything else is no source of known columns. */
  sourceOf(node: OperationNode): Source {
    if (isKind<'TableNode', TableNode>(node, 'TableNode')) {
      return { name: node.table.identifier.name, encrypted: this.find(node) };
    }
    if (
      isKind<'AliasNode', OperationNode & { node: OperationNode; alias: OperationNode }>(
        node,
        'AliasNode',
      )
    ) {
      return { ...this.sourceOf(node.node), name: identifierOf(node.alias) ?? '' };
    }
    return { name: '', encrypted: undefined };
  }
}

export function isKind<Kind extends string, Node extends OperationNode>(
  node: OperationNode | undefined,
  kind: Kind,
): node is Node {
  return node?.kind === kind;
}

export function identifierOf(node: OperationNode): string | undefined {
  return 'name' in node && typeof node.name === 'string' ? node.name : undefined;
}

/**
 * The row as values are bound to it, the same whether it comes from a query's parameters or from its result.
 * @param held value by name of the column
 * @throws RowUnknownError
 */
export function rowOf(
  { id }: AnyColumn,
  { primaryKey = [] }: EncryptedTable,
  held: (name: string) => unknown,
): PrimaryKeyPart[] {
  return primaryKey.map(({ name, type }) => {
    const value = held(name);
    const part = partOf(value, type);
    if (part === undefined) {
      throw new RowUnknownError(
        id,
        value === undefined || value === null
          ? `${name} of the primary key is not known before the statement runs; make the key in the application and give it`
          : `${name} of the primary key is not of the declared type ${type}, or not written as PostgreSQL writes it`,
      );
    }
    return part;
  });
}

/** `007` and 7 are one row to PostgreSQL: only one form of an integer is taken. */
function partOf(value: unknown, type: 'integer' | 'uuid' | 'text'): PrimaryKeyPart | undefined {
  switch (type) {
    case 'integer':
      return typeof value === 'bigint' ||
        Number.isSafeInteger(value) ||
        (typeof value === 'string' && /^(?:0|-?[1-9]\d*)$/.test(value))
        ? (value as PrimaryKeyPart)
        : undefined;
    case 'uuid':
      return typeof value === 'string' ? { uuid: value } : undefined;
    case 'text':
      return typeof value === 'string' ? value : undefined;
  }
}
