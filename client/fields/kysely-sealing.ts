/** Seals what a statement of Kysely writes into encrypted columns, wherever in the statement it stands. */
import type {
  BinaryOperationNode,
  ColumnNode,
  ColumnUpdateNode,
  InsertQueryNode,
  MergeQueryNode,
  OperationNode,
  ReferenceNode,
  UpdateQueryNode,
  ValueNode,
  ValuesNode,
} from 'kysely';
import { NotSealableError, RowUnknownError } from './errors.ts';
import {
  type AnyColumn,
  type EncryptedTable,
  isKind,
  rowOf,
  type Tables,
} from './kysely-tables.ts';

type Held = (column: string) => unknown;

export class Sealing {
  readonly #tables: Tables;
  /** A statement inside another one may come by twice. */
  readonly #done = new WeakSet<OperationNode>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** @throws NotSealableError, RowUnknownError; those of `encryptNow` */
  sealed<Node extends OperationNode>(node: Node): Node {
    if (
      this.#done.has(node) ||
      node.kind === 'ValueNode' ||
      node.kind === 'PrimitiveValueListNode'
    ) {
      return node;
    }
    const members = Object.entries(node).map(([name, member]) => [name, this.#member(member)]);
    const copy = this.#written(Object.fromEntries(members) as OperationNode);
    this.#done.add(copy);
    return Object.freeze(copy) as Node;
  }

  #member(member: unknown): unknown {
    if (Array.isArray(member)) {
      return Object.freeze(member.map((each) => this.#member(each)));
    }
    return isNode(member) ? this.sealed(member) : member;
  }

  #written(node: OperationNode): OperationNode {
    if (isKind<'InsertQueryNode', InsertQueryNode>(node, 'InsertQueryNode')) {
      const table = node.into && this.#tables.find(node.into);
      return table ? inserted(node, table) : node;
    }
    if (isKind<'UpdateQueryNode', UpdateQueryNode>(node, 'UpdateQueryNode')) {
      const { name, encrypted } = node.table
        ? this.#tables.sourceOf(node.table)
        : { name: '', encrypted: undefined };
      return encrypted ? updated(node, name, encrypted) : node;
    }
    if (isKind<'MergeQueryNode', MergeQueryNode>(node, 'MergeQueryNode')) {
      const { encrypted } = this.#tables.sourceOf(node.into);
      const [column] = Object.values(encrypted?.columns ?? {});
      if (column !== undefined) {
        throw new NotSealableError(column.id, 'a MERGE writes it from another table');
      }
    }
    return node;
  }
}

function inserted(node: InsertQueryNode, table: EncryptedTable): InsertQueryNode {
  const names = (node.columns ?? []).map(nameOf);
  const columns = names.map((name) => columnOf(table, name));
  const onConflict = node.onConflict?.updates && {
    ...node.onConflict,
    updates: node.onConflict.updates.map((update) => conflicting(update, node, table)),
  };
  if (!columns.some(Boolean) && node.columns !== undefined) {
    return onConflict ? { ...node, onConflict } : node;
  }
  const { values } = node;
  if (!isKind<'ValuesNode', ValuesNode>(values, 'ValuesNode')) {
    const [column] = columns
      .filter((each) => each !== undefined)
      .concat(Object.values(table.columns));
    if (values === undefined || column === undefined) {
      return node;
    }
    throw new NotSealableError(column.id, 'an INSERT writes what a query gives');
  }
  const rows = values.values.map((list) => {
    const nodes: OperationNode[] = list.values.map((each) =>
      list.kind === 'ValueListNode' ? (each as OperationNode) : valueNode(each),
    );
    const held: Held = (name) => plainOf(nodes[names.indexOf(name)]);
    const sealed = nodes.map((each, place) => {
      const column = columns[place];
      return column ? sealedValue(each, column, table, held) : each;
    });
    return { kind: 'ValueListNode', values: sealed } as const;
  });
  return {
    ...node,
    values: { ...values, values: rows } as ValuesNode,
    ...(onConflict && { onConflict }),
  };
}

/** The row that is there already may have another key than the one that was to be inserted. */
function conflicting(
  update: ColumnUpdateNode,
  { onConflict }: InsertQueryNode,
  table: EncryptedTable,
): ColumnUpdateNode {
  const name = nameOf(update.column);
  const column = columnOf(table, name);
  if (column === undefined) {
    return update;
  }
  const { value } = update;
  const target = onConflict?.columns?.map(nameOf).sort().join();
  const isByKey =
    target ===
    table.primaryKey
      ?.map((part) => part.name)
      .sort()
      .join();
  const isExcluded =
    isKind<'ReferenceNode', ReferenceNode>(value, 'ReferenceNode') &&
    value.table?.table.identifier.name === 'excluded' &&
    nameOf(value.column) === name;
  if (isExcluded && (column.profile !== 'row' || isByKey)) {
    return update;
  }
  if (column.profile === 'row') {
    throw new RowUnknownError(
      column.id,
      'which row is in conflict is known to the database alone; let the key be what conflicts (ON CONFLICT (id)) and take excluded',
    );
  }
  return { ...update, value: sealedValue(value, column, table, () => undefined) };
}

function updated(node: UpdateQueryNode, source: string, table: EncryptedTable): UpdateQueryNode {
  const bound = Object.values(table.columns).find(({ profile }) => profile === 'row');
  const keys = new Set(table.primaryKey?.map(({ name }) => name));
  const isTheirs = ({ table: of }: ReferenceNode) =>
    of === undefined || of.table.identifier.name === source;
  const held: Held = (name) =>
    equated(node.where?.where).find(
      ([reference]) => isTheirs(reference) && nameOf(reference.column) === name,
    )?.[1];
  const updates = node.updates?.map((update) => {
    const name = nameOf(update.column);
    if (bound !== undefined && keys.has(name)) {
      throw new RowUnknownError(
        bound.id,
        `an UPDATE gives ${name} of its primary key another value; what is sealed there would not open again`,
      );
    }
    const column = columnOf(table, name);
    return column ? { ...update, value: sealedValue(update.value, column, table, held) } : update;
  });
  return { ...node, ...(updates && { updates }) };
}

/** What a condition demands of single columns, if all of it has to hold. */
function equated(condition: OperationNode | undefined): (readonly [ReferenceNode, unknown])[] {
  switch (condition?.kind) {
    case 'AndNode': {
      const { left, right } = condition as OperationNode & Record<'left' | 'right', OperationNode>;
      return [...equated(left), ...equated(right)];
    }
    case 'ParensNode':
      return equated((condition as OperationNode & { node: OperationNode }).node);
    case 'BinaryOperationNode': {
      const { leftOperand, operator, rightOperand } = condition as BinaryOperationNode;
      const isEqual = 'operator' in operator && operator.operator === '=';
      const left = leftOperand as ReferenceNode;
      return isEqual && left.kind === 'ReferenceNode' && rightOperand.kind === 'ValueNode'
        ? [[left, plainOf(rightOperand)]]
        : [];
    }
    default:
      return [];
  }
}

function sealedValue(
  node: OperationNode,
  column: AnyColumn,
  table: EncryptedTable,
  held: Held,
): OperationNode {
  if (node.kind === 'DefaultInsertValueNode') {
    return node;
  }
  if (!isKind<'ValueNode', ValueNode>(node, 'ValueNode')) {
    throw new NotSealableError(column.id, 'its value is an expression that the database computes');
  }
  const { value } = node;
  if (value === null || value === undefined) {
    return node;
  }
  if (typeof value !== 'string') {
    throw new NotSealableError(column.id, `its value is ${typeof value}, not a string`);
  }
  const row = column.profile === 'row' ? rowOf(column, table, held) : undefined;
  return valueNode(column.encryptNow(value, row));
}

const valueNode = (value: unknown): ValueNode => ({ kind: 'ValueNode', value });
const plainOf = (node: OperationNode | undefined): unknown =>
  node?.kind === 'ValueNode' ? (node as ValueNode).value : undefined;
const isNode = (value: unknown): value is OperationNode =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';

const columnOf = (table: EncryptedTable, name: string): AnyColumn | undefined =>
  Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;

function nameOf(node: OperationNode): string {
  const column = node.kind === 'ReferenceNode' ? (node as ReferenceNode).column : node;
  return column.kind === 'ColumnNode' ? (column as ColumnNode).column.name : '';
}
