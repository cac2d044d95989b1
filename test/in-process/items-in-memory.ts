/**
 * DynamoDB as far as the control table's door asks for it: items by key, conditional puts, queries of one partition.
 * What it does not know it refuses. The door's tests compare the door with the emulator (test/doors).
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

interface Text {
  S?: string;
  N?: string;
}
export type Item = Readonly<Record<string, Text>>;

interface Input {
  Key?: Item;
  Item?: Item;
  ConditionExpression?: string;
  KeyConditionExpression?: string;
  ExpressionAttributeValues?: Item;
}

export interface ItemsInMemory {
  client: DynamoDBClient;
  /** By key; an item is never changed, only replaced. */
  items: Map<string, Item>;
  /** Counts writes. */
  revision(): number;
}

const keyOf = ({ pk, sk }: Item) => `${pk?.S}\n${sk?.S}`;

export function itemsInMemory(from: ReadonlyMap<string, Item> = new Map()): ItemsInMemory {
  const items = new Map(from);
  let writes = 0;
  const operations: Record<string, (input: Input) => unknown> = {
    GetItem: ({ Key = {} }) => ({ Item: items.get(keyOf(Key)) }),
    PutItem(input) {
      const { Item = {} } = input;
      assertCondition(items.get(keyOf(Item)), input);
      items.set(keyOf(Item), Item);
      writes += 1;
      return {};
    },
    DeleteItem({ Key = {} }) {
      items.delete(keyOf(Key));
      writes += 1;
      return {};
    },
    Query({ KeyConditionExpression, ExpressionAttributeValues = {} }) {
      if (KeyConditionExpression !== 'pk = :pk') {
        throw new Error(`no query by ${KeyConditionExpression}`);
      }
      const partition = ExpressionAttributeValues[':pk']?.S;
      const found = [...items.values()].filter(({ pk }) => pk?.S === partition);
      return { Items: found.sort((a, b) => ((a.sk?.S ?? '') < (b.sk?.S ?? '') ? -1 : 1)) };
    },
  };
  const client = {
    async send(command: { input: Input }) {
      const name = command.constructor.name.replace(/Command$/, '');
      const operation = operations[name];
      if (operation === undefined) {
        throw new Error(`no operation ${name}`);
      }
      return operation(command.input);
    },
  };
  return { client: client as unknown as DynamoDBClient, items, revision: () => writes };
}

function assertCondition(
  standing: Item | undefined,
  { ConditionExpression, ExpressionAttributeValues }: Input,
): void {
  const holds =
    ConditionExpression === undefined ||
    (ConditionExpression === 'attribute_not_exists(pk)' && standing === undefined) ||
    (ConditionExpression === 'revision = :revision' &&
      standing?.revision?.N === ExpressionAttributeValues?.[':revision']?.N);
  if (holds) {
    return;
  }
  if (!/^(attribute_not_exists\(pk\)|revision = :revision)$/.test(ConditionExpression)) {
    throw new Error(`no condition ${ConditionExpression}`);
  }
  throw Object.assign(new Error('The conditional request failed'), {
    name: 'ConditionalCheckFailedException',
    $metadata: { httpStatusCode: 400 },
  });
}
