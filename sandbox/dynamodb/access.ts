/**
 * What a request asks of IAM: the action on the table or index, with the condition keys of fine-grained
 * access control.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
import type { AccessCheck } from '../service.ts';

type Value = Readonly<Record<string, unknown>>;
type Item = Readonly<Record<string, Value>>;
type Input = Readonly<Record<string, unknown>>;

/** Partition key attribute of a table, or of one of its indexes. */
export type PartitionKey = (table: string, index: string) => string | undefined;

export function accessCheck(
  operation: string,
  input: Input,
  tableArn: (name: string) => string,
  partitionKey: PartitionKey,
): readonly AccessCheck[] {
  const action = `dynamodb:${operation}`;
  if (operation === 'ListTables') {
    return [{ action, resource: '*' }];
  }
  if (operation === 'BatchGetItem') {
    const requests = (input.RequestItems ?? {}) as Record<string, { Keys?: readonly Item[] }>;
    return Object.entries(requests).map(([name, request]) => {
      const table = nameOf(name);
      const keys = (request.Keys ?? []).flatMap((key) => valuesOf(key, partitionKey(table, '')));
      return check(action, tableArn(table), keys);
    });
  }
  const table = nameOf(input.TableName);
  const index = typeof input.IndexName === 'string' ? input.IndexName : '';
  const resource = index === '' ? tableArn(table) : `${tableArn(table)}/index/${index}`;
  const leading = leadingKeys(operation, input, partitionKey(table, index));
  return [check(action, resource, leading, attributes(input))];
}

/** Requests may name a table by name or by ARN. */
export function nameOf(table: unknown): string {
  const text = typeof table === 'string' ? table : '';
  return text.startsWith('arn:') ? text.slice(text.indexOf(':table/') + 7) : text;
}

function check(
  action: string,
  resource: string,
  leading: readonly string[],
  named?: readonly string[],
): AccessCheck {
  const context: Record<string, readonly string[]> = {};
  if (leading.length > 0) {
    context['dynamodb:LeadingKeys'] = [...new Set(leading)];
  }
  if (named !== undefined) {
    context['dynamodb:Attributes'] = named;
  }
  return { action, resource, context };
}

function leadingKeys(operation: string, input: Input, key: string | undefined): string[] {
  if (operation === 'Query') {
    return key === undefined ? [] : queriedKeys(input, key);
  }
  return valuesOf((input.Key ?? input.Item) as Item | undefined, key);
}

function queriedKeys(input: Input, key: string): string[] {
  const legacy = input.KeyConditions as
    | Record<string, { ComparisonOperator: string; AttributeValueList: readonly Value[] }>
    | undefined;
  const condition = legacy?.[key];
  if (condition?.ComparisonOperator === 'EQ') {
    return condition.AttributeValueList.map(scalar);
  }
  const names = (input.ExpressionAttributeNames ?? {}) as Record<string, string>;
  const values = (input.ExpressionAttributeValues ?? {}) as Item;
  const found: string[] = [];
  for (const [, left = '', right = ''] of String(input.KeyConditionExpression ?? '').matchAll(
    /([#:\w.-]+)\s*=\s*([#:\w.-]+)/g,
  )) {
    // DynamoDB takes the operands of "=" in either order.
    const [name, placeholder] = left.startsWith(':') ? [right, left] : [left, right];
    const value = values[placeholder];
    if ((names[name] ?? name) === key && value !== undefined) {
      found.push(scalar(value));
    }
  }
  return found;
}

/** Only where the request names them all: a put's top-level attributes, a read's projection. */
function attributes(input: Input): readonly string[] | undefined {
  if (input.Item !== undefined) {
    return Object.keys(input.Item as Item);
  }
  if (typeof input.ProjectionExpression === 'string') {
    const names = (input.ExpressionAttributeNames ?? {}) as Record<string, string>;
    const projected = input.ProjectionExpression.split(',').map((path) => {
      const top = path.trim().split(/[.[]/)[0] ?? '';
      return names[top] ?? top;
    });
    return [...new Set([...Object.keys((input.Key ?? {}) as Item), ...projected])];
  }
  return undefined;
}

function valuesOf(item: Item | undefined, key: string | undefined): string[] {
  const value = key === undefined ? undefined : item?.[key];
  return value === undefined ? [] : [scalar(value)];
}

/** {"S":"a"} → "a"; numbers and binary as they are written on the wire. */
function scalar(value: Value): string {
  return String(Object.values(value)[0]);
}
