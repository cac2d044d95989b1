import type { TableDeclaration } from '../../athena/catalog.ts';
import { SandboxLoadError } from '../load-error.ts';
import { object, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

export const database: ResourceType = {
  properties: ['CatalogId', 'DatabaseInput'],
  create(declared, world) {
    const name = databaseName(declared, world);
    refusing(declared, () => world.athena.catalog.createDatabase(name));
    return { ref: name };
  },
  replacement: ['CatalogId'],
  update({ ref, logicalId }, declared, world) {
    if (databaseName(declared, world) !== ref) {
      throw new SandboxLoadError(`${logicalId}: another name of a database is not simulated.`);
    }
  },
  delete({ ref }, { athena }) {
    athena.catalog.removeDatabase(ref);
  },
};

function databaseName(declared: Declared, world: World): string {
  assertOwnCatalog(declared, world);
  const input = object<{ Name?: string } & Record<string, unknown>>(declared, 'DatabaseInput');
  assertKnown(declared, 'DatabaseInput', input, ['Name', 'Description']);
  return lowerCase(declared, input.Name);
}

interface Column {
  Name: string;
  Type: string;
  Comment?: string;
}

interface TableInput {
  Name?: string;
  TableType?: string;
  Parameters?: Record<string, string>;
  PartitionKeys?: Column[];
  StorageDescriptor?: {
    Columns?: Column[];
    Location?: string;
    InputFormat?: string;
    OutputFormat?: string;
    SerdeInfo?: { SerializationLibrary?: string; Parameters?: Record<string, string> };
  };
}

const TABLE = [
  ...['Name', 'Description', 'TableType', 'Parameters', 'PartitionKeys', 'StorageDescriptor'],
];
const STORAGE = [
  ...['Columns', 'Location', 'InputFormat', 'OutputFormat', 'SerdeInfo'],
  ...['Compressed', 'StoredAsSubDirectories'],
];

export const glueTable: ResourceType = {
  properties: ['CatalogId', 'DatabaseName', 'TableInput'],
  create(declared, world) {
    const table = tableOf(declared, world);
    refusing(declared, () => world.athena.catalog.createTable(table));
    return { ref: table.name };
  },
  replacement: ['CatalogId', 'DatabaseName'],
  update({ ref, logicalId }, declared, world) {
    const table = tableOf(declared, world);
    if (table.name !== ref) {
      throw new SandboxLoadError(`${logicalId}: another name of a table is not simulated.`);
    }
    refusing(declared, () => world.athena.catalog.updateTable(table));
  },
  delete(existing, { athena }) {
    athena.catalog.removeTable(text(existing, 'DatabaseName'), existing.ref);
  },
};

function tableOf(declared: Declared, world: World): TableDeclaration {
  assertOwnCatalog(declared, world);
  const input = object<TableInput>(declared, 'TableInput');
  const storage = input.StorageDescriptor ?? {};
  const serde = storage.SerdeInfo ?? {};
  assertKnown(declared, 'TableInput', input, TABLE);
  assertKnown(declared, 'StorageDescriptor', storage, STORAGE);
  assertKnown(declared, 'SerdeInfo', serde, ['SerializationLibrary', 'Parameters']);
  const { 'serialization.format': _, ...strange } = serde.Parameters ?? {};
  assertKnown(declared, 'SerdeInfo.Parameters', strange, []);
  if (input.TableType !== 'EXTERNAL_TABLE') {
    throw new SandboxLoadError(
      `${declared.logicalId}: TableType ${input.TableType} is not simulated, only EXTERNAL_TABLE.`,
    );
  }
  const columns = (of: readonly Column[] = []) =>
    of.map(({ Name, Type }) => ({ name: lowerCase(declared, Name), type: Type }));
  return {
    database: text(declared, 'DatabaseName'),
    name: lowerCase(declared, input.Name),
    location: storage.Location ?? '',
    serde: serde.SerializationLibrary ?? '',
    inputFormat: storage.InputFormat ?? '',
    columns: columns(storage.Columns),
    partitionKeys: columns(input.PartitionKeys),
    properties: input.Parameters ?? {},
  };
}

/** "The only acceptable characters for database names, table names, and column names are lowercase letters, numbers, and the underscore character" (athena/latest/ug/tables-databases-columns-names.html). */
function lowerCase({ logicalId }: Declared, name: string | undefined): string {
  if (name === undefined || !/^[a-z0-9_]{1,255}$/.test(name)) {
    throw new SandboxLoadError(
      `${logicalId}: the name ${name} holds something else than small letters, digits and _.`,
    );
  }
  return name;
}

function assertOwnCatalog(declared: Declared, { account }: World): void {
  if (text(declared, 'CatalogId') !== account) {
    throw new SandboxLoadError(`${declared.logicalId}: a catalog of others is not simulated.`);
  }
}

function assertKnown(
  { logicalId }: Declared,
  of: string,
  properties: object,
  known: readonly string[],
): void {
  const strange = Object.keys(properties).find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new SandboxLoadError(`${logicalId}: ${of}.${strange} is not simulated.`);
  }
}

function refusing(declared: Declared, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw error instanceof TypeError
      ? new SandboxLoadError(`${declared.logicalId}: ${error.message}`)
      : error;
  }
}
