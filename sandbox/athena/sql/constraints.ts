/** What the WHERE of a query says of partition columns: its top-level conditions with literals. */
import type { Constraint } from '../projection.ts';
import type { Comparison, Expression } from './syntax.ts';

/** @param nameOf the partition column that an expression is, if it is one */
export function constraintsOf(
  where: Expression | undefined,
  nameOf: (of: Expression) => string | undefined,
): Map<string, Constraint> {
  const found = new Map<string, Constraint>();
  for (const condition of conjuncts(where)) {
    const [name, constraint] = constraintOf(condition, nameOf) ?? [];
    if (name !== undefined && constraint !== undefined) {
      const before = found.get(name);
      const values = constraint.values ?? before?.values;
      found.set(name, {
        holds: (value) => constraint.holds(value) && (before?.holds(value) ?? true),
        ...(values && { values }),
      });
    }
  }
  return found;
}

function conjuncts(of: Expression | undefined): Expression[] {
  if (of === undefined) {
    return [];
  }
  return of.kind === 'logic' && of.operator === 'AND'
    ? [...conjuncts(of.left), ...conjuncts(of.right)]
    : [of];
}

const TURNED: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function constraintOf(
  of: Expression,
  nameOf: (of: Expression) => string | undefined,
): [string, Constraint] | undefined {
  if (of.kind === 'compare') {
    const left = nameOf(of.left);
    const name = left ?? nameOf(of.right);
    const value = literalOf(left === undefined ? of.left : of.right);
    const operator = left === undefined ? TURNED[of.operator] : of.operator;
    return name === undefined || value === undefined
      ? undefined
      : [name, compared(operator, value)];
  }
  if (of.kind === 'in' && !of.negated) {
    const name = nameOf(of.of);
    const values = of.list.map(literalOf);
    return name === undefined || values.includes(undefined)
      ? undefined
      : [name, oneOf(values as string[])];
  }
  if (of.kind === 'between' && !of.negated) {
    const [name, low, high] = [nameOf(of.of), literalOf(of.low), literalOf(of.high)];
    return name === undefined || low === undefined || high === undefined
      ? undefined
      : [name, { holds: (value) => order(value, low) >= 0 && order(value, high) <= 0 }];
  }
  return undefined;
}

function literalOf(of: Expression): string | undefined {
  return of.kind === 'literal' && (typeof of.value === 'string' || typeof of.value === 'number')
    ? String(of.value)
    : undefined;
}

const oneOf = (values: readonly string[]): Constraint => ({
  values,
  holds: (value) => values.some((other) => order(value, other) === 0),
});

function compared(operator: Comparison, to: string): Constraint {
  switch (operator) {
    case '=':
      return oneOf([to]);
    case '<>':
      return { holds: (value) => order(value, to) !== 0 };
    case '<':
      return { holds: (value) => order(value, to) < 0 };
    case '<=':
      return { holds: (value) => order(value, to) <= 0 };
    case '>':
      return { holds: (value) => order(value, to) > 0 };
    case '>=':
      return { holds: (value) => order(value, to) >= 0 };
  }
}

/** Texts by their code points; digits with leading zeros are as wide as the projection writes them. */
const order = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
