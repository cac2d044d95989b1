/**
 * Whether everything that holds keys, records or evidence lives through a deployment of one template over
 * another. What replaces a resource says CloudFormation's specification; that the rest is kept and that no
 * value is touched says the design: secrets hold a constant marker, and their policies deny UpdateSecret.
 */
import { isDeepStrictEqual } from 'node:util';
import { uninitialisedMarker } from '../../domain/config/names.ts';
import { replacementProperties } from '../cloudformation-specification.ts';
import type { Resource } from './synthesized.ts';

export type Resources = Readonly<Record<string, Resource>>;

export type Rule =
  /** Its logical id is gone, or stands for another type. */
  | 'removed'
  | 'typeChanged'
  /** The same name under another logical id: CloudFormation finds it taken. */
  | 'renamed'
  | 'replaced'
  /** No DeletionPolicy or UpdateReplacePolicy that keeps it. */
  | 'notRetained'
  /** A value that is no constant, or another one than before. */
  | 'valueProperty'
  /** A change that CloudFormation makes by UpdateSecret, which the secret's policy denies. */
  | 'needsUpdateSecret'
  /** Nothing keeps others from writing or deleting it. */
  | 'unprotected';

export interface Finding {
  rule: Rule;
  logicalId: string;
  /** The property it is about. */
  property?: string;
}

/** The type, and the property that names the resource. */
const stateful: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::KMS::Key': 'KeyId',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SecretsManager::Secret': 'Name',
};
const values = ['SecretString', 'GenerateSecretString'];
const writes = [
  'secretsmanager:DeleteSecret',
  'secretsmanager:UpdateSecret',
  'secretsmanager:UpdateSecretVersionStage',
];
const replacing = replacementProperties();
/** "Replacement if …": the specification cannot say when, so any change of these is one. */
const perhaps: Readonly<Record<string, readonly string[]>> = {
  'AWS::DynamoDB::Table': ['AttributeDefinitions', 'LocalSecondaryIndexes'],
};

/** @returns what would be lost, in the order of the template before; empty: everything survives */
export function lostIn(before: Resources, after: Resources): Finding[] {
  return [
    ...statefulIn(before).flatMap(([logicalId, resource]) =>
      changesOf(logicalId, resource, after[logicalId]),
    ),
    ...renamed(before, after),
    ...statefulIn(after).flatMap(([logicalId, resource]) => [
      ...notRetained(logicalId, resource),
      ...unprotected(logicalId, resource, after),
      ...badValues(logicalId, resource),
    ]),
  ];
}

export function statefulIn(resources: Resources): [string, Resource][] {
  return Object.entries(resources).filter(([, { Type }]) => Type in stateful);
}

function changesOf(logicalId: string, before: Resource, after: Resource | undefined): Finding[] {
  if (after === undefined) {
    return [{ rule: 'removed', logicalId }, ...notRetained(logicalId, before)];
  }
  if (after.Type !== before.Type) {
    return [{ rule: 'typeChanged', logicalId }];
  }
  const changed = (properties: readonly string[], rule: Rule): Finding[] =>
    properties
      .filter((name) => !isDeepStrictEqual(before.Properties?.[name], after.Properties?.[name]))
      .map((property) => ({ rule, logicalId, property }));
  return [
    ...changed(
      [...(replacing.get(before.Type) ?? []), ...(perhaps[before.Type] ?? [])],
      'replaced',
    ),
    ...(before.Type === 'AWS::SecretsManager::Secret'
      ? [
          ...changed(values, 'valueProperty'),
          ...changed(['Description', 'KmsKeyId'], 'needsUpdateSecret'),
        ]
      : []),
  ];
}

function renamed(before: Resources, after: Resources): Finding[] {
  const names = new Map(
    statefulIn(before).map(([logicalId, resource]) => [nameOf(logicalId, resource), logicalId]),
  );
  return statefulIn(after)
    .filter(([logicalId, resource]) => {
      const known = names.get(nameOf(logicalId, resource));
      return known !== undefined && known !== logicalId;
    })
    .map(([logicalId]) => ({ rule: 'renamed', logicalId }));
}

/** A name that CloudFormation generates holds the logical id. */
function nameOf(logicalId: string, { Type, Properties }: Resource): string {
  return JSON.stringify([Type, Properties?.[stateful[Type] ?? ''] ?? { generated: logicalId }]);
}

function notRetained(logicalId: string, resource: Resource): Finding[] {
  return (['DeletionPolicy', 'UpdateReplacePolicy'] as const)
    .filter((property) => !/^Retain/.test(resource[property] ?? ''))
    .map((property) => ({ rule: 'notRetained', logicalId, property }));
}

function badValues(logicalId: string, { Type, Properties }: Resource): Finding[] {
  const isMarker =
    Properties?.SecretString === uninitialisedMarker &&
    Properties.GenerateSecretString === undefined;
  return Type !== 'AWS::SecretsManager::Secret' || isMarker
    ? []
    : [{ rule: 'valueProperty', logicalId }];
}

function unprotected(logicalId: string, { Type, Properties }: Resource, all: Resources): Finding[] {
  const finding: Finding[] = [{ rule: 'unprotected', logicalId }];
  switch (Type) {
    case 'AWS::DynamoDB::Table':
      return Properties.DeletionProtectionEnabled === true ? [] : finding;
    case 'AWS::S3::Bucket':
      return Properties.ObjectLockEnabled === true ? [] : finding;
    case 'AWS::SecretsManager::Secret':
      return deniedFor(logicalId, all).length === writes.length ? [] : finding;
    default:
      return [];
  }
}

/** The writes that a resource policy denies to everybody but named roles. */
function deniedFor(logicalId: string, all: Resources): string[] {
  const statements = Object.values(all)
    .filter(
      ({ Type, Properties }) =>
        Type === 'AWS::SecretsManager::ResourcePolicy' && Properties.SecretId?.Ref === logicalId,
    )
    .flatMap(({ Properties }) => Properties.ResourcePolicy.Statement)
    .filter(({ Effect, Principal }) => Effect === 'Deny' && Principal === '*');
  return writes.filter((action) => statements.some(({ Action }) => Action.includes(action)));
}
