/**
 * An app of your own with Quarterturn in it: a cluster whose endpoint nobody knows yet, a function that reads
 * its secrets, a secret that was there before.
 *
 *     npm install aws-cdk-lib constructs quarterturn && npx cdk synth
 */
import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
} from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { App, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { Quarterturn } from 'quarterturn/cdk';

export class ShopStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'database', subnetType: SubnetType.PRIVATE_ISOLATED }],
    });
    const databases = new SecurityGroup(this, 'Databases', { vpc });
    const cluster = new DatabaseCluster(this, 'Cluster', {
      engine: DatabaseClusterEngine.auroraPostgres({
        version: AuroraPostgresEngineVersion.VER_16_4,
      }),
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [databases],
      writer: ClusterInstance.serverlessV2('Writer'),
      defaultDatabaseName: 'shop',
      storageEncrypted: true,
      credentials: Credentials.fromGeneratedSecret('postgres', {
        encryptionKey: new Key(this, 'MasterKey', { enableKeyRotation: true }),
      }),
    });
    const master = cluster.secret;
    if (master === undefined) {
      throw new Error('the cluster has generated credentials');
    }

    const onCall = new Role(this, 'OnCall', { assumedBy: new AccountRootPrincipal() });
    const rotation = new Quarterturn(this, 'Rotation', {
      name: 'shop',
      environment: 'prod',
      networks: { databases: { vpc, databaseSecurityGroup: databases } },
      secrets: {
        db: {
          kind: 'database',
          scheme: 'multiUser',
          host: cluster.clusterEndpoint.hostname,
          port: cluster.clusterEndpoint.port,
          dbname: 'shop',
          identity: 'shop_app',
          roles: ['shop_app_a', 'shop_app_b'],
          admin: 'rotator',
          bootstrap: master,
          network: 'databases',
          cadenceDays: 180,
        },
        rotator: { kind: 'userManaged', purpose: 'Sets the passwords of the login roles.' },
        // There before this app; it is rotated once `quarterturn adopt` has looked at it and `armed` is true.
        jwt: {
          kind: 'jwt',
          field: 'JWT_SECRET',
          bits: 512,
          encoding: 'base64',
          readers: 'keyset',
          longestToken: '30d',
          cadenceDays: 180,
          adopt: Secret.fromSecretAttributes(this, 'LegacyJwt', {
            secretCompleteArn:
              'arn:aws:secretsmanager:eu-west-1:111122223333:secret:legacy/jwt-AbCdEf',
            encryptionKey: Key.fromKeyArn(
              this,
              'LegacyKey',
              'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-4c3d-8e5f-0a1b2c3d4e5f',
            ),
          }),
        },
      },
      consumers: [{ name: 'api', reads: ['jwt', 'db'] }],
      operatorRoles: [onCall],
    });

    const api = new LambdaFunction(this, 'Api', {
      runtime: Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => process.env.JWT_SECRET_NAME;'),
      environment: { JWT_SECRET_NAME: rotation.secret('jwt').secretName },
    });
    rotation.grantRead(api, 'jwt');
    rotation.grantRead(api, 'db');
  }
}

const app = new App();
new ShopStack(app, 'Shop', { env: { region: 'eu-west-1', account: '111122223333' } });
app.synth();
