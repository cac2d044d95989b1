/** What a request of ours carries and where it goes, as IAM's simulation has to be told: the conditions of our own statements. */
import type { SimulationQuestion } from '../../../doors/simulated-rights.ts';

export type Question = Omit<SimulationQuestion, 'principal'>;

/** Partition, region and account of a deployment. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

export function placeOf(arn: string): Place {
  const [, partition = 'aws', , region = '', account = ''] = arn.split(':');
  return { partition, region, account };
}

export const arnIn = (
  { partition, region, account }: Place,
  service: string,
  resource: string,
): string => `arn:${partition}:${service}:${region}:${account}:${resource}`;

export const functionIn = (place: Place, name: string): string =>
  arnIn(place, 'lambda', `function:${name}`);

/** Actions on a key, through Secrets Manager, for one secret. Nothing: it is under AWS's own key, which asks no right. */
export function keyOfSecret(
  { region }: Place,
  keyArn: string | undefined,
  secretArn: string,
  actions: readonly string[],
): Question[] {
  if (keyArn === undefined) return [];
  return [
    {
      actions,
      resources: [keyArn],
      context: {
        'kms:ViaService': `secretsmanager.${region}.amazonaws.com`,
        'kms:EncryptionContext:SecretARN': secretArn,
      },
    },
  ];
}

/** What DynamoDB asks of whoever uses a table under a customer's key (amazondynamodb "DynamoDB encryption at rest usage notes"). */
const useByDynamoDb = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

export interface Table {
  readonly name: string;
  /** Of the key it is encrypted with. */
  readonly keyArn: string;
}

/** Records by their partition keys, as each role is held to its own. */
export function recordsIn(
  place: Place,
  { name, keyArn }: Table,
  keys: { readonly read?: string[]; readonly write?: string[]; readonly remove?: string[] },
): Question[] {
  const resources = [arnIn(place, 'dynamodb', `table/${name}`)];
  const question = (actions: string[], leading: string[] = []): Question[] =>
    leading.length === 0
      ? []
      : [{ actions, resources, context: { 'dynamodb:LeadingKeys': leading } }];
  return [
    ...question(['dynamodb:GetItem', 'dynamodb:Query'], keys.read),
    ...question(['dynamodb:PutItem'], keys.write),
    ...question(['dynamodb:DeleteItem'], keys.remove),
    {
      actions: useByDynamoDb,
      resources: [keyArn],
      context: { 'kms:ViaService': `dynamodb.${place.region}.amazonaws.com` },
    },
  ];
}
