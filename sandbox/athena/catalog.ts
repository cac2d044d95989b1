/**
 * What of the Glue Data Catalog Athena reads: databases, and tables over log files of CloudTrail with projected
 * partitions. What a table asks for and nothing here does is refused by name when it is made.
 * @see https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
 */
import type { AccessCheck } from '../service.ts';
import { type ColumnType, columnType } from './column-type.ts';
import { type Projection, projectionOf } from './projection.ts';

/** As AWS::Glue::Table declares it. */
export interface TableDeclaration {
  database: string;
  name: string;
  location: string;
  serde: string;
  inputFormat: string;
  columns: readonly { name: string; type: string }[];
  partitionKeys: readonly { name: string; type: string }[];
  properties: Readonly<Record<string, string>>;
}

export interface PartitionKey {
  name: string;
  type: 'string' | 'bigint';
  projection: Projection;
}

export interface Table {
  database: string;
  name: string;
  columns: ReadonlyMap<string, ColumnType>;
  partitionKeys: readonly PartitionKey[];
  /** `s3://bucket/…/${column}/…`; of a table without partitions its location. */
  template: string;
}

const SERDES = [
  'org.apache.hive.hcatalog.data.JsonSerDe',
  'com.amazon.emr.hive.serde.CloudTrailSerde',
];
const INPUT_FORMAT = 'com.amazon.emr.cloudtrail.CloudTrailInputFormat';
/** They describe, and change nothing that is read. */
const DESCRIBING = new Set(['classification', 'comment', 'external', 'typeofdata', 'skip.header']);

export class Catalog {
  readonly #databases = new Map<string, Map<string, Table>>();
  readonly #arn: string;

  constructor(place: { account: string; region: string }) {
    this.#arn = `arn:aws:glue:${place.region}:${place.account}`;
  }

  createDatabase(name: string): void {
    if (this.#databases.has(name)) {
      throw new TypeError(`Database ${name} already exists.`);
    }
    this.#databases.set(name, new Map());
  }

  /** With its tables, as Glue deletes them "asynchronously in a timely manner". */
  removeDatabase(name: string): void {
    this.#databases.delete(name);
  }

  /** @throws TypeError naming what is wrong, unknown or there already */
  createTable(declared: TableDeclaration): void {
    const tables = this.#tables(declared.database);
    if (tables.has(declared.name)) {
      throw new TypeError(`Table ${declared.database}.${declared.name} already exists.`);
    }
    tables.set(declared.name, tableOf(declared));
  }

  /** @throws TypeError naming what is wrong or unknown */
  updateTable(declared: TableDeclaration): void {
    this.#tables(declared.database).set(declared.name, tableOf(declared));
  }

  removeTable(database: string, name: string): void {
    this.#databases.get(database)?.delete(name);
  }

  hasDatabase(name: string): boolean {
    return this.#databases.has(name);
  }

  find(database: string, name: string): Table | undefined {
    return this.#databases.get(database)?.get(name);
  }

  /**
   * What Athena asks of Glue in its caller's name, before it looks whether there is such a table. The database
   * `default` is among them: athena/latest/ug/fine-grained-access-to-glue-resources.html.
   */
  checks(database: string, table: string): AccessCheck[] {
    const of = (action: string, ...resources: string[]) =>
      resources.map((resource) => ({
        action: `glue:${action}`,
        resource: `${this.#arn}:${resource}`,
      }));
    return [
      ...of('GetDatabase', 'catalog', 'database/default', `database/${database}`),
      ...of('GetTable', 'catalog', `database/${database}`, `table/${database}/${table}`),
    ];
  }

  #tables(database: string): Map<string, Table> {
    const tables = this.#databases.get(database);
    if (tables === undefined) {
      throw new TypeError(`Database ${database} not found.`);
    }
    return tables;
  }
}

function tableOf(declared: TableDeclaration): Table {
  const { database, name, location, serde, inputFormat, properties } = declared;
  if (!SERDES.includes(serde)) {
    throw new TypeError(`the SerDe ${serde} is not simulated; these are: ${SERDES.join(', ')}`);
  }
  if (inputFormat !== INPUT_FORMAT) {
    throw new TypeError(`the input format ${inputFormat} is not simulated, only ${INPUT_FORMAT}`);
  }
  const columns = new Map(declared.columns.map((column) => [column.name, columnType(column.type)]));
  const isProjected = properties['projection.enabled']?.toLowerCase() === 'true';
  if (declared.partitionKeys.length > 0 && !isProjected) {
    throw new TypeError('partitions without projection.enabled are not simulated');
  }
  const partitionKeys = declared.partitionKeys.map((key): PartitionKey => {
    const type = columnType(key.type);
    if (type.kind !== 'scalar' || type.type === 'boolean' || columns.has(key.name)) {
      throw new TypeError(`partition key ${key.name} of type ${key.type} is not simulated`);
    }
    const projection = projectionOf(key.name, properties);
    if (type.type === 'bigint' && projection.kind !== 'integer') {
      throw new TypeError(`partition key ${key.name} is a number, and its projection is not`);
    }
    return { name: key.name, type: type.type, projection };
  });
  const template = properties['storage.location.template'] ?? location;
  for (const key of partitionKeys) {
    if (!template.includes(`\${${key.name}}`)) {
      throw new TypeError(
        "The 'storage.location.template' table property must contain templates for all partition columns!",
      );
    }
  }
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]+\//.test(template)) {
    throw new TypeError(`the location ${template} is not s3://bucket/…/`);
  }
  assertKnown(properties, partitionKeys);
  return { database, name, columns, partitionKeys, template };
}

function assertKnown(
  properties: Readonly<Record<string, string>>,
  keys: readonly PartitionKey[],
): void {
  for (const name of Object.keys(properties)) {
    const ofKey = keys.some((key) => name.startsWith(`projection.${key.name}.`));
    const isKnown =
      ofKey ||
      ['projection.enabled', 'storage.location.template'].includes(name) ||
      DESCRIBING.has(name.toLowerCase());
    if (!isKnown) {
      throw new TypeError(`the table property ${name} is not simulated`);
    }
  }
}
