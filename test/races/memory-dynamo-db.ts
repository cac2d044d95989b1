/**
 * The requests the control table's doors send, answered from a Map, so that two of them meet in the very conditions
 * DynamoDB would judge (API_PutItem, ConditionExpression): a read and the write that follows it are two calls.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

type Item = Record<string, AttributeValue>;
interface Request {
  Key?: Item;
  Item?: Item;
  ConditionExpression?: string;
  KeyConditionExpression?: string;
  ExpressionAttributeValues?: Item;
  ScanIndexForward?: boolean;
  Limit?: number;
}

const text = (value: AttributeValue | undefined): string => value?.S ?? value?.N ?? '';

export class MemoryDynamoDb {
  readonly #items = new Map<string, Item>();

  answer(operation: string, request: Request): object {
    switch (operation) {
      case 'GetItem': {
        const Item = this.#items.get(keyOf(request.Key));
        return Item === undefined ? {} : { Item };
      }
      case 'PutItem': {
        const at = keyOf(request.Item);
        assertCondition(this.#items.get(at), request);
        this.#items.set(at, request.Item as Item);
        return {};
      }
      case 'DeleteItem': {
        const at = keyOf(request.Key);
        assertCondition(this.#items.get(at), request);
        this.#items.delete(at);
        return {};
      }
      case 'Query':
        return { Items: this.#found(request) };
      default:
        throw new Error(`DynamoDB ${operation} is not answered here`);
    }
  }

  #found(request: Request): Item[] {
    const { KeyConditionExpression = '', ScanIndexForward = true, Limit } = request;
    const values = request.ExpressionAttributeValues ?? {};
    const rest = KeyConditionExpression.replace('pk = :pk', '');
    const fits: Record<string, (sk: string) => boolean> = {
      '': () => true,
      ' AND begins_with(sk, :prefix)': (sk) => sk.startsWith(text(values[':prefix'])),
      ' AND sk < :before': (sk) => sk < text(values[':before']),
    };
    const isWanted = fits[rest];
    if (isWanted === undefined) throw new Error(`no condition ${KeyConditionExpression}`);
    const found = [...this.#items.values()]
      .filter((item) => text(item.pk) === text(values[':pk']) && isWanted(text(item.sk)))
      .sort((a, b) => (text(a.sk) < text(b.sk) ? -1 : 1));
    return (ScanIndexForward ? found : found.reverse()).slice(0, Limit);
  }
}

const keyOf = (item: Item | undefined): string => `${text(item?.pk)}\0${text(item?.sk)}`;

function assertCondition(standing: Item | undefined, request: Request): void {
  const { ConditionExpression: condition, ExpressionAttributeValues: values } = request;
  const holds =
    condition === undefined ||
    (condition === 'attribute_not_exists(pk)' && standing === undefined) ||
    (condition === 'revision = :revision' &&
      text(standing?.revision) === text(values?.[':revision']));
  if (!holds) {
    throw Object.assign(new Error('The conditional request failed'), {
      name: 'ConditionalCheckFailedException',
      $metadata: { httpStatusCode: 400 },
    });
  }
}
