/** Runs a query as its caller: catalog, log files, SQLite, and the file of results in S3. */
import type { SandboxClock } from '../clock.ts';
import type { IamPort } from '../ports.ts';
import { type Caller, ServiceException } from '../service.ts';
import type { Catalog } from './catalog.ts';
import { runInSqlite } from './engine.ts';
import { type CallersObjects, type Place, throughAthena } from './objects.ts';
import type { QueryExecution } from './query-execution.ts';
import { readTable } from './read-table.ts';
import { csvOf, type QueryResults } from './results.ts';
import { compile, type FindTable } from './sql/compile.ts';
import { QueryError } from './sql/error.ts';
import { parseQuery } from './sql/parse.ts';
import { type ResultConfiguration, sealingHeaders } from './workgroup.ts';

export interface QueryWorld {
  region: string;
  catalog: Catalog;
  clock: SandboxClock;
  iam: IamPort;
}

/** "Query cancelled! : Bytes scanned limit was exceeded" (workgroups-setting-control-limits-cloudwatch.html). */
export class ScanLimit extends Error {
  override readonly name = 'ScanLimit';
}

/** @throws QueryError, ScanLimit, ServiceException NotSimulatedException */
export async function runQuery(
  execution: QueryExecution,
  caller: Caller,
  objects: CallersObjects,
  { region, catalog, clock, iam }: QueryWorld,
): Promise<void> {
  const find: FindTable = (name, at) => {
    const parts = name[0] === 'awsdatacatalog' ? name.slice(1) : name;
    const [database, table = ''] =
      parts.length > 1 ? [parts[0], parts[1]] : [execution.database, parts[0]];
    if (database === undefined) {
      throw new QueryError(
        'MISSING_SCHEMA_NAME',
        'Schema must be specified when session schema is not set',
        at,
      );
    }
    allowed(() => {
      for (const check of catalog.checks(database, table)) {
        iam.authorize(throughAthena(caller, region), check);
      }
    });
    if (!catalog.hasDatabase(database)) {
      throw new QueryError('SCHEMA_NOT_FOUND', `Schema '${database}' does not exist`, at);
    }
    const found = catalog.find(database, table);
    if (found === undefined) {
      throw new QueryError(
        'TABLE_NOT_FOUND',
        `Table 'awsdatacatalog.${database}.${table}' does not exist`,
        at,
      );
    }
    return found;
  };
  const { sql, columns, scans } = compile(parseQuery(execution.query, execution.parameters), find);
  const tables = [];
  for (const scan of scans) {
    const table = await readTable(scan, objects, clock);
    execution.scannedBytes += table.bytes;
    if (execution.scannedBytes > (execution.group.cutoff ?? Number.POSITIVE_INFINITY)) {
      throw new ScanLimit('Query cancelled! : Bytes scanned limit was exceeded');
    }
    tables.push(table);
  }
  const rows = await runInSqlite(
    sql,
    tables,
    columns.map(({ type }) => type),
  );
  const results = { columns, rows };
  if (execution.file !== undefined) {
    await write(objects, execution.file, results, execution.results);
  }
  execution.rows = results;
}

async function write(
  objects: CallersObjects,
  file: Place,
  results: QueryResults,
  how: ResultConfiguration,
): Promise<void> {
  const headers = { 'content-type': 'text/csv', ...sealingHeaders(how) };
  await objects.put(file, Buffer.from(csvOf(results)), headers).catch((error) => {
    const url = `s3://${file.bucket}/${file.key}`;
    throw error instanceof ServiceException
      ? new QueryError(
          'PERMISSION_DENIED',
          `Access denied when writing output to url: ${url} . Please ensure you are allowed to access the S3 bucket. If you are encrypting query results with KMS key, please ensure you are allowed to access your KMS key`,
        )
      : error;
  });
}

function allowed(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw error instanceof ServiceException
      ? new QueryError(
          'PERMISSION_DENIED',
          `Insufficient permissions to execute the query. ${error.message}`,
        )
      : error;
  }
}
