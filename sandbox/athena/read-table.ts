/** Rows of a table: the log files of the partitions a query means, read with its caller's rights. */
import { gunzipSync } from 'node:zlib';
import type { SandboxClock } from '../clock.ts';
import { ServiceException } from '../service.ts';
import type { PartitionKey, Table } from './catalog.ts';
import { asColumn } from './column-type.ts';
import type { Rows, Value } from './engine.ts';
import { type CallersObjects, placeOf } from './objects.ts';
import { ConstraintViolation, projectedValues } from './projection.ts';
import type { Scan } from './sql/compile.ts';
import { QueryError } from './sql/error.ts';

interface Partition {
  values: readonly Value[];
  url: string;
}

export interface ReadRows extends Rows {
  bytes: number;
}

/** @throws QueryError as Athena says it: without a filter it needs, or where S3 refuses its caller */
export async function readTable(
  { table, constraints, into }: Scan,
  objects: CallersObjects,
  clock: SandboxClock,
): Promise<ReadRows> {
  const names = [...table.columns.keys(), ...table.partitionKeys.map(({ name }) => name)];
  const rows: Value[][] = [];
  let bytes = 0;
  for (const { values, keys, bucket } of located(
    table,
    partitions(table, constraints, clock),
    objects,
  )) {
    for (const key of keys) {
      const file = await allowed(`s3://${bucket}/${key}`, () => objects.get({ bucket, key }));
      bytes += file.length;
      for (const record of recordsOf(file, key)) {
        rows.push([...rowOf(table, record), ...values]);
      }
    }
  }
  return { table: into, columns: names, rows, bytes };
}

function partitions(
  { partitionKeys, template }: Table,
  constraints: Scan['constraints'],
  clock: SandboxClock,
): Partition[] {
  let all: Partition[] = [{ values: [], url: template }];
  for (const key of partitionKeys) {
    const values = valuesOf(key, constraints, clock);
    all = all.flatMap((partition) =>
      values.map((value) => ({
        values: [...partition.values, key.type === 'bigint' ? Number(value) : value],
        url: partition.url.replaceAll(`\${${key.name}}`, value),
      })),
    );
  }
  return all;
}

function valuesOf(key: PartitionKey, constraints: Scan['constraints'], clock: SandboxClock) {
  try {
    return projectedValues(key.name, key.projection, constraints.get(key.name), clock);
  } catch (error) {
    throw error instanceof ConstraintViolation ? new QueryError(error.name, error.message) : error;
  }
}

/** What lies before the first `${` is listed once; whether the caller may list is asked for each partition. */
function located(table: Table, all: readonly Partition[], objects: CallersObjects) {
  const stem = placeOf(table.template.split('${')[0] ?? '');
  const keys = objects.keysUnder(stem);
  return all.map(({ values, url }) => {
    const { bucket, key } = placeOf(url);
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
    allowedNow(url, () => objects.assertMayList({ bucket, key: prefix }));
    return { values, bucket, keys: keys.filter((each) => each.startsWith(prefix)) };
  });
}

function allowedNow(url: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw refused(url, error);
  }
}

async function allowed<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refused(url, error);
  }
}

function refused(url: string, error: unknown): unknown {
  if (!(error instanceof ServiceException)) {
    return error;
  }
  return error.code.startsWith('AccessDenied')
    ? new QueryError('PERMISSION_DENIED', `Permission denied on S3 path: ${url}`)
    : new QueryError('HIVE_CANNOT_OPEN_SPLIT', `Error opening Hive split ${url}: ${error.code}`);
}

/** One `{"Records":[…]}`, as CloudTrailInputFormat reads it. */
function recordsOf(file: Buffer, key: string): Record<string, unknown>[] {
  try {
    const text = key.endsWith('.gz') ? gunzipSync(file) : file;
    const { Records } = JSON.parse(text.toString('utf8')) as {
      Records?: Record<string, unknown>[];
    };
    return Records ?? [];
  } catch {
    throw new QueryError('HIVE_CURSOR_ERROR', `${key} is not a log file of CloudTrail`);
  }
}

function rowOf({ columns }: Table, record: Record<string, unknown>): Value[] {
  const members = new Map(
    Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return [...columns].map(([name, type]) => {
    const value = asColumn(type, members.get(name));
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as Value);
  });
}
