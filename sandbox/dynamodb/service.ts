/**
 * DynamoDB, by dynalite. Conditions, expressions and errors are its own; what this file adds is IAM's view,
 * the sandbox's names and clock, and a refusal of what dynalite would silently ignore.
 */
import type { SandboxClock } from '../clock.ts';
import { type AwsService, type Operation, ServiceException } from '../service.ts';
import { accessCheck, nameOf } from './access.ts';
import { type Answer, Emulator } from './emulator.ts';
import { describe, partitionKeys, splitDefinition, type Table } from './table.ts';
import { type Tables, tableOperations } from './table-operations.ts';

const expressions = 'ExpressionAttributeNames ExpressionAttributeValues';
const write = `TableName ConditionExpression ${expressions} ReturnValues ReturnConsumedCapacity ReturnItemCollectionMetrics ReturnValuesOnConditionCheckFailure Expected ConditionalOperator`;
const read = `TableName IndexName ConsistentRead ProjectionExpression FilterExpression ${expressions} Limit ExclusiveStartKey Select ReturnConsumedCapacity AttributesToGet ConditionalOperator`;

/** The members each operation understands; dynalite drops unknown ones without a word. */
const members: Readonly<Record<string, string>> = {
  GetItem: `TableName Key ConsistentRead ProjectionExpression ExpressionAttributeNames ReturnConsumedCapacity AttributesToGet`,
  PutItem: `${write} Item`,
  UpdateItem: `${write} Key UpdateExpression AttributeUpdates`,
  DeleteItem: `${write} Key`,
  Query: `${read} KeyConditionExpression KeyConditions QueryFilter ScanIndexForward`,
  Scan: `${read} ScanFilter Segment TotalSegments`,
  BatchGetItem: 'RequestItems ReturnConsumedCapacity',
  DescribeTable: 'TableName',
  ListTables: 'ExclusiveStartTableName Limit',
};

export class DynamoDbService implements AwsService {
  readonly signingName = 'dynamodb';
  readonly protocol = 'json-1.0';
  readonly targetPrefix = 'DynamoDB_20120810';
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #account: string;
  readonly #region: string;
  readonly #clock: SandboxClock;
  readonly #emulator = new Emulator();
  readonly #tables = new Map<string, Table>();

