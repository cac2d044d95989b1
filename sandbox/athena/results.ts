/** What a query gave: the file in S3, and the pages of GetQueryResults. */
import { ServiceException } from '../service.ts';
import type { Type } from './sql/functions.ts';

export interface QueryResults {
  columns: readonly { name: string; type: Type }[];
  rows: readonly (readonly (string | null)[])[];
}

/** Every field in quotes, null as nothing (athena/latest/ug/querying-finding-output-files.html). */
export function csvOf({ columns, rows }: QueryResults): string {
  const field = (value: string | null) =>
    value === null ? '' : `"${value.replaceAll('"', '""')}"`;
  return [columns.map(({ name }) => name), ...rows]
    .map((row) => `${row.map(field).join(',')}\n`)
    .join('');
}

/** The first row of the first page is the header. @throws ServiceException InvalidRequestException */
export function pageOf(
  { columns, rows }: QueryResults,
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const maximum = Number(input.MaxResults ?? 1000);
  const from = Number(input.NextToken ?? 0);
  if (!Number.isInteger(maximum) || maximum < 1 || maximum > 1000) {
    throw new ServiceException(
      'InvalidRequestException',
      'MaxResults is more than maximum allowed length 1000.',
    );
  }
  if (!Number.isInteger(from) || from < 0) {
    throw new ServiceException('InvalidRequestException', 'The NextToken is malformed.');
  }
  const all = [columns.map(({ name }) => name), ...rows];
  const page = all.slice(from, from + maximum);
  const next = from + page.length;
  return {
    UpdateCount: 0,
    ResultSet: {
      Rows: page.map((row) => ({
        Data: row.map((value) => (value === null ? {} : { VarCharValue: value })),
      })),
      ResultSetMetadata: { ColumnInfo: columns.map(columnInfo) },
    },
    ...(next < all.length && { NextToken: String(next) }),
  };
}

function columnInfo({ name, type }: QueryResults['columns'][number]): Record<string, unknown> {
  const precision: Readonly<Record<Type, number>> = {
    varchar: 2_147_483_647,
    bigint: 19,
    boolean: 0,
    unknown: 0,
  };
  return {
    ...{ CatalogName: 'hive', SchemaName: '', TableName: '', Name: name, Label: name },
    ...{ Type: type, Precision: precision[type], Scale: 0, Nullable: 'UNKNOWN' },
    CaseSensitive: type === 'varchar',
  };
}
