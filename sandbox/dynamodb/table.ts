/** A table as its template describes it. */
import { ServiceException } from '../service.ts';

interface KeyElement {
  AttributeName: string;
  KeyType: 'HASH' | 'RANGE';
}

interface IndexDefinition {
  IndexName: string;
  KeySchema: readonly KeyElement[];
}

export interface Table {
  name: string;
  arn: string;
  createdAt: Date;
  /** Partition key attribute of the table (''), and of each index by name. */
  partitionKeys: ReadonlyMap<string, string>;
  /** What the emulator does not model: accepted, kept and shown. */
  kept: Readonly<Record<string, unknown>>;
}

/** Members of CreateTable that the emulator models. */
const modelled = [
  'TableName',
  'KeySchema',
  'AttributeDefinitions',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
] as const;

/**
 * Members without an effect that a client could see here. TimeToLive: AWS promises no moment at which an
 * expired item is deleted ("within a few days"), so a reader must filter anyway; the sandbox never deletes.
 */
const keepable = [
  'PointInTimeRecoverySpecification',
  'SSESpecification',
  'DeletionProtectionEnabled',
  'TimeToLiveSpecification',
  'TableClass',
  'Tags',
] as const;

/** A member that changes nothing a client could see, deletion protection aside. */
export const isKept = (member: string): boolean => (keepable as readonly string[]).includes(member);

/** @throws ValidationException naming a member that is neither modelled nor kept. */
export function splitDefinition(properties: Readonly<Record<string, unknown>>): {
  definition: Record<string, unknown>;
  kept: Record<string, unknown>;
} {
  const definition: Record<string, unknown> = {};
  const kept: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(properties)) {
    if ((modelled as readonly string[]).includes(member)) {
      definition[member] = value;
    } else if ((keepable as readonly string[]).includes(member)) {
      kept[member] = value;
    } else {
      throw new ServiceException(
        'ValidationException',
        `The sandbox does not model ${member} of a DynamoDB table: remove it, or add it to sandbox/dynamodb/table.ts`,
      );
    }
  }
  return { definition, kept };
}

export function partitionKeys(
  definition: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  const note = (index: string, schema: readonly KeyElement[] | undefined) => {
    const hash = schema?.find((element) => element.KeyType === 'HASH');
    if (hash !== undefined) {
      keys.set(index, hash.AttributeName);
    }
  };
  note('', definition.KeySchema as readonly KeyElement[] | undefined);
  for (const kind of ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes']) {
    for (const index of (definition[kind] ?? []) as readonly IndexDefinition[]) {
      note(index.IndexName, index.KeySchema);
    }
  }
  return keys;
}

/** TableDescription: the emulator's, with this sandbox's ARN, clock and what it keeps. */
export function describe(table: Table, description: Record<string, unknown>) {
  const sse = table.kept.SSESpecification as { SSEEnabled?: boolean; KMSMasterKeyId?: string };
  return {
    ...description,
    TableArn: table.arn,
    CreationDateTime: table.createdAt.getTime() / 1000,
    DeletionProtectionEnabled: table.kept.DeletionProtectionEnabled ?? false,
    ...(sse?.SSEEnabled
      ? {
          SSEDescription: {
            Status: 'ENABLED',
            SSEType: 'KMS',
            KMSMasterKeyArn: sse.KMSMasterKeyId,
          },
        }
      : {}),
  };
}