  constructor(options: { account: string; region: string; clock: SandboxClock }) {
    this.#account = options.account;
    this.#region = options.region;
    this.#clock = options.clock;
    this.operations = Object.fromEntries([
      ...Object.keys(members).map((name) => [name, this.#operation(name)]),
      ['CreateTable', this.#createTableOperation()],
    ]);
    Object.assign(this.operations, tableOperations(this.#tablesFor()));
  }

  /**
   * Makes the table of an AWS::DynamoDB::Table's Properties and waits until it is ACTIVE.
   * @throws ValidationException naming a property that the sandbox does not model.
   */
  async createTable(
    properties: Readonly<Record<string, unknown>>,
  ): Promise<{ name: string; arn: string }> {
    const { definition, kept } = splitDefinition(properties);
    const name = nameOf(definition.TableName);
    if (this.#tables.has(name)) {
      throw new ServiceException('ResourceInUseException', `Table already exists: ${name}`);
    }
    await this.#emulator.call('CreateTable', definition);
    const table: Table = {
      name,
      arn: this.#arn(name),
      createdAt: this.#clock.now(),
      partitionKeys: partitionKeys(definition),
      kept,
    };
    this.#tables.set(name, table);
    while ((await this.#description(name)).TableStatus !== 'ACTIVE') {
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { name, arn: table.arn };
  }

  /** The loader's: what a changed template says of what is kept. */
  keep(name: string, properties: Readonly<Record<string, unknown>>): void {
    const table = this.#tables.get(name);
    if (table !== undefined) {
      table.kept = splitDefinition(properties).kept;
    }
  }

  /** Accepted and not modelled (PITR, encryption, deletion protection …), as the template gave it. */
  kept(name: string): Readonly<Record<string, unknown>> | undefined {
    return this.#tables.get(name)?.kept;
  }

  stop(): void {
    this.#emulator.stop();
  }

  #operation(name: string): Operation {
    return {
      authorize: (input) =>
        accessCheck(
          name,
          input,
          (table) => this.#arn(table),
          (table, index) => this.#tables.get(table)?.partitionKeys.get(index),
        ),
      run: async (input) => {
        refuseUnknown(name, input);
        if (name === 'DescribeTable') {
          return { Table: await this.#description(nameOf(input.TableName)) };
        }
        return this.#call(name, withNames(input));
      },
    };
  }

  #tablesFor(): Tables {
    return {
      arnOf: (name) => this.#arn(name),
      find: (name) => {
        const table = this.#tables.get(name);
        if (table === undefined) {
          throw new ServiceException(
            'ResourceNotFoundException',
            `Requested resource not found: Table: ${name} not found`,
          );
        }
        return table;
      },
      describe: (name) => this.#description(name),
      remove: async (name) => {
        await this.#emulator.call('DeleteTable', { TableName: name });
        this.#tables.delete(name);
        while (await this.#isStillThere(name)) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
  }

  /** dynalite deletes after its answer, as DynamoDB does. */
  async #isStillThere(name: string): Promise<boolean> {
    const { TableNames } = await this.#emulator.call('ListTables', {});
    return (TableNames as readonly string[]).includes(name);
  }

  #createTableOperation(): Operation {
    return {
      authorize: (input) => [
        { action: 'dynamodb:CreateTable', resource: this.#arn(nameOf(input.TableName)) },
      ],
      run: async (input) => {
        const { name } = await this.createTable(input);
        return { TableDescription: await this.#description(name) };
      },
    };
  }

  async #call(operation: string, input: Record<string, unknown>): Promise<Answer> {
    const { ReturnValuesOnConditionCheckFailure: onFailure, ...rest } = input;
    try {
      return await this.#emulator.call(operation, rest);
    } catch (error) {
      if (
        onFailure === 'ALL_OLD' &&
        error instanceof ServiceException &&
        error.code === 'ConditionalCheckFailedException'
      ) {
        const Item = await this.#existing(input);
        throw new ServiceException(error.code, error.message, 400, Item ? { Item } : {});
      }
      throw error;
    }
  }

  /** dynalite does not return the item that failed a condition; nothing else runs between, so it can be read. */
  async #existing(input: Record<string, unknown>): Promise<unknown> {
    const { Table } = await this.#emulator.call('DescribeTable', { TableName: input.TableName });
    const schema = (Table as { KeySchema: { AttributeName: string }[] }).KeySchema;
    const source = (input.Key ?? input.Item) as Record<string, unknown>;
    const Key = Object.fromEntries(schema.map((k) => [k.AttributeName, source[k.AttributeName]]));
    const { Item } = await this.#emulator.call('GetItem', {
      TableName: input.TableName,
      Key,
      ConsistentRead: true,
    });
    return Item;
  }

  async #description(name: string): Promise<Record<string, unknown>> {
    const { Table: found } = await this.#emulator.call('DescribeTable', { TableName: name });
    const table = this.#tables.get(name);
    return table === undefined
      ? (found as Answer)
      : describe(table, found as Record<string, unknown>);
  }

  #arn(name: string): string {
    return `arn:aws:dynamodb:${this.#region}:${this.#account}:table/${name}`;
  }
}

function refuseUnknown(operation: string, input: Record<string, unknown>): void {
  const known = (members[operation] ?? '').split(' ');
  const unknown = Object.keys(input).filter((member) => !known.includes(member));
  if (unknown.length > 0) {
    throw new ServiceException(
      'ValidationException',
      `The sandbox does not model ${unknown.join(', ')} of ${operation}`,
    );
  }
}

/** dynalite knows tables by name only. */
function withNames(input: Record<string, unknown>): Record<string, unknown> {
  if (typeof input.TableName === 'string') {
    return { ...input, TableName: nameOf(input.TableName) };
  }
  if (input.RequestItems !== undefined) {
    const requests = Object.entries(input.RequestItems as Record<string, unknown>);
    return {
      ...input,
      RequestItems: Object.fromEntries(requests.map(([name, request]) => [nameOf(name), request])),
    };
  }
  return input;
}
