/**
 * Who read the secrets: one function that asks CloudTrail, outside of every VPC. Where the configuration names a trail,
 * a table over its files besides, and a workgroup whose results Athena itself keeps for a day: a bucket for them would
 * be one more place to protect.
 * @see https://docs.aws.amazon.com/athena/latest/ug/managed-results.html
 */
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type ArnComponents, ArnFormat, Aws, CfnOutput, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  accessAuditDatabaseName,
  accessAuditFunctionName,
  functionName,
  readerPolicyName,
} from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { TrailConfig } from '../domain/config/trail-schema.ts';
import type {
  AccessAuditEnvironment,
  AuditedKeysInput,
} from '../lambdas/access-audit/environment.ts';
import { DeferredText } from './deferred-text.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import type { ManifestParameter } from './manifest-parameter.ts';
import { RoomFunction } from './room-function.ts';
import { allow } from './statements.ts';

export interface AccessAuditProps {
  readonly deployment: Deployment;
  readonly manifest: ManifestParameter;
  /** Every secret, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

/** 25 seconds of pages, or 15 looks at Athena and its results, and who is known. */
const timeoutSeconds = 60;

/** The room's name for it (`lambdas/access-audit/statements.ts`). */
const table = 'trail';

export class AccessAudit extends Construct {
  readonly function: RoomFunction;

  constructor(scope: Construct, id: string, props: AccessAuditProps) {
    super(scope, id);
    const { deployment, manifest, secrets } = props;
    const { config } = deployment;
    const { trail } = config;
    const workgroup = accessAuditFunctionName(config);
    const database = accessAuditDatabaseName(config);
    const deferred = new DeferredText();
    const keys: AuditedKeysInput = [
      ...new Set(Object.values(secrets).map(({ kmsKeyArn }) => kmsKeyArn)),
    ];
    const environment: AccessAuditEnvironment = {
      MANIFEST_PARAMETER: manifest.parameterName,
      ACCOUNT: Aws.ACCOUNT_ID,
      PARTITION: Aws.PARTITION,
      ...(config.breakGlassRoleArn !== undefined && {
        BREAK_GLASS_ROLE: config.breakGlassRoleArn,
      }),
      ...(trail && { WORKGROUP: workgroup, DATABASE: database }),
    };
    this.function = new RoomFunction(this, 'Function', {
      functionName: accessAuditFunctionName(config),
      description: 'Asks CloudTrail who read which secret; reads no value',
      room: 'access-audit',
      deployment,
      files: { 'keys.json': deferred.textOf(keys) },
      environment: { ...environment, ...deferred.environment },
      timeoutSeconds,
    });
    const policies = config.consumers.map(({ name }) =>
      this.#arn({ service: 'iam', region: '', resource: 'policy' }, readerPolicyName(config, name)),
    );
    this.function.allow(
      allow('ReadManifest', ['ssm:GetParameter'], manifest.parameterArns),
      // Knows no resource (service authorization reference of CloudTrail).
      allow('LookUp', ['cloudtrail:LookupEvents'], ['*']),
      // Whose role is a function's: its reads are the deployment's own.
      allow(
        'KnowOwnRoles',
        ['lambda:GetFunctionConfiguration'],
        [
          this.#arn(
            { service: 'lambda', resource: 'function', arnFormat: ArnFormat.COLON_RESOURCE_NAME },
            functionName(config, '*'),
          ),
        ],
      ),
      ...(policies.length > 0
        ? [allow('KnowReaders', ['iam:ListEntitiesForPolicy'], policies)]
        : []),
    );
    if (trail !== undefined) {
      this.#makeTable(config, trail, database);
      new CfnWorkGroup(this, 'WorkGroup', {
        name: workgroup,
        description: 'Who read which secret of Quarterturn',
        state: 'ENABLED',
        // Only this product's own queries ran in it, and they are no evidence: their answer is in the report.
        recursiveDeleteOption: true,
        workGroupConfiguration: {
          enforceWorkGroupConfiguration: true,
          publishCloudWatchMetricsEnabled: true,
          engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
          managedQueryResultsConfiguration: { enabled: true },
        },
      });
      this.function.allow(...this.#trailStatements(trail, workgroup, database));
      // Where the bucket is another account's, its policy and its key's have to let this role in.
      new CfnOutput(this, 'Role', {
        value: this.function.role.roleArn,
        description: 'Reads the files of the trail, through Athena',
      });
    }
  }

