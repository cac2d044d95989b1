/** The control table: what must be remembered between the calls of one rotation, and after it. */

import { CfnTable } from 'aws-cdk-lib/aws-dynamodb';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Aws, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { controlTableName, type Scope, secretName } from '../domain/config/names.ts';
import type { RecordName } from '../domain/events/control-record-names.ts';
import { useByDynamoDb } from './keys.ts';
import { allow } from './statements.ts';

/** `intent.*`: whatever it was asked for. */
export type ControlRecord = RecordName | 'intent.*';

export interface ControlGrant {
  /** Names of the secrets whose records these are. */
  readonly secretNames: readonly string[];
  /** They are every secret of the deployment: told by their common prefix, whoever holds this looks after all of them. */
  readonly isEverySecret?: boolean;
  readonly read: readonly ControlRecord[];
  readonly write?: readonly ControlRecord[];
  /** An intent that can be removed turns an emergency into a planned rotation. */
  readonly remove?: readonly ControlRecord[];
}

export interface ControlTableProps extends Scope {
  readonly key: Key;
}

const fewNames = 30;

export class ControlTable extends Construct {
  readonly tableName: string;
  readonly tableArn: string;
  readonly #key: Key;
  readonly #prefix: string;

  constructor(scope: Construct, id: string, props: ControlTableProps) {
    super(scope, id);
    this.#key = props.key;
    this.#prefix = secretName(props, '');
    const table = new CfnTable(this, 'Table', {
      tableName: controlTableName(props),
      billingMode: 'PAY_PER_REQUEST',
      attributeDefinitions: [
        { attributeName: 'pk', attributeType: 'S' },
        { attributeName: 'sk', attributeType: 'S' },
      ],
      keySchema: [
        { attributeName: 'pk', keyType: 'HASH' },
        { attributeName: 'sk', keyType: 'RANGE' },
      ],
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      sseSpecification: {
        sseEnabled: true,
        sseType: 'KMS',
        kmsMasterKeyId: props.key.keyArn,
      },
      deletionProtectionEnabled: true,
    });
    table.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    this.tableName = table.ref;
    this.tableArn = table.attrArn;
  }

  /**
   * A list of more than thirty is that of everybody who looks after all of them (those whose rows follow a key are
   * few): the new secrets of the deployment, whose table this is, have one prefix. Name by name they would fill
   * more policies than a role takes.
   */
  #inFew({ secretNames, isEverySecret }: ControlGrant): readonly string[] {
    const own = secretNames.filter((name) => name.startsWith(this.#prefix));
    return own.length <= (isEverySecret ? 1 : fewNames)
      ? secretNames
      : [`${this.#prefix}*`, ...secretNames.filter((name) => !own.includes(name))];
  }

  /** Each caller reaches its own records of its own secrets, by partition key. */
  statements(...grants: readonly ControlGrant[]): PolicyStatement[] {
    const statement = (sid: string, actions: string[], word: 'read' | 'write' | 'remove') => {
      const keys = grants.flatMap((grant) =>
        (grant[word] ?? []).flatMap((record) =>
          this.#inFew(grant).map((name) => `${record}#${name}`),
        ),
      );
      const own = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } };
      return keys.length === 0 ? [] : [allow(sid, actions, [this.tableArn], own)];
    };
    return [
      ...statement('ReadControlRecords', ['dynamodb:GetItem', 'dynamodb:Query'], 'read'),
      ...statement('WriteControlRecords', ['dynamodb:PutItem'], 'write'),
      ...statement('RemoveControlRecords', ['dynamodb:DeleteItem'], 'remove'),
      allow('UseControlTableKey', useByDynamoDb, [this.#key.keyArn], {
        StringEquals: { 'kms:ViaService': `dynamodb.${Aws.REGION}.amazonaws.com` },
      }),
    ];
  }
}
