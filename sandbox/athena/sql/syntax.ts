/** A query, read: expressions and clauses of the part of Trino's SQL that is known here. */
import type { Place } from './error.ts';

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Expression = { at: Place } & (
  | { kind: 'literal'; value: string | number | boolean | null }
  /** `useridentity.arn`, `t.eventname`: which of them is a table is found out later. */
  | { kind: 'name'; parts: readonly string[] }
  | {
      kind: 'call';
      name: string;
      parameters: readonly Expression[];
      star: boolean;
      distinct: boolean;
    }
  | { kind: 'compare'; operator: Comparison; left: Expression; right: Expression }
  | { kind: 'logic'; operator: 'AND' | 'OR'; left: Expression; right: Expression }
  | { kind: 'arithmetic'; operator: '+' | '-' | '||'; left: Expression; right: Expression }
  | { kind: 'not'; of: Expression }
  | { kind: 'in'; of: Expression; list: readonly Expression[]; negated: boolean }
  | { kind: 'between'; of: Expression; low: Expression; high: Expression; negated: boolean }
  | { kind: 'like'; of: Expression; pattern: Expression; escape?: Expression; negated: boolean }
  | { kind: 'null'; of: Expression; negated: boolean }
  | { kind: 'case'; operand?: Expression; whens: readonly When[]; otherwise?: Expression }
  | { kind: 'cast'; of: Expression; type: 'varchar' | 'bigint' }
);

export interface When {
  condition: Expression;
  result: Expression;
}

export interface Select {
  distinct: boolean;
  items: readonly { of: Expression; alias?: string }[];
  from?: Source;
  where?: Expression;
  groupBy: readonly Expression[];
  having?: Expression;
}

export type Source = { alias?: string; at: Place } & (
  | { kind: 'table'; name: readonly string[] }
  | { kind: 'query'; query: Query }
);

export interface Order {
  of: Expression;
  descending: boolean;
  nullsFirst: boolean;
}

export interface Query {
  with: readonly { name: string; query: Query }[];
  /** Selects with UNION [ALL] between them. */
  selects: readonly Select[];
  /** Between each select and the one before it. */
  unions: readonly ('ALL' | 'DISTINCT')[];
  orderBy: readonly Order[];
  limit?: number;
}