  /**
   * The columns of AWS's own table, as far as they are asked for: what a file holds besides is not read.
   * @see https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
   */
  #makeTable(config: RotationConfig, trail: TrailConfig, database: string): void {
    const { name, environment } = config;
    const regions = [config.region, ...config.replicaRegions];
    const made = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: database, description: `Who read secrets of ${name}/${environment}` },
    });
    const files = `s3://${trail.bucket}/${trailFolder(trail)}`;
    const of = (columns: Readonly<Record<string, string>>) =>
      Object.entries(columns).map(([column, type]) => ({ name: column, type }));
    const location = `${files}/\${account}/CloudTrail/\${region}/\${day}`;
    new CfnTable(this, 'Table', {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: made.ref,
      tableInput: {
        name: table,
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: of({ account: 'string', region: 'string', day: 'string' }),
        parameters: {
          classification: 'cloudtrail',
          'projection.enabled': 'true',
          'projection.account.type': 'enum',
          'projection.account.values': Aws.ACCOUNT_ID,
          'projection.region.type': 'enum',
          'projection.region.values': regions.join(','),
          'projection.day.type': 'date',
          'projection.day.format': 'yyyy/MM/dd',
          'projection.day.range': '2019/01/01,NOW',
          'projection.day.interval': '1',
          'projection.day.interval.unit': 'DAYS',
          'storage.location.template': location,
        },
        storageDescriptor: {
          location: `${files}/`,
          inputFormat: 'com.amazon.emr.cloudtrail.CloudTrailInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
          serdeInfo: { serializationLibrary: 'org.apache.hive.hcatalog.data.JsonSerDe' },
          columns: of({
            eventversion: 'string',
            useridentity:
              'struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,username:string,sessioncontext:struct<attributes:struct<mfaauthenticated:string,creationdate:string>,sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>>>',
            eventtime: 'string',
            eventsource: 'string',
            eventname: 'string',
            awsregion: 'string',
            sourceipaddress: 'string',
            useragent: 'string',
            errorcode: 'string',
            errormessage: 'string',
            requestparameters: 'string',
            responseelements: 'string',
            additionaleventdata: 'string',
            requestid: 'string',
            eventid: 'string',
            readonly: 'string',
            eventtype: 'string',
            recipientaccountid: 'string',
          }),
        },
      },
    });
  }

  #arn(of: Omit<ArnComponents, 'resourceName'>, resourceName: string): string {
    return Stack.of(this).formatArn({ ...of, resourceName });
  }

  /** Athena reads with the rights of its caller; the function itself reaches neither table nor files. */
  #trailStatements(trail: TrailConfig, workgroup: string, database: string): PolicyStatement[] {
    const bucket = `arn:${Aws.PARTITION}:s3:::${trail.bucket}`;
    const files = `${trailFolder(trail)}/${Aws.ACCOUNT_ID}/CloudTrail/*`;
    const catalog = this.#arn({ service: 'glue', resource: 'catalog' }, '').replace(/\/$/, '');
    const glue = (resource: string, name: string) => this.#arn({ service: 'glue', resource }, name);
    return [
      allow(
        'Query',
        [
          'athena:GetQueryExecution',
          'athena:GetQueryResults',
          'athena:StartQueryExecution',
          'athena:StopQueryExecution',
        ],
        [this.#arn({ service: 'athena', resource: 'workgroup' }, workgroup)],
      ),
      allow(
        'KnowTable',
        ['glue:GetDatabase', 'glue:GetTable'],
        // Athena looks at the default database, whatever is asked (Athena user guide, "Fine-grained access").
        [
          catalog,
          glue('database', 'default'),
          glue('database', database),
          glue('table', `${database}/${table}`),
        ],
      ),
      allow('FindTrail', ['s3:GetBucketLocation'], [bucket], byAthena),
      allow('ListTrail', ['s3:ListBucket'], [bucket], {
        ...byAthena,
        StringLike: { 's3:prefix': [files] },
      }),
      allow('ReadTrail', ['s3:GetObject'], [`${bucket}/${files}`], byAthena),
      ...(trail.kmsKeyArn === undefined
        ? []
        : [
            allow('UseKeyOfTrail', ['kms:Decrypt'], [trail.kmsKeyArn], {
              // The key stands where its bucket does.
              StringEquals: {
                'kms:ViaService': `s3.${trail.kmsKeyArn.split(':')[3]}.amazonaws.com`,
              },
            }),
          ]),
    ];
  }
}

/** Of all accounts: `AWSLogs`, of an organisation's trail `AWSLogs/<organisation>`. */
export const trailFolder = ({ prefix, organization }: TrailConfig): string =>
  [prefix, 'AWSLogs', organization].filter((part) => part !== undefined).join('/');

/** @see https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena-calledvia.html */
const byAthena = {
  'ForAnyValue:StringEquals': { 'aws:CalledVia': ['athena.amazonaws.com'] },
};
